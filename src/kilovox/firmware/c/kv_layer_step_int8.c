/* One frame of one layer, int8 weights: one dot product over [x; h] for each gate, then the cell. */
#include "kv_internal.h"

/* z = (W [x; h] + b) >> shift, one row a gate, rounded; c' = f c + i g; h' = o tanh(c').
 * W: (units, n, 4), b and shift: (units, 4), [x; h]: (n) int8 in Q0.7, z: Q3.12, c: (units) in Q3.12. */
void kv_layer_step(kv_recogniser *r, uint32_t index)
{
    const kv_rows *layer = &kv_layers[index];
    /* The input of every layer ends where its own state begins. The kernel's copy keeps the old state for the units to come. */
    int8_t *hidden = r->xh + KV_INPUTS + index * KV_UNITS;
    const int8_t *x = hidden + KV_UNITS - layer->columns;
    kv_rows_step(layer, x, r->scratch.layer.inputs, r->cell[index], sizeof r->cell[index][0], hidden, kv_cell_update);
}
