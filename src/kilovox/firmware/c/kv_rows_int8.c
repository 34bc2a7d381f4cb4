/* Rows of int8 weights, four by four, over the same inputs. */
#include "kv_internal.h"

/* (W x + b) >> shift of every row, rounded; `update` makes of four of them what it writes at `to`, and then `step` bytes on, and
 * what is written at `results`, a byte for four.
 * W: (rows / 4, columns, 4), b and shift: (rows / 4, 4), x: (columns) int8; inputs: room for x as the kernel reads it. */
void kv_rows_step(const kv_rows *rows, const int8_t *x, uint32_t *inputs, void *to, uint32_t step, int8_t *results, kv_update *update)
{
    const uint32_t n = rows->columns;
    int8_t *const end = results + rows->fours;
    const int32_t correction = kv_widen(x, n, inputs);
#if KV_THUMB1
    kv_four_rows fours;
    fours.to = to;
    fours.weights = rows->weights;
    fours.bias = rows->bias;
    fours.shift = rows->shift;
    fours.results = results;
    fours.end = end;
    fours.inputs = (const uint8_t *)inputs;
    fours.sixteens = fours.inputs + (n & ~(uint32_t)15);
    fours.pairs = fours.inputs + (n & ~(uint32_t)1);
    fours.odd = n & 1;
    fours.correction = correction;
    fours.mask = 0x00ff00ff;
    fours.update = update;
    fours.step = step;
    kv_all_fours(&fours);
#else
    const kv_weight *w = rows->weights;
    const int32_t *bias = rows->bias;
    const uint8_t *shift = rows->shift;
    uint8_t *at = to;
    for (; results != end; results++, at += step, bias += 4, shift += 4) {
        int32_t z[4];
        z[0] = KV_READ32(bias) - correction;
        z[1] = KV_READ32(bias + 1) - KV_ODD(correction);
        z[2] = KV_READ32(bias + 2) - correction;
        z[3] = KV_READ32(bias + 3) - KV_ODD(correction);
        w = kv_dot4(w, inputs, n, z);
        *results = update(kv_asr(z[0], KV_READ8(shift)), kv_asr(z[1], KV_READ8(shift + 1)),
            kv_asr(z[2], KV_READ8(shift + 2)), kv_asr(z[3], KV_READ8(shift + 3)), at);
    }
#endif
}
