/* The words decided on are forgotten, the sound is not. */
#include "kv_internal.h"

#if KV_WORDS

void kv_next(kv_recogniser *r)
{
    uint32_t label;
    for (label = 0; label < KV_LABELS; label++)
        r->heard.logits[label] = 0;
    r->heard.peak = KV_LOWEST_LEVEL;
    r->words = 0;
}

#endif
