/* Channels of one band: a full or pointwise convolution, or the projection. */
#include "kv_internal.h"

static int8_t clipped(int32_t z, int32_t least)
{
    return (int8_t)kv_saturate(z, least, 127);
}

/* to: (4) int8. Returns the last. */
static int8_t rectify(int32_t z0, int32_t z1, int32_t z2, int32_t z3, void *to)
{
    int8_t *const y = to;
    y[0] = clipped(z0, 0);
    y[1] = clipped(z1, 0);
    y[2] = clipped(z2, 0);
    return y[3] = clipped(z3, 0);
}

static int8_t requantise(int32_t z0, int32_t z1, int32_t z2, int32_t z3, void *to)
{
    int8_t *const y = to;
    y[0] = clipped(z0, -128);
    y[1] = clipped(z1, -128);
    y[2] = clipped(z2, -128);
    return y[3] = clipped(z3, -128);
}

/* y = clip((W x + b) >> shift, rectified ? 0 : -128, 127), rounded. x: (columns), y: (rows) int8, Q2.5. */
void kv_channels(kv_layer_scratch *s, const kv_rows *rows, const int8_t *x, int8_t *y, int rectified)
{
    /* The results, a byte for four rows, go where y is not yet written, and the last of them is the last of y. */
    kv_rows_step(rows, x, s->inputs, y, 4, y + 3 * (uint32_t)rows->fours, rectified ? rectify : requantise);
}
