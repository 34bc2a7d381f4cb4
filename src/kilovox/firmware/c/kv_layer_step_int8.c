/* One frame of one layer, int8 weights: one dot product over [x; h] for each gate, then the cell. */
#include "kv_internal.h"

/* z = (W [x; h] + b) >> shift, one row a gate, rounded; c' = f c + i g; h' = o tanh(c').
 * W: (units, n, 4), b and shift: (units, 4), [x; h]: (n) int8 in Q0.7, z: Q3.12, c: (units) in Q3.12. */
void kv_layer_step(kv_recogniser *r, uint32_t index)
{
    const kv_layer *layer = &kv_layers[index];
    const uint32_t n = layer->inputs + (uint32_t)KV_UNITS;
    const kv_weight *w = layer->weights;
    const int32_t *bias = layer->bias;
    const uint8_t *shift = layer->shift;
    int16_t *cell = r->cell[index];
    /* The input of every layer ends where its own state begins. The copy keeps the old state for the units to come. */
    int8_t *hidden = r->xh + KV_FEATURES + index * KV_UNITS;
    int8_t *const end = hidden + KV_UNITS;
    uint32_t *inputs = r->scratch.layer.inputs;
    const int32_t correction = kv_widen(hidden - layer->inputs, n, inputs);
#if KV_THUMB1
    kv_units units;
    units.cell = cell;
    units.weights = w;
    units.bias = bias;
    units.shift = shift;
    units.hidden = hidden;
    units.hidden_end = end;
    units.inputs = (const uint8_t *)inputs;
    units.sixteens = units.inputs + (n & ~(uint32_t)15);
    units.pairs = units.inputs + (n & ~(uint32_t)1);
    units.odd = n & 1;
    units.correction = correction;
    units.mask = 0x00ff00ff;
    units.update = kv_cell_update;
    kv_all_units(&units);
#else
    for (; hidden != end; hidden++, cell++, bias += 4, shift += 4) {
        int32_t z[4];
        z[0] = KV_READ32(bias) - correction;
        z[1] = KV_READ32(bias + 1) - KV_ODD(correction);
        z[2] = KV_READ32(bias + 2) - correction;
        z[3] = KV_READ32(bias + 3) - KV_ODD(correction);
        w = kv_dot4(w, inputs, n, z);
        *hidden = kv_cell_update(kv_asr(z[0], KV_READ8(shift)), kv_asr(z[1], KV_READ8(shift + 1)),
            kv_asr(z[2], KV_READ8(shift + 2)), kv_asr(z[3], KV_READ8(shift + 3)), cell);
    }
#endif
}
