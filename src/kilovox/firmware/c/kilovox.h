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
 * first; kv_next forgets them, to hear of the next word alone.
 *
 * A model that listens (KV_LISTENS) tells of words while they end, or right after, whatever is said before and after:
 *     kv_push(&ear, samples, KV_HOP);       of a hop, each decides on one word at most
 *     while (kv_detected(&ear, &word))      word.outcome == KV_LABEL: kv_labels[word.label]
 *         ...
 * The last KV_DETECTIONS words wait (ear.words counts them); of more the oldest are lost, and all where the next recording begins.
 * A stream of sound need never end. kv_result tells of the one word of all that was heard since the recording began or kv_next:
 * the surest one, for recordings of single words: a word is said when it is over, so push 0.2 s of zeros before kv_finish, as
 * kilovox predict does, where a recording is cut closely. kv_next forgets what kv_result tells of, and the words that wait.
 *
 * Of other models, kv_next forgets everything, as kv_reset does.
 *
 * Nothing was heard (KV_NOTHING): before the first word; and before the first frame, KV_WINDOW samples of the recording's own,
 * whose samples are not all equal: in silence, or in less than a window.
 *
 * Samples are int16, mono, KV_SAMPLE_RATE a second. A library exported with --input-rate takes KV_INPUT_RATE a second, KV_DECIMATE
 * times as many: kv_push sends them through the filters of kv_decimate first. All else counts at KV_SAMPLE_RATE: KV_HOP and
 * KV_WINDOW are samples of these, KV_DECIMATE times as many of what is pushed.
 *
 * Sizes (KV_LABELS, KV_FEATURES, KV_LAYERS, KV_UNITS ...) are defined by the generated kilovox_model.h. */
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
    int32_t sums[KV_ROWS]; /* (units, gates), or of channels */
    int16_t pairs[256];    /* what each byte of codes stands for, of the two columns at hand */
#else
    uint32_t inputs[(KV_COLUMNS + 1) / 2]; /* inputs + 128, as the kernel reads them: bytes, or pairs of 16 bits */
#endif
#if KV_LISTENS
    int32_t logits[KV_OUTPUTS];
    int8_t view[KV_VIEW];   /* what one band of a block is made of: (frames, bands) of features, or (channels) */
    int8_t frame[KV_FRAME]; /* of the last block, (bands, channels) */
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

#if KV_LISTENS
/* A word that was said. frame: of the network, KV_FRAME_STRIDE hops each, at which it was decided on, counted from the beginning
 * of the recording. outcome: KV_LABEL; or KV_UNKNOWN, another word, or less sure than the label's threshold. */
typedef struct {
    uint32_t frame;
    uint16_t label;     /* index */
    uint8_t confidence; /* compared with other words, and calibrated; 255 = all */
    uint8_t outcome;
} kv_detection;

/* What kv_result is made of: the largest logits of any frame, and the largest shares of a label asked for and of other words. */
typedef struct {
    int32_t logits[KV_LABELS]; /* 0 at the least */
    uint16_t label;            /* the one with the largest share, */
    uint8_t share, others;     /* of 255 */
    uint8_t frames, said;      /* whether there was a frame, and one in which a word ended */
} kv_one_word;

/* Which word is being said: kv_decide.c. Outputs are labels, or KV_LABELS: none. */
typedef struct {
    uint32_t frame;
    uint16_t run, last;  /* what the last frames say; what the run before said */
    uint8_t peak, rival; /* the largest shares of the run: of its label, of other words */
    uint8_t decided;     /* whether it is decided on */
    uint8_t since;       /* frames since the last run, as far as they matter */
    uint8_t before[KV_BEFORE];
} kv_decider;
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
#ifdef KV_DECIMATE
    kv_decimator decimator;
#endif
#if KV_WORDS
    kv_word_buffer heard;
    int16_t loudest; /* level of the loudest band of the last frame, Q8 octaves */
    uint16_t words; /* decided on since the recording began or kv_next; no more than 65,535 are counted */
#endif
#if KV_LISTENS
    uint16_t words, oldest; /* that wait for kv_detected; the place of the first of them */
    kv_detection waiting[KV_DETECTIONS];
    kv_one_word one;
    kv_decider decider;
    uint16_t newest[KV_BLOCKS]; /* where in its past each block's newest frame begins */
    uint8_t skip[KV_BLOCKS];    /* frames that it passes over before its next output */
    int8_t past[KV_PAST];       /* of every block, a ring of as many frames as its kernel has: (bands, channels), Q2.5 */
#endif
    int8_t xh[KV_INPUTS + KV_LAYERS * KV_UNITS]; /* features, or the projection; then the hidden state of every layer: Q0.7 */
} kv_recogniser;

/* Bits of kv_recogniser.stage. */
#define KV_BEGAN 1 /* a frame was advanced */
#define KV_HEARD 2 /* the samples of one were not all equal */
#define KV_ENDED 4 /* kv_finish; the next sample begins a recording */

typedef struct {
    int32_t logits[KV_LABELS]; /* of KV_LISTENS, the largest of any frame, 0 at the least */
    uint16_t label;     /* index of the largest logit, the first of equals; of KV_LISTENS, of the largest share of any frame */
    uint8_t confidence; /* its share in the softmax; of KV_LISTENS, compared with other words, and calibrated; 255 = all */
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

#if KV_LISTENS
/* The oldest of the words that wait, which then waits no more. Returns 1, or 0 where none waits. */
int kv_detected(kv_recogniser *r, kv_detection *word);
#endif

/* Forget what was decided on: the words, but nothing that was heard since the last of them; of a model that neither finds words
 * nor listens, everything. */
void kv_next(kv_recogniser *r);

/* The decision on what was heard of the recording. May be asked for at any time. */
void kv_result(const kv_recogniser *r, kv_decision *decision);

/* The parts, for those who test, count or replace one.
 * kv_decimate: of a library with KV_INPUT_RATE: takes *sample; returns whether it completed one at KV_SAMPLE_RATE, now *sample.
 * kv_front_end_frame: r->samples, a whole window, -> cepstra (of KV_LEVELS, levels) (KV_FEATURES) int16, Q7 octaves.
 * kv_quantise: cepstra -> features (KV_FEATURES) int8, Q0.7.
 * kv_step_features: one frame of features (KV_INPUTS), or of the projection, through all layers.
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

#if KV_LISTENS
/* One frame of features through convolutions, layers and head. */
void kv_listen(kv_recogniser *r, const int8_t *features);
#endif

/* The parts of kv_result: logits (KV_OUTPUTS) of hidden (KV_UNITS); the first of the largest; its share. */
void kv_head(const int8_t *hidden, int32_t *logits);
uint16_t kv_largest(const int32_t *logits, uint32_t count);
uint8_t kv_confidence(const int32_t *logits);

#ifdef __cplusplus
}
#endif

#endif
