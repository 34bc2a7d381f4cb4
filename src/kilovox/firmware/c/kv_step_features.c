/* One frame of features, or of the projection, through all layers. */
#include "kv_internal.h"

/* features: (KV_INPUTS) int8, Q0.7; they may be r->xh itself. */
void kv_step_features(kv_recogniser *r, const int8_t *features)
{
    uint32_t i;
    for (i = 0; i < KV_INPUTS; i++)
        r->xh[i] = features[i];
    for (i = 0; i < KV_LAYERS; i++)
        kv_layer_step(r, i);
}
