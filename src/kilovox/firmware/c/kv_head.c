/* The linear layer on the last hidden state. */
#include "kv_internal.h"

/* logits = W h + b. hidden: (units) int8; logits: (outputs) int32. */
void kv_head(const int8_t *hidden, int32_t *logits)
{
    uint32_t label, j;
    for (label = 0; label < KV_OUTPUTS; label++) {
        int32_t sum = KV_READ32(kv_head_bias + label);
        for (j = 0; j < KV_UNITS; j++) {
#if KV_POW2 /* W: (units / 2, outputs), two codes a byte: +-2^exponent, the left column's code low */
            const uint32_t code = (uint32_t)KV_READ8(&kv_head_weights[j / 2][label]) >> (j % 2 * 4);
            const int32_t product = kv_shl(hidden[j], code & 7);
            sum += code & 8 ? -product : product;
#else /* W: (outputs, units) int8 */
            sum += (int32_t)KV_READ8(&kv_head_weights[label][j]) * hidden[j];
#endif
        }
        logits[label] = sum;
    }
}
