/* The decision: which label, how sure, and whether that is enough. */
#include "kv_internal.h"

#if KV_LISTENS
/* That of the one word of all that was heard. */
void kv_result(const kv_recogniser *r, kv_decision *decision)
{
    const kv_one_word *one = &r->one;
    const int heard = r->stage & KV_HEARD && one->said;
    const uint8_t sure = kv_compared(one->share, one->others);
    uint32_t label;
    for (label = 0; label < KV_LABELS; label++)
        decision->logits[label] = heard ? one->logits[label] : 0;
    decision->label = heard ? one->label : 0;
    decision->confidence = heard ? kv_calibrated(sure) : 0;
    decision->outcome = !heard ? KV_NOTHING : sure < KV_READ8(kv_thresholds + one->label) ? KV_UNKNOWN : KV_LABEL;
}
#else
/* Logits of the last layer's state, or of the word; the largest, its share, and whether that is enough. */
void kv_result(const kv_recogniser *r, kv_decision *decision)
{
    uint32_t label;
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
    decision->outcome = !heard ? KV_NOTHING : decision->confidence < KV_READ8(kv_thresholds + decision->label) ? KV_UNKNOWN : KV_LABEL;
}
#endif
