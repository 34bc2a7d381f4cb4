/* Orthonormal DCT-II of the levels. */
#include "kv_internal.h"

/* levels: (bands) int16 in Q8, |.| <= 2^14, spoilt -> cepstra: (KV_FEATURES) int16 in Q7, rounded, saturated.
 * Even rows are symmetric, odd rows antisymmetric: sums and differences of mirrored bands halve the products. */
void kv_cepstra(int16_t *levels, int16_t *cepstra)
{
    uint32_t row, i;
    for (i = 0; i < KV_BANDS / 2; i++) {
        const int32_t left = levels[i], right = levels[KV_BANDS - 1 - i];
        levels[i] = (int16_t)(left + right);
        levels[KV_BANDS - 1 - i] = (int16_t)(left - right);
    }
    for (row = 0; row < KV_FEATURES; row++) {
        const int16_t *level = row & 1 ? levels + KV_BANDS - 1 : levels;
        const int step = row & 1 ? -1 : 1;
        int32_t total = 0;
        for (i = 0; i < KV_BANDS / 2; i++, level += step)
            total += (int32_t)KV_READ16(&kv_half_dct[row][i]) * *level;
        cepstra[row] = kv_saturate16(kv_rounding_shift(total, KV_DCT_BITS + KV_LEVEL_BITS - KV_FEATURE_BITS));
    }
}
