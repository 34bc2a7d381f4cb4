/* One frame of one layer, weights powers of two: all pre-activations at once, then the cells. */
#include "kv_internal.h"

/* z = (W [x; h] + b) >> shift, one row a gate, rounded; c' = f c + i g; h' = o tanh(c').
 * W: (n / 2, units, 4), b: (units, 4), [x; h]: (n) int8 in Q0.7, z: Q3.12, c: (units) in Q3.12. */
void kv_layer_step(kv_recogniser *r, uint32_t index)
{
    const kv_rows *layer = &kv_layers[index];
    const uint32_t shift = KV_READ8(layer->shift);
    int16_t *cell = r->cell[index];
    /* The input of every layer ends where its own state begins. */
    int8_t *hidden = r->xh + KV_INPUTS + index * KV_UNITS;
    int32_t *z = r->scratch.layer.sums;
    uint32_t j;
    kv_pow2_matvec(layer, hidden + KV_UNITS - layer->columns, z, r->scratch.layer.pairs);
    for (j = 0; j < KV_UNITS; j++, z += 4)
        hidden[j] = kv_cell_update(
            kv_asr(z[0], shift), kv_asr(z[1], shift), kv_asr(z[2], shift), kv_asr(z[3], shift), &cell[j]);
}
