/* Mel bands and their logarithm. */
#include "kv_internal.h"

/* high, low: sums of the halves of power[..end]. */
static void sum(const uint32_t *power, const uint32_t *end, uint32_t *high, uint32_t *low)
{
    uint32_t sum_high = 0, sum_low = 0;
    for (; power != end; power++) {
        sum_high += *power >> 16;
        sum_low += *power & 0xFFFF;
    }
    *high = sum_high;
    *low = sum_low;
}

/* The same, each times its weight. Returns the weights that follow. Apart from `sum`, so that registers are enough. */
static const uint8_t *weighted_sum(
    const uint32_t *power, const uint32_t *end, const uint8_t *weight, uint32_t *high, uint32_t *low)
{
    uint32_t sum_high = 0, sum_low = 0;
    for (; power != end; power++) {
        const uint32_t w = *weight++;
        sum_high += (*power >> 16) * w;
        sum_low += (*power & 0xFFFF) * w;
    }
    *high = sum_high;
    *low = sum_low;
    return weight;
}

/* bins.power: (128) -> levels: (bands) int16 in Q8 octaves, `exponent` the shifts of all stages before.
 * In the segment between two corners a bin gives w of its power to the upper band and 256 - w to the lower. High and low
 * halves of the power are summed apart, so that a band is exact. */
void kv_mel_levels(kv_front_end_scratch *s, int32_t exponent)
{
    const int32_t offset = (exponent - KV_LEVEL_EXPONENT) * (2 << KV_LEVEL_BITS);
    const uint8_t *weight = kv_mel_weights;
    const uint32_t *power = s->bins.power + kv_mel_starts[0];
    uint32_t segment, last_high = 0, last_low = 0;
    for (segment = 0; segment <= KV_BANDS; segment++) {
        const uint32_t *const end = s->bins.power + kv_mel_starts[segment + 1];
        uint32_t high, low, rising_high, rising_low;
        sum(power, end, &high, &low);
        weight = weighted_sum(power, end, weight, &rising_high, &rising_low);
        power = end;
        if (segment) { /* the falling slope of band segment - 1 */
            last_high += (high << KV_WEIGHT_BITS) - rising_high;
            last_low += (low << KV_WEIGHT_BITS) - rising_low;
            s->levels[segment - 1] = (int16_t)(kv_log2(last_high + (last_low >> 16), last_low & 0xFFFF) + offset);
        }
        last_high = rising_high;
        last_low = rising_low;
    }
}
