/* The decider as before its first frame. */
#include "kv_internal.h"

void kv_forget_words(kv_recogniser *r)
{
    kv_decider *d = &r->decider;
    uint32_t i;
    d->frame = 0;
    d->run = d->last = KV_LABELS;
    d->since = KV_REFRACTORY;
    d->peak = d->rival = d->decided = 0;
    for (i = 0; i < KV_BEFORE; i++)
        d->before[i] = 0;
    kv_next(r);
}
