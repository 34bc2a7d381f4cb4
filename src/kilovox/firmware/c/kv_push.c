/* Samples in, as they come; each whole window goes through front end and network at once. */
#include "kv_internal.h"

static void advance(kv_recogniser *r)
{
    int16_t cepstra[KV_FEATURES];
    int8_t features[KV_FEATURES];
    uint32_t i;
    kv_front_end_frame(r, cepstra);
    kv_quantise(cepstra, features);
#if KV_WORDS
    kv_hear(r, features, r->loudest);
#else
    kv_step_features(r, features);
#endif
    for (i = KV_HOP; i < KV_WINDOW; i++)
        r->samples[i - KV_HOP] = r->samples[i];
    r->filled = KV_WINDOW - KV_HOP;
    r->began = 1;
}

size_t kv_push(kv_recogniser *r, const int16_t *samples, size_t count)
{
    const int16_t *const end = samples + count;
    size_t frames = 0;
    while (samples != end) {
        r->samples[r->filled++] = *samples++;
        if (r->filled == KV_WINDOW) {
            advance(r);
            frames++;
        }
    }
    return frames;
}

#if KV_WORDS

size_t kv_finish(kv_recogniser *r)
{
    size_t frames = 0;
    if (r->began || r->filled > KV_HOP) { /* something was heard */
        uint32_t left;
        for (left = KV_HOP; left || !r->began; left -= left > 0) {
            r->samples[r->filled++] = 0;
            if (r->filled == KV_WINDOW) {
                advance(r);
                frames++;
            }
        }
    }
    kv_hear_end(r);
    kv_begin(r);
    return frames;
}

#else

/* As kv_push of zeros up to a whole window, where no frame has been advanced yet and there is at least one sample. */
size_t kv_finish(kv_recogniser *r)
{
    if (r->began || r->filled == 0)
        return 0;
    while (r->filled < KV_WINDOW)
        r->samples[r->filled++] = 0;
    advance(r);
    return 1;
}

#endif
