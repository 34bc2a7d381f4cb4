/* Cepstra to what the network reads. */
#include "kv_internal.h"

/* ((x - offset) multiplier + half) >> shift, saturated. cepstra: (KV_FEATURES) int16 -> features: (KV_FEATURES) int8. */
void kv_quantise(const int16_t *cepstra, int8_t *features)
{
    uint32_t i;
    for (i = 0; i < KV_FEATURES; i++)
        features[i] = kv_quantised(cepstra[i], i);
}
