/* The words of a network that listens, one after the other. */
#include "kv_internal.h"

int kv_detected(kv_recogniser *r, kv_detection *word)
{
    if (r->words == 0)
        return 0;
    *word = r->waiting[r->oldest];
    r->oldest = (uint16_t)((r->oldest + 1) & (KV_DETECTIONS - 1));
    r->words--;
    return 1;
}
