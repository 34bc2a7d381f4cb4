/* What was decided on is forgotten; of the sound, what the decisions were made of. */
#include "kv_internal.h"

void kv_next(kv_recogniser *r)
{
#if KV_WORDS
    r->words = 0;
#elif KV_LISTENS
    uint32_t label;
    r->words = r->oldest = 0;
    r->one.frames = r->one.said = r->one.others = 0;
    for (label = 0; label < KV_LABELS; label++)
        r->one.logits[label] = 0;
#else
    kv_reset(r);
#endif
}
