/* The decision: logits of the last layer's state, the largest, its share, and whether that is enough. */
#include "kv_internal.h"

void kv_result(const kv_recogniser *r, kv_decision *decision)
{
    uint32_t label;
#if KV_LISTENS
    const int heard = r->stage & KV_HEARD && r->one.said;
    for (label = 0; label < KV_LABELS; label++)
        decision->logits[label] = heard ? r->one.logits[label] : 0;
    decision->label = heard ? r->one.label : 0;
    decision->confidence = heard ? kv_compared(r->one.share, r->one.others) : 0;
#else
#if KV_WORDS
    const int heard = r->stage & KV_HEARD && r->words;
    for (label = 0; label < KV_LABELS; label++)
        decision->logits[label] = heard ? r->heard.logits[label] : 0;
#else
    const int heard = r->stage & KV_HEARD;
    if (heard)
        kv_head(r->xh + KV_INPUTS + (KV_LAYERS - 1) * KV_UNITS, decision->logits);
    else
        for (label = 0; label < KV_LABELS; label++)
            decision->logits[label] = 0;
#endif
    decision->label = kv_largest(decision->logits, KV_LABELS);
    decision->confidence = heard ? kv_confidence(decision->logits) : 0;
#endif
    decision->outcome = !heard ? KV_NOTHING : decision->confidence < KV_READ8(kv_thresholds + decision->label) ? KV_UNKNOWN : KV_LABEL;
}
