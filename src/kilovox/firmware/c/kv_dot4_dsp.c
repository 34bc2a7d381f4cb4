/* Four dot products, those of one unit's gates or of four channels, over the same inputs: kernel for Arm cores with the DSP
 * extension.
 *
 * SMLAD multiplies two 16-bit halves of a word by those of another and adds both. A word of weights is gates 0 and 1 (or 2
 * and 3) of two columns, a half being 256 w1 + (w0 + 128), so
 *     both += half x, even += (w0 + 128) x,   sum w1 x = (both - even) / 256   exactly, modulo 2^24,
 * which takes one unpacking (UXTB16) a word instead of two. |sum w1 x| < 2^23 for up to 256 columns (kv_weights.h). */
#include "kv_internal.h"

#if KV_DSP

#include <arm_acle.h>

#define KV_TWO_COLUMNS(k)                                                                                                    \
    do {                                                                                                                     \
        const int32_t x2 = (int32_t)x[k];                                                                                    \
        const uint32_t w01 = w[2 * (k)], w23 = w[2 * (k) + 1];                                                               \
        both01 = __smlad((int32_t)w01, x2, both01);                                                                          \
        both23 = __smlad((int32_t)w23, x2, both23);                                                                          \
        even0 = __smlad((int32_t)__uxtb16(w01), x2, even0);                                                                  \
        even2 = __smlad((int32_t)__uxtb16(w23), x2, even2);                                                                  \
    } while (0)

/* w: (n, 4) of one unit, x: pairs of columns, sums: (4). sums += W x. Returns the weights of the next unit. */
const kv_weight *kv_dot4(const kv_weight *w, const uint32_t *x, uint32_t n, int32_t *sums)
{
    int32_t both01 = 0, both23 = 0, even0 = 0, even2 = 0;
    const uint32_t *const fours = x + n / 8 * 4, *const twos = x + n / 2;
    for (; x != fours; x += 4, w += 8) {
        KV_TWO_COLUMNS(0);
        KV_TWO_COLUMNS(1);
        KV_TWO_COLUMNS(2);
        KV_TWO_COLUMNS(3);
    }
    for (; x != twos; x += 1, w += 2)
        KV_TWO_COLUMNS(0);
    if (n & 1) { /* the last column is alone, its four gates in one word: so is its input, in the lower half */
        const int32_t x1 = (int32_t)x[0];
        const int32_t w23 = (int32_t)(w[0] >> 16);
        both01 = __smlad((int32_t)w[0], x1, both01);
        even0 = __smlad((int32_t)__uxtb16(w[0]), x1, even0);
        both23 = __smlad(w23, x1, both23);
        even2 = __smlad(w23 & 255, x1, even2);
        w += 1;
    }
    sums[0] += even0;
    sums[1] += kv_asr((int32_t)((uint32_t)both01 - (uint32_t)even0), 8);
    sums[2] += even2;
    sums[3] += kv_asr((int32_t)((uint32_t)both23 - (uint32_t)even2), 8);
    return w;
}

/* xh: (n) int8 -> inputs: pairs of 16 bits, + 128 each, an odd one with 0. Returns 128 times their sum. */
int32_t kv_widen(const int8_t *xh, uint32_t n, uint32_t *inputs)
{
    uint32_t sum = 0, j;
    for (j = 0; j + 1 < n; j += 2) {
        const uint32_t left = (uint32_t)(xh[j] + 128), right = (uint32_t)(xh[j + 1] + 128);
        inputs[j / 2] = left | right << 16;
        sum += left + right;
    }
    if (n & 1) {
        inputs[n / 2] = (uint32_t)(xh[n - 1] + 128);
        sum += inputs[n / 2];
    }
    return (int32_t)(128 * sum);
}

#endif
