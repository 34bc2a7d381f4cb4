/* How sure: the share of the largest logit in the softmax. */
#include "kv_internal.h"

/* logits: (labels) int32. Returns 0 ... 255. */
uint8_t kv_confidence(const int32_t *logits)
{
    const int32_t largest = logits[kv_largest(logits, KV_LABELS)];
    uint32_t total = 0, label;
    for (label = 0; label < KV_LABELS; label++)
        total += kv_softmax_power(logits[label], largest);
    return kv_share((uint32_t)1 << KV_POWER_BITS, total);
}
