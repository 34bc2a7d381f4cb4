/* What was decided on is forgotten; of the sound, what the decisions were made of. */
#include "kv_internal.h"

void kv_next(kv_recogniser *r)
{
#if KV_WORDS
    uint32_t label;
    for (label = 0; label < KV_LABELS; label++)
        r->heard.logits[label] = 0;
    r->heard.peak = KV_LOWEST_LEVEL;
    r->words = 0;
#else
    kv_reset(r);
#endif
}
