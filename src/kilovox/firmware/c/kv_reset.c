/* Forget everything. */
#include "kv_internal.h"

void kv_reset(kv_recogniser *r)
{
#ifdef KV_DECIMATE
    uint32_t i;
#ifdef KV_FIRST_FACTOR
    for (i = 0; i < 2 * KV_FIRST_LENGTH; i++)
        r->decimator.first[i] = 0;
    r->decimator.first_place.at = 0;
    r->decimator.first_place.left = KV_FIRST_FACTOR;
#endif
    for (i = 0; i < 2 * KV_LAST_LENGTH; i++)
        r->decimator.last[i] = 0;
    r->decimator.last_place.at = 0;
    r->decimator.last_place.left = KV_LAST_FACTOR;
#endif
    kv_forget_states(r);
    r->maximum = KV_LOWEST_LEVEL;
    r->filled = 0;
    r->stage = 0;
#if KV_LISTENS
    kv_forget_words(r);
#endif
#if KV_WORDS
    while (r->filled < KV_HOP) /* silence, then the recording */
        r->samples[r->filled++] = 0;
    r->loudest = KV_LOWEST_LEVEL;
    r->words = 0;
    r->heard.first = r->heard.count = r->heard.any = 0;
    r->heard.edge = 1;
#endif
}
