/* One frame of features through all layers. */
#include "kv_internal.h"

/* features: (KV_FEATURES) int8, Q0.7. */
void kv_step_features(kv_recogniser *r, const int8_t *features)
{
    uint32_t i;
    for (i = 0; i < KV_FEATURES; i++)
        r->xh[i] = features[i];
    for (i = 0; i < KV_LAYERS; i++)
        kv_layer_step(r, i);
}
