/* What was decided on is forgotten; of the sound, what the decisions were made of. */
#include "kv_internal.h"

void kv_next(kv_recogniser *r)
{
#if KV_WORDS
    r->words = 0;
#else
    kv_reset(r);
#endif
}
