/* Mel bands and their logarithm. */
#include "kv_internal.h"

/* high, low: sums of the halves of the bins from power to end. */
static void sum(const uint16_t *power, const uint16_t *end, uint32_t *high, uint32_t *low)
{
    uint32_t sum_high = 0, sum_low = 0;
    for (; power != end; power += 2) {
        sum_high += power[1];
        sum_low += power[0];
    }
    *high = sum_high;
    *low = sum_low;
}

/* The same, each times its weight. Returns the weights that follow. Apart from `sum`, so that registers are enough. */
static const uint8_t *weighted_sum(
    const uint16_t *power, const uint16_t *end, const uint8_t *weight, uint32_t *high, uint32_t *low)
{
    uint32_t sum_high = 0, sum_low = 0;
    for (; power != end; power += 2) {
        const uint32_t w = KV_READ8(weight);
        weight++;
        sum_high += power[1] * w;
        sum_low += power[0] * w;
    }
    *high = sum_high;
    *low = sum_low;
    return weight;
}

/* bins.power: (128, 2) -> levels: (bands) int16 in Q8 octaves, `exponent` the shifts of all stages before.
 * In the segment between two corners a bin gives w of its power to the upper band and 256 - w to the lower. High and low
 * halves of the power are summed apart, so that a band is exact. */
void kv_mel_levels(kv_front_end_scratch *s, int32_t exponent)
{
    const int32_t offset = (exponent - KV_LEVEL_EXPONENT) * ((int32_t)2 << KV_LEVEL_BITS);
    const uint8_t *weight = kv_mel_weights;
    const uint16_t *const bins = s->bins.power[0], *power = bins + 2 * KV_READ8(kv_mel_starts);
    uint32_t segment, last_high = 0, last_low = 0;
    for (segment = 0; segment <= KV_BANDS; segment++) {
        const uint16_t *const end = bins + 2 * KV_READ8(kv_mel_starts + segment + 1);
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
