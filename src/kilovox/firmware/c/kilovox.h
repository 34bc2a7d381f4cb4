/* kilovox: a spoken-word recogniser in integers. This is all there is to call.
 *
 * The caller owns one kv_recogniser for every stream of sound; nothing else is written to, so any number of them run side
 * by side. Weights and tables are constants, compiled in (kilovox_model.c). No heap, no floating point, no division.
 *
 *     static kv_recogniser ear;
 *     kv_decision decision;
 *     kv_reset(&ear);
 *     kv_push(&ear, samples, count);        any number at a time, as they come
 *     kv_finish(&ear);                      where a recording ends
 *     kv_result(&ear, &decision);           decision.outcome == KV_LABEL: kv_labels[decision.label], confidence of 255
 *
 * A recording begins with the first sample after kv_reset, or after kv_finish, and nothing of what was before it counts for it.
 * kv_finish ends it; where no sample came since the last end, nothing changes. Until a sample of the next one comes, kv_result
 * tells of the recording that has ended.
 *
 * A model that finds words (KV_WORDS) hears nothing between them. It decides on a word when a pause has followed it, or at
 * kv_finish: ear.words counts those since the recording began or kv_next. kv_result tells of the loudest of these, of equals the
 * first; kv_next forgets them, to hear of the next word alone. Without words, kv_next forgets everything, as kv_reset does.
 *
 * Nothing was heard (KV_NOTHING): before the first word; and before the first frame, KV_WINDOW samples of the recording's own,
 * whose samples are not all equal: in silence, or in less than a window.
 *
 * Samples are int16, mono, KV_SAMPLE_RATE a second; of a library exported with --input-rate, KV_INPUT_RATE a second, KV_DECIMATE
 * times as many, which the filters of kv_decimate come before all else for. Sizes (KV_LABELS, KV_FEATURES, KV_LAYERS, KV_UNITS ...) are defined by
 * the generated kilovox_model.h. */
#ifndef KILOVOX_H
#define KILOVOX_H

#include <stddef.h>
#include <stdint.h>

#include "kilovox_model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the front end works in: the transform, whose place the powers take, and the levels of the bands. */
typedef struct {
    union {
        int16_t z[KV_TRANSFORM][2];      /* real, imaginary */
        uint16_t power[KV_TRANSFORM][2]; /* of each bin: low, high half */
        uint32_t pairs[KV_TRANSFORM];    /* a pair of z as one word: only read, and only as this member (kv_stage_shift.c) */
    } bins;
    int16_t levels[KV_BANDS]; /* Q8 octaves */
} kv_front_end_scratch;

/* What one layer works in. */
typedef struct {
#if KV_POW2
    int32_t sums[4 * KV_UNITS]; /* (units, gates) */
    int16_t pairs[256];         /* what each byte of codes stands for, of the two columns at hand */
#else
    uint32_t inputs[(KV_COLUMNS + 1) / 2]; /* [x; h] + 128, as the kernel reads it: bytes, or pairs of 16 bits */
#endif
} kv_layer_scratch;

#if KV_WORDS
/* The frames heard last, in a ring, of which words are cut. */
typedef struct {
    int16_t levels[KV_WORD_BUFFER];                   /* of the loudest band, Q8 octaves */
    int8_t features[KV_WORD_BUFFER][KV_FEATURES - 1]; /* all but the first, which is a level: Q0.7 */
    uint8_t first, count;                             /* the oldest frame's place; frames kept */
    uint8_t edge;                                     /* whether the oldest is the recording's first */
    uint8_t any;                                      /* whether a word of the recording was decided on */
    int16_t peak;                                     /* level of the loudest word that `words` counts, */
    int32_t logits[KV_LABELS];                        /* and its logits; of no meaning before the first */
} kv_word_buffer;
#endif

#ifdef KV_DECIMATE
/* Where the next sample goes in a filter's line, and samples until its next result. */
typedef struct {
    uint8_t at, left;
} kv_place;

/* Sound at KV_INPUT_RATE on its way to KV_SAMPLE_RATE: what the filters still need of it, each sample twice. */
typedef struct {
#ifdef KV_FIRST_FACTOR
    int16_t first[2 * KV_FIRST_LENGTH];
    kv_place first_place;
#endif
    int16_t last[2 * KV_LAST_LENGTH];
    kv_place last_place;
} kv_decimator;
#endif

