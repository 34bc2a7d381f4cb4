/* The decision: logits of the last layer's state, the largest, its share. */
#include "kv_internal.h"

void kv_result(const kv_recogniser *r, kv_decision *decision)
{
    kv_head(r->xh + KV_FEATURES + (KV_LAYERS - 1) * KV_UNITS, decision->logits);
    decision->label = kv_largest(decision->logits);
    decision->confidence = kv_confidence(decision->logits);
}
