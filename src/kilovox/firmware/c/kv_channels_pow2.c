/* Channels of one band, weights powers of two: a full or pointwise convolution, or the projection. */
#include "kv_internal.h"

/* y = clip((W x + b) >> shift, rectified ? 0 : -128, 127), rounded. x: (columns), y: (rows) int8, Q2.5. */
void kv_channels(kv_layer_scratch *s, const kv_rows *rows, const int8_t *x, int8_t *y, int rectified)
{
    const uint8_t *shift = rows->shift;
    const int32_t *z = s->sums, *const end = z + 4 * (uint32_t)rows->fours;
    kv_pow2_matvec(rows, x, s->sums, s->pairs);
    for (; z != end; z++, shift++)
        *y++ = (int8_t)kv_saturate(kv_asr(*z, KV_READ8(shift)), rectified ? 0 : -128, 127);
}
