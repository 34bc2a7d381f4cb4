/* Forget everything. */
#include "kv_internal.h"

#if KV_WORDS
/* A hop of silence, then the recording. */
void kv_begin(kv_recogniser *r)
{
    uint32_t i;
    for (i = 0; i < KV_HOP; i++)
        r->samples[i] = 0;
    r->filled = KV_HOP;
    r->began = 0;
    r->maximum = KV_LOWEST_LEVEL;
    r->loudest = KV_LOWEST_LEVEL;
    r->heard.first = r->heard.count = r->heard.any = 0;
    r->heard.edge = 1;
}
#endif

void kv_reset(kv_recogniser *r)
{
    kv_forget_states(r);
#if KV_WORDS
    kv_next(r);
    kv_begin(r);
#else
    r->maximum = KV_LOWEST_LEVEL;
    r->filled = 0;
    r->began = 0;
#endif
}
