/* Forget everything. */
#include "kv_internal.h"

void kv_reset(kv_recogniser *r)
{
#if KV_WORDS
    kv_next(r);
    r->heard.first = r->heard.count = r->heard.any = 0;
    r->loudest = KV_LOWEST_LEVEL;
#endif
    kv_forget_states(r);
    r->maximum = KV_LOWEST_LEVEL;
    r->filled = 0;
    r->began = 0;
}
