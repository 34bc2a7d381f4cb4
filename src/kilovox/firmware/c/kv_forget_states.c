/* The network as before its first frame. */
#include "kv_internal.h"

void kv_forget_states(kv_recogniser *r)
{
    uint32_t i, layer;
    for (i = 0; i < KV_INPUTS + KV_LAYERS * KV_UNITS; i++)
        r->xh[i] = 0;
    for (layer = 0; layer < KV_LAYERS; layer++)
        for (i = 0; i < KV_UNITS; i++)
            r->cell[layer][i] = 0;
#if KV_LISTENS
    for (i = 0; i < KV_PAST; i++)
        r->past[i] = 0;
    for (i = 0; i < KV_BLOCKS; i++)
        r->newest[i] = r->skip[i] = 0;
#endif
}