/* One stream of sound. Its fields are for reading (tests and verification do), not for writing. */
typedef struct {
    int16_t samples[KV_WINDOW]; /* the frame that is being filled */
    union {
        kv_front_end_scratch front_end;
        kv_layer_scratch layer;
    } scratch;                                      /* of no meaning between calls */
    int32_t maximum;                                /* running maximum of the loudest band, Q8 octaves */
    uint16_t filled;                                /* samples in the frame, 0 ... KV_WINDOW - 1 between calls */
    uint16_t stage;                                 /* of the recording: KV_BEGAN, KV_HEARD, KV_ENDED */
    int16_t cell[KV_LAYERS][KV_UNITS];              /* Q3.12 */
#if KV_WORDS
    kv_word_buffer heard;
    int16_t loudest; /* level of the loudest band of the last frame, Q8 octaves */
    uint16_t words; /* decided on since the recording began or kv_next; no more than 65,535 are counted */
#endif
#ifdef KV_DECIMATE
    kv_decimator decimator;
#endif
    int8_t xh[KV_FEATURES + KV_LAYERS * KV_UNITS]; /* features, then the hidden state of every layer: Q0.7 */
} kv_recogniser;

/* Bits of kv_recogniser.stage. */
#define KV_BEGAN 1 /* a frame was advanced */
#define KV_HEARD 2 /* the samples of one were not all equal */
#define KV_ENDED 4 /* kv_finish; the next sample begins a recording */

typedef struct {
    int32_t logits[KV_LABELS];
    uint16_t label;     /* index of the largest logit, the first of equals */
    uint8_t confidence; /* its share in the softmax, 255 = all */
    uint8_t outcome;    /* KV_NOTHING was heard: all else is 0. KV_UNKNOWN: less sure than the label's threshold. KV_LABEL */
} kv_decision;

extern const char *const kv_labels[KV_LABELS];

/* Forget everything; the next sample begins a recording. */
void kv_reset(kv_recogniser *r);

/* Take `count` samples. Returns the number of frames that they completed. */
size_t kv_push(kv_recogniser *r, const int16_t *samples, size_t count);

/* End the recording: one shorter than a window is filled up with zeros; where words are found, a hop of zeros comes after every
 * recording, as one comes before, and the last word is decided on. Returns the frames advanced. */
size_t kv_finish(kv_recogniser *r);

/* Forget what was decided on: the words, but nothing that was heard since the last of them; without words, everything. */
void kv_next(kv_recogniser *r);

/* The decision on what was heard of the recording. May be asked for at any time. */
void kv_result(const kv_recogniser *r, kv_decision *decision);

/* The parts, for those who test, count or replace one.
 * kv_decimate: of a library with KV_INPUT_RATE: takes *sample; returns whether it completed one at KV_SAMPLE_RATE, now *sample.
 * kv_front_end_frame: r->samples, a whole window, -> cepstra (of KV_LEVELS, levels) (KV_FEATURES) int16, Q7 octaves.
 * kv_quantise: cepstra -> features (KV_FEATURES) int8, Q0.7.
 * kv_step_features: one frame of features through all layers.
 * kv_layer_step: layer `index` alone, from what stands before it in r->xh. */
#ifdef KV_DECIMATE
int kv_decimate(kv_decimator *d, int16_t *sample);
#endif
void kv_front_end_frame(kv_recogniser *r, int16_t *cepstra);
void kv_quantise(const int16_t *cepstra, int8_t *features);
void kv_step_features(kv_recogniser *r, const int8_t *features);
void kv_layer_step(kv_recogniser *r, uint32_t index);

#if KV_WORDS
/* A frame of features, whose first is replaced, and its loudest level: kept, and a word decided on that has ended. */
void kv_hear(kv_recogniser *r, const int8_t *features, int16_t level);

/* Decide on the word that the recording ended in; if there was none at all, on its loudest frames. */
void kv_hear_end(kv_recogniser *r);
#endif

/* The parts of kv_result: logits (KV_LABELS) of hidden (KV_UNITS); the first of the largest; its share. */
void kv_head(const int8_t *hidden, int32_t *logits);
uint16_t kv_largest(const int32_t *logits);
uint8_t kv_confidence(const int32_t *logits);

#ifdef __cplusplus
}
#endif

#endif
