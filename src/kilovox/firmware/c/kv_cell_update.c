/* One unit of one step, from its four pre-activations: c = f c + i g, h = o tanh(c). */
#include "kv_activation.h"

/* z: (4) input, forget, candidate, output; Q3.12, saturated to int16 by the activations. to: int16_t *, c in Q3.12. Returns h,
 * Q0.7. */
int8_t kv_cell_update(int32_t z0, int32_t z1, int32_t z2, int32_t z3, void *to)
{
    int16_t *const cell = to;
    /* f c in Q27, i g in Q30. */
    const int32_t kept = kv_sigmoid_inline(z1) * *cell;
    const int32_t added = kv_asr(kv_sigmoid_inline(z0) * kv_tanh_inline(z2), KV_GATE_BITS - KV_CELL_BITS);
    int32_t c = kv_rounding_shift(kept + added, KV_GATE_BITS), h;
    if (kv_asr(c, 15) != kv_asr(c, 31))
        c = kv_asr(c, 31) ^ 32767;
    *cell = (int16_t)c;
    h = kv_rounding_shift(kv_sigmoid_inline(z3) * kv_tanh_inline(c), 2 * KV_GATE_BITS - KV_HIDDEN_BITS);
    return (int8_t)(h > 127 ? 127 : h); /* o <= 1 and |tanh| < 1: no less than -128 */
}
