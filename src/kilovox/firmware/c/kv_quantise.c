/* Cepstra to what the network reads. */
#include "kv_internal.h"

/* ((x - offset) multiplier + half) >> shift, saturated. cepstra: (KV_FEATURES) int16 -> features: (KV_FEATURES) int8. */
void kv_quantise(const int16_t *cepstra, int8_t *features)
{
    uint32_t i;
    for (i = 0; i < KV_FEATURES; i++) {
        const int32_t centred = cepstra[i] - kv_feature_offset[i];
        features[i] = kv_saturate8(kv_rounding_shift(centred * kv_feature_multiplier[i], KV_FEATURE_SHIFT));
    }
}
