/* What Python calls (kilovox.firmware.host): whole recordings, and what every stage gave at every frame.
 *
 * Nothing here is part of a device's program. Each call owns its recogniser. Pointers to what is not asked for are NULL. */
#include "kilovox.h"

/* sizes: (4): bytes of a recogniser, labels, layers, units. */
void kv_host_sizes(uint32_t *sizes)
{
    sizes[0] = (uint32_t)sizeof(kv_recogniser);
    sizes[1] = KV_LABELS;
    sizes[2] = KV_LAYERS;
    sizes[3] = KV_UNITS;
}

/* Words decided on since the recording began or kv_next, or that wait; 0 of a model that finds none. */
uint32_t kv_host_words(const kv_recogniser *r)
{
#if KV_WORDS || KV_LISTENS
    return r->words;
#else
    (void)r;
    return 0;
#endif
}

/* features: (KV_FEATURES), hidden: (KV_LAYERS, KV_UNITS), cell: likewise; each advanced by one frame. */
static void dump(const kv_recogniser *r, int8_t **features, int8_t **hidden, int16_t **cell)
{
    size_t i;
    if (*features)
        for (i = 0; i < KV_FEATURES; i++)
#if KV_LISTENS
            *(*features)++ = r->past[r->newest[0] + i];
#else
            *(*features)++ = r->xh[i];
#endif
    if (*hidden)
        for (i = 0; i < KV_LAYERS * KV_UNITS; i++)
            *(*hidden)++ = r->xh[KV_INPUTS + i];
    if (*cell)
        for (i = 0; i < KV_LAYERS * KV_UNITS; i++)
            *(*cell)++ = r->cell[i / KV_UNITS][i % KV_UNITS];
}

/* decided: (4): label, low byte first, confidence, outcome. */
static void decide(const kv_recogniser *r, int32_t *logits, uint8_t *decided)
{
    kv_decision decision;
    size_t i;
    kv_result(r, &decision);
    for (i = 0; i < KV_LABELS; i++)
        logits[i] = decision.logits[i];
    decided[0] = (uint8_t)(decision.label & 255);
    decided[1] = (uint8_t)(decision.label >> 8);
    decided[2] = decision.confidence;
    decided[3] = decision.outcome;
}

/* samples: (count) int16, in chunks of `chunk` at most (0: all at once). Returns the frames, each of which is dumped; for
 * that, a chunk is cut where a frame ends. */
size_t kv_host_recording(const int16_t *samples, size_t count, size_t chunk, int8_t *features, int8_t *hidden, int16_t *cell,
    int32_t *logits, uint8_t *decided)
{
    kv_recogniser r;
    const int dumps = features || hidden || cell;
    size_t frames = 0;
    kv_reset(&r);
    if (chunk == 0)
        chunk = count;
    while (count) {
        const size_t left = (size_t)(KV_WINDOW - r.filled);
        size_t take = chunk < count ? chunk : count, found;
        if (dumps && take > left)
            take = left;
        found = kv_push(&r, samples, take);
        samples += take;
        count -= take;
        frames += found;
        if (found && dumps)
            dump(&r, &features, &hidden, &cell);
    }
    {
        const size_t last = kv_finish(&r);
        frames += last;
#if KV_WORDS
        /* The end may have decided on a word: the last frame is looked at after it. */
        if (!last && frames) {
            if (features)
                features -= KV_FEATURES;
            if (hidden)
                hidden -= KV_LAYERS * KV_UNITS;
            if (cell)
                cell -= KV_LAYERS * KV_UNITS;
        }
        if (frames)
#else
        if (last)
#endif
            dump(&r, &features, &hidden, &cell);
    }
    decide(&r, logits, decided);
    return frames;
}

/* features: (frames, KV_FEATURES) int8, through the network alone; a decision in any case. */
void kv_host_features(const int8_t *features, size_t frames, int8_t *hidden, int16_t *cell, int32_t *logits,
    uint8_t *decided)
{
    kv_recogniser r;
    int8_t *none = NULL;
    kv_reset(&r);
    for (; frames--; features += KV_FEATURES) {
#if KV_LISTENS
        kv_listen(&r, features);
#else
        kv_step_features(&r, features);
#endif
        dump(&r, &none, &hidden, &cell);
    }
    r.stage |= KV_HEARD;
#if KV_WORDS
    r.words = 1;
    kv_head(r.xh + KV_INPUTS + (KV_LAYERS - 1) * KV_UNITS, r.heard.logits);
#endif
    decide(&r, logits, decided);
}

/* samples: (count) int16, filled up with zeros to one window at least; cepstra: (frames, KV_FEATURES) int16, by the front end
 * alone. Returns the frames. */
size_t kv_host_cepstra(const int16_t *samples, size_t count, int16_t *cepstra)
{
    kv_recogniser r;
    const size_t silence = KV_WORDS ? KV_HOP : 0; /* before and after */
    size_t start = 0, frames = 0, i;
    if (count == 0)
        return 0;
    kv_reset(&r);
    do {
        for (i = 0; i < KV_WINDOW; i++)
            r.samples[i] = start + i >= silence && start + i - silence < count ? samples[start + i - silence] : 0;
        kv_front_end_frame(&r, cepstra);
        cepstra += KV_FEATURES;
        frames++;
        start += KV_HOP;
    } while (start + KV_WINDOW <= count + 2 * silence);
    return frames;
}
