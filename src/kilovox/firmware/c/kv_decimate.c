/* Sound at KV_INPUT_RATE made into sound at KV_SAMPLE_RATE, by one symmetric filter or two; docs/arithmetic.md bounds the sums. */
#include "kv_internal.h"

/* Take *sample into a line of the last `length`, which holds each twice, so that they lie in a row wherever the oldest is. Whether
 * it was the last of `factor`: then *sample is what the filter makes of the line.
 * taps: (pairs + 1) Q15: every `step`th from the first on, which is that of the far end, too; then the middle one, which stands
 * alone. Samples of equal taps are added first: the product has fewer than 31 bits all the same. */
static int filtered(int16_t *line, kv_place *place, const int16_t *taps, uint32_t pairs, uint32_t length, uint32_t step,
    uint8_t factor, int16_t *sample)
{
    const int16_t *oldest;
    int32_t sum = (int32_t)1 << 14;
    uint32_t i;
    line[place->at] = line[place->at + length] = *sample;
    place->at = place->at + 1u == length ? 0 : (uint8_t)(place->at + 1);
    if (--place->left)
        return 0;
    place->left = factor;
    oldest = line + place->at;
    for (i = 0; i < pairs; i++)
        sum += ((int32_t)oldest[step * i] + oldest[length - 1 - step * i]) * KV_READ16(taps + i);
    sum += (int32_t)oldest[length >> 1] * KV_READ16(taps + pairs);
    *sample = kv_saturate16(kv_asr(sum, 15));
    return 1;
}

int kv_decimate(kv_decimator *d, int16_t *sample)
{
#ifdef KV_FIRST_FACTOR
    if (!filtered(d->first, &d->first_place, kv_first_taps, KV_FIRST_PAIRS, KV_FIRST_LENGTH, KV_FIRST_STEP, KV_FIRST_FACTOR, sample))
        return 0;
#endif
    return filtered(d->last, &d->last_place, kv_last_taps, KV_LAST_PAIRS, KV_LAST_LENGTH, KV_LAST_STEP, KV_LAST_FACTOR, sample);
}
