/* The levels themselves, for a model that reads no cepstra of them. */
#include "kv_internal.h"

/* levels: (bands) int16 in Q8, -2^14 ... 0 -> features: (bands) int16 in Q7, floor: half of int16 holds it, nothing saturates. */
void kv_level_features(const int16_t *levels, int16_t *features)
{
    uint32_t band;
    for (band = 0; band < KV_BANDS; band++)
        features[band] = (int16_t)(levels[band] >> (KV_LEVEL_BITS - KV_FEATURE_BITS));
}
