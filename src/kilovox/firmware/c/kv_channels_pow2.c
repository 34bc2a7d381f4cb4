/* Channels of one band, weights powers of two: a full or pointwise convolution, or the projection. Rows are few here, and do not
 * pay for all that a byte of codes may stand for (kv_pow2_matvec.c): 16 entries for each of its two columns. */
#include "kv_internal.h"

/* entries[code] = +-x << the code's exponent, bit 3 being the sign. */
static void fill_column(int16_t *entries, int32_t x)
{
    int16_t *const end = entries + 8;
    for (; entries != end; entries++, x += x) {
        entries[0] = (int16_t)x;
        entries[8] = (int16_t)-x;
    }
}

/* sums[row] += what the codes of two columns stand for. Returns the codes of the next two. */
static const uint8_t *add_columns(int32_t *sums, const int32_t *end, const int16_t *entries, const uint8_t *codes)
{
    for (; sums != end; sums++, codes++) {
        const uint32_t both = KV_READ8(codes);
        const int16_t *const right = entries + 16 + (both >> 4);
        *sums += (int32_t)entries[both & 15] + *right;
    }
    return codes;
}

/* y = clip((W x + b) >> shift, rectified ? 0 : -128, 127), rounded. x: (columns), y: (rows) int8, Q2.5. */
void kv_channels(kv_layer_scratch *s, const kv_rows *rows, const int8_t *x, int8_t *y, int rectified)
{
    const uint8_t *shift = rows->shift, *weights = rows->weights;
    const int32_t *bias = rows->bias, *const end = s->sums + 4 * (uint32_t)rows->fours;
    const int8_t *const last = x + (rows->columns - (rows->columns & 1));
    int32_t *z;
    for (z = s->sums; z != end; z++, bias++)
        *z = KV_READ32(bias);
    for (; x != last; x += 2) {
        fill_column(s->pairs, x[0]);
        fill_column(s->pairs + 16, x[1]);
        weights = add_columns(s->sums, end, s->pairs, weights);
    }
    if (rows->columns & 1) {
        fill_column(s->pairs, x[0]);
        fill_column(s->pairs + 16, 0);
        (void)add_columns(s->sums, end, s->pairs, weights);
    }
    for (z = s->sums; z != end; z++, shift++)
        *y++ = (int8_t)kv_saturate(kv_asr(*z, KV_READ8(shift)), rectified ? 0 : -128, 127);
}
