/* A whole recording, from samples to the decision. */
#include <stdlib.h>

#include "kv_layer.h"

int kv_recognise(const kv_front_end *f, const kv_normalisation *n, const kv_network *network, const int16_t *samples,
    size_t count, int32_t *loudest, int32_t *logits, kv_decision *decision)
{
    size_t frames, frame;
    int32_t *levels;
    int16_t *cepstra;
    int8_t *features;
    int done;
    if (count < KV_WINDOW || f->hop < 1 || f->coefficients > KV_MOST_BANDS || f->coefficients != network->layers->inputs)
        return 0;
    frames = (count - KV_WINDOW) / f->hop + 1;
    if (frames > SIZE_MAX / (4 + 3 * KV_MOST_BANDS))
        return 0;
    levels = malloc(frames * (4 + 3 * (size_t)f->coefficients));
    if (!levels)
        return 0;
    cepstra = (int16_t *)(void *)(levels + frames);
    features = (int8_t *)(cepstra + frames * f->coefficients);
    done = kv_recording(f, samples, count, frames, cepstra, levels) &&
        kv_quantise(n, cepstra, frames, f->coefficients, features) &&
        kv_decide(network, features, frames, logits, decision);
    *loudest = KV_LOWEST_LEVEL;
    for (frame = 0; done && frame < frames; frame++)
        *loudest = levels[frame] > *loudest ? levels[frame] : *loudest;
    free(levels);
    return done;
}
