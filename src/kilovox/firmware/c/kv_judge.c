/* What one frame of a network that listens says: shares, for the one word of the recording and for the decider. */
#include "kv_internal.h"

/* logits: (KV_OUTPUTS) int32, the last that of the blank. */
void kv_judge(kv_recogniser *r, const int32_t *logits)
{
    kv_one_word *one = &r->one;
    const uint16_t output = kv_largest(logits, KV_OUTPUTS);
    uint32_t total = 0, place;
    uint16_t best = KV_OTHERS ? 0 : 1;
    uint8_t share, others = 0;
    for (place = 0; place < KV_OUTPUTS; place++)
        total += kv_softmax_power(logits[place], logits[output]);
    for (place = 0; place < KV_LABELS; place++) {
        if (place != KV_OTHERS && logits[place] > logits[best])
            best = (uint16_t)place;
        if (logits[place] > one->logits[place])
            one->logits[place] = logits[place];
    }
    share = kv_share(kv_softmax_power(logits[best], logits[output]), total);
#if KV_OTHERS < KV_LABELS
    others = kv_share(kv_softmax_power(logits[KV_OTHERS], logits[output]), total);
#endif
    if (!one->frames || share > one->share) {
        one->share = share;
        one->label = best;
    }
    if (others > one->others)
        one->others = others;
    one->frames = 1;
    if (output != KV_LABELS)
        one->said = 1;
    kv_decide(r, output, share, others);
}
