/* Forget everything. */
#include "kv_internal.h"

void kv_reset(kv_recogniser *r)
{
#if KV_WORDS
    uint32_t label;
    for (label = 0; label < KV_LABELS; label++)
        r->heard.logits[label] = 0;
    r->heard.first = r->heard.count = 0;
    r->heard.peak = KV_LOWEST_LEVEL;
    r->words = 0;
    r->loudest = KV_LOWEST_LEVEL;
#endif
    kv_forget_states(r);
    r->maximum = KV_LOWEST_LEVEL;
    r->filled = 0;
    r->began = 0;
}
