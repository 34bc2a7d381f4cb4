/* W x + b, all weights powers of two: no multiplication, and no shift by a weight's exponent.
 *
 * A byte of weights is the codes of two neighbouring columns, so for a pair of inputs there are 256 things that a row may
 * add. They are built by 256 additions, then looked up once a row. */
#include "kv_internal.h"

#if KV_POW2

#define KV_LEFT_EXPONENT(k)                                                                                                  \
    do {                                                                                                                     \
        const int32_t sum = b + left, difference = b - left;                                                                 \
        pairs[k] = (int16_t)sum;                                                                                             \
        pairs[(k) + 8] = (int16_t)difference;                                                                                \
        minus[k] = (int16_t)-difference;                                                                                     \
        minus[(k) + 8] = (int16_t)-sum;                                                                                      \
        left += left;                                                                                                        \
    } while (0)

/* pairs[low | high << 4] = (+-a << low's exponent) + (+-b << high's exponent), bit 3 of a code being the sign.
 * Doubling stops before 2^15: a and b are int8, the exponents 0 ... 7. |sum| <= 2^15, + 2^15 itself excluded by the caller. */
static void fill(int16_t *pairs, int32_t a, int32_t b)
{
    int16_t *const end = pairs + 128;
    for (; pairs != end; pairs += 16, b += b) {
        /* Right code: this exponent, plus; 128 entries on, minus. Left code: exponents 0 ... 7, plus; 8 entries on, minus. */
        int16_t *minus = pairs + 128;
        int32_t left = a;
        KV_LEFT_EXPONENT(0);
        KV_LEFT_EXPONENT(1);
        KV_LEFT_EXPONENT(2);
        KV_LEFT_EXPONENT(3);
        KV_LEFT_EXPONENT(4);
        KV_LEFT_EXPONENT(5);
        KV_LEFT_EXPONENT(6);
        KV_LEFT_EXPONENT(7);
    }
}

/* sums[row] += pairs[codes[row]] for all rows; returns the codes of the next pair of columns, so that no compiler
 * needs to find their place by a multiplication. */
static const uint8_t *add(int32_t *sums, const int32_t *end, const int16_t *pairs, const uint8_t *codes)
{
    for (; sums != end; sums += 4, codes += 4) {
        sums[0] += pairs[KV_READ8(codes)];
        sums[1] += pairs[KV_READ8(codes + 1)];
        sums[2] += pairs[KV_READ8(codes + 2)];
        sums[3] += pairs[KV_READ8(codes + 3)];
    }
    return codes;
}

/* W: (ceil(columns / 2), 4 fours) bytes; x: (columns) int8; b, sums: (4 fours); pairs: 256 words to work in. */
void kv_pow2_matvec(const kv_rows *rows, const int8_t *x, int32_t *sums, int16_t *pairs)
{
    const uint8_t *weights = rows->weights;
    const int32_t *bias = rows->bias;
    int32_t *const end = sums + 4 * (uint32_t)rows->fours, *sum;
    uint32_t columns = rows->columns;
    for (sum = sums; sum != end; sum++, bias++)
        *sum = KV_READ32(bias);
    for (;;) {
        const int32_t a = x[0], b = columns > 1 ? x[1] : 0;
        if (a == -128 && b == -128) { /* 2^14 + 2^14 would leave int16: one after the other */
            fill(pairs, a, 0);
            (void)add(sums, end, pairs, weights);
            fill(pairs, 0, b);
        } else {
            fill(pairs, a, b);
        }
        weights = add(sums, end, pairs, weights);
        if (columns <= 2) {
            return;
        }
        columns -= 2;
        x += 2;
    }
}

#endif
