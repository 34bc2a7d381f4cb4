/* Samples in, as they come; each whole window goes through front end and network at once. */
#include "kv_internal.h"

static void advance(kv_recogniser *r)
{
    int16_t cepstra[KV_FEATURES];
    int8_t features[KV_FEATURES];
    const uint16_t before = r->stage;
    uint32_t i;
    kv_front_end_frame(r, cepstra);
    if (KV_WORDS && !(before & KV_BEGAN))
        r->stage = before; /* begins with silence that is not the recording's own */
    kv_quantise(cepstra, features);
#if KV_WORDS
    kv_hear(r, features, r->loudest);
#elif KV_LISTENS
    kv_listen(r, features);
#else
    kv_step_features(r, features);
#endif
    for (i = KV_HOP; i < KV_WINDOW; i++)
        r->samples[i - KV_HOP] = r->samples[i];
    r->filled = KV_WINDOW - KV_HOP;
    r->stage |= KV_BEGAN;
}

size_t kv_push(kv_recogniser *r, const int16_t *samples, size_t count)
{
    const int16_t *const end = samples + count;
    size_t frames = 0;
    if (count && r->stage & KV_ENDED)
        kv_reset(r);
    while (samples != end) {
#ifdef KV_DECIMATE
        int16_t sample = *samples++;
        if (!kv_decimate(&r->decimator, &sample))
            continue;
        r->samples[r->filled++] = sample;
#else
        r->samples[r->filled++] = *samples++;
#endif
        if (r->filled == KV_WINDOW) {
            advance(r);
            frames++;
        }
    }
    return frames;
}

/* Frames with what is not the recording's own, zeros after it, do not tell whether anything was heard. */
size_t kv_finish(kv_recogniser *r)
{
    const uint16_t stage = r->stage;
    size_t frames = 0;
    if (stage & KV_ENDED)
        return 0;
#if KV_WORDS
    if (stage & KV_BEGAN || r->filled > KV_HOP) { /* there was a sample */
        uint32_t left;
        for (left = KV_HOP; left || !(r->stage & KV_BEGAN); left -= left > 0) {
            r->samples[r->filled++] = 0;
            if (r->filled == KV_WINDOW) {
                advance(r);
                frames++;
            }
        }
    }
    if (stage & KV_HEARD)
        kv_hear_end(r);
#else
    /* As kv_push of zeros up to a whole window, where no frame has been advanced yet and there is at least one sample. */
    if (!(stage & KV_BEGAN) && r->filled) {
        while (r->filled < KV_WINDOW)
            r->samples[r->filled++] = 0;
        advance(r);
        frames = 1;
    }
#if KV_LISTENS
    kv_decide(r, KV_LABELS, 0, 0); /* the word that was being said */
#endif
#endif
    r->stage = stage | KV_ENDED;
    return frames;
}
