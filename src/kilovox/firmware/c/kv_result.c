/* The decision: logits of the last layer's state, the largest, its share. */
#include "kv_internal.h"

void kv_result(const kv_recogniser *r, kv_decision *decision)
{
#if KV_WORDS
    uint32_t label;
    for (label = 0; label < KV_LABELS; label++)
        decision->logits[label] = r->heard.logits[label];
#else
    kv_head(r->xh + KV_FEATURES + (KV_LAYERS - 1) * KV_UNITS, decision->logits);
#endif
    decision->label = kv_largest(decision->logits);
    decision->confidence = kv_confidence(decision->logits);
}
