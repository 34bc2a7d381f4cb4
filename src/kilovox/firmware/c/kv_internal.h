/* What the parts share among themselves: tables of the model, and the stages of the front end. */
#ifndef KV_INTERNAL_H
#define KV_INTERNAL_H

#include "kilovox.h"
#include "kv_arithmetic.h"
#include "kv_memory.h"
#include "kv_weights.h"

#if defined(__AVR__) /* a recogniser, and 384 bytes for the stack and what else there is */
typedef char kv_recogniser_fits_into_ram[sizeof(kv_recogniser) + 384 <= RAMEND - RAMSTART + 1UL ? 1 : -1];
#endif

/* Rows over the same columns, four by four: the gates of the units of a layer, whose columns are its inputs, then its own state;
 * or the channels of a convolution.
 * int8: weights, four by four, as kv_weights.h stores them; shift: (fours, 4).
 * pow2: weights (pairs of columns, fours, 4), two codes a byte, the left column's low; shift: (fours, 4), of a layer (1).
 * bias: (fours, 4), with the half that makes the shift round, and (int8) less 128 times the sum of the row's weights. */
typedef struct {
    const kv_weight *weights;
    const int32_t *bias;
    const uint8_t *shift;
    uint16_t columns, fours;
} kv_rows;

extern const kv_rows kv_layers[KV_LAYERS];
extern const uint16_t kv_tanh_table[KV_TANH_ENTRIES]; /* Q0.15 */
extern const int32_t kv_head_bias[KV_OUTPUTS];
extern const uint8_t kv_thresholds[KV_LABELS]; /* the least confidence with which a label is accepted */
#if KV_POW2
extern const uint8_t kv_head_weights[(KV_UNITS + 1) / 2][KV_OUTPUTS]; /* two codes a byte */
#else
extern const int8_t kv_head_weights[KV_OUTPUTS][KV_UNITS];
#endif

#ifdef KV_DECIMATE
#ifdef KV_FIRST_FACTOR
extern const int16_t kv_first_taps[KV_FIRST_PAIRS + 1]; /* Q15: those of a side that are not 0, then the middle one */
#endif
extern const int16_t kv_last_taps[KV_LAST_PAIRS + 1];
#endif

extern const uint16_t kv_half_window[KV_WINDOW / 2];
extern const int16_t kv_sine[KV_WINDOW * 3 / 4];
extern const uint8_t kv_bit_reverse[KV_TRANSFORM];
extern const uint8_t kv_mel_starts[KV_BANDS + 2];
extern const uint8_t kv_mel_weights[KV_MEL_BINS];
extern const uint16_t kv_log2_mantissa[(1 << KV_LOG_TABLE_BITS) + 1];
#if KV_LISTENS
/* One block of convolutions. Block 0 has the full one, over the features: rows of (frames, bands) columns. The others have a
 * depthwise one, taps: (channels / 4, frames, bands, 4) int8 or (pow2) codes, two columns a byte as above, bias with the half
 * that rounds, shift: (channels); and after it the pointwise one, rows of (channels) columns. */
typedef struct {
    kv_rows rows;
    const kv_tap *taps;
    const int32_t *bias;
    const uint8_t *shift;
    uint16_t past, ring, frame; /* where in kv_recogniser.past its frames begin; their bytes, and those of one */
    uint16_t channels;          /* that it hears: 1 of block 0 */
    uint16_t four;              /* bytes of the taps of four of them */
    uint8_t heard_bands;
    uint8_t frames, bands; /* of the kernel */
    uint8_t frame_stride, band_stride;
} kv_block;

/* What an output of a block is made of: frames of its past, oldest first, and of them bands `from` to `to`, counted as those of
 * the kernel are; the others lie beside the bands there are, and are 0. left: where in a frame the first of them is. */
typedef struct {
    const int8_t *past;
    uint16_t newest;
    uint16_t left;
    uint8_t from, to;
} kv_view;

extern const uint16_t kv_knots[KV_KNOTS]; /* shares of right detections, of 255, at every 16th confidence */
extern const kv_block kv_blocks[KV_BLOCKS];
extern const kv_rows kv_projection;
void kv_judge(kv_recogniser *r, const int32_t *logits);
void kv_decide(kv_recogniser *r, uint16_t output, uint8_t share, uint8_t others);
void kv_forget_words(kv_recogniser *r);
uint8_t kv_compared(uint8_t share, uint8_t others);
uint8_t kv_calibrated(uint8_t sure);
void kv_depthwise(const kv_block *block, const kv_view *view, int8_t *y);
void kv_channels(kv_layer_scratch *s, const kv_rows *rows, const int8_t *x, int8_t *y, int rectified);
#endif

#if !KV_LEVELS
extern const int16_t kv_half_dct[KV_FEATURES][KV_BANDS / 2];
#endif
extern const int16_t kv_feature_offset[KV_FEATURES];
extern const int16_t kv_feature_multiplier[KV_FEATURES];

/* Stages of the front end, in order; docs/arithmetic.md numbers them. */
int kv_windowed(const int16_t *samples, int16_t (*z)[2], int32_t *exponent);
uint32_t kv_stage_shift(const kv_front_end_scratch *s);
int32_t kv_transform(kv_front_end_scratch *s);
int32_t kv_power(kv_front_end_scratch *s);
void kv_mel_levels(kv_front_end_scratch *s, int32_t exponent);
int32_t kv_log2(uint32_t high, uint32_t low);
int32_t kv_running_maximum(const int16_t *levels, int32_t maximum);
void kv_relative(int16_t *levels, int32_t maximum);
#if KV_LEVELS
void kv_level_features(const int16_t *levels, int16_t *features);
#else
void kv_cepstra(int16_t *levels, int16_t *cepstra);
#endif

/* One feature, saturated: ((x - offset) multiplier + half) >> shift. */
static inline int8_t kv_quantised(int32_t cepstrum, uint32_t index)
{
    const int32_t centred = cepstrum - KV_READ16(kv_feature_offset + index);
    return kv_saturate8(kv_rounding_shift(centred * KV_READ16(kv_feature_multiplier + index), KV_FEATURE_SHIFT));
}

/* The network as before its first frame. */
void kv_forget_states(kv_recogniser *r);

/* What confidence is made of. */
uint32_t kv_softmax_power(int32_t logit, int32_t largest);
uint8_t kv_share(uint32_t part, uint32_t whole);

/* What a layer is made of. */
int32_t kv_tanh(int32_t x);
int32_t kv_sigmoid(int32_t x);
typedef int8_t kv_update(int32_t z0, int32_t z1, int32_t z2, int32_t z3, void *to);
int8_t kv_cell_update(int32_t z0, int32_t z1, int32_t z2, int32_t z3, void *to);
#if KV_POW2
void kv_pow2_matvec(const kv_rows *rows, const int8_t *x, int32_t *sums, int16_t *pairs);
#else
void kv_rows_step(
    const kv_rows *rows, const int8_t *x, uint32_t *inputs, void *to, uint32_t step, int8_t *results, kv_update *update);
int32_t kv_widen(const int8_t *x, uint32_t n, uint32_t *inputs);
#if KV_THUMB1
/* What kv_all_fours goes through, in the order in which it keeps it. */
typedef struct {
    void *to;
    const kv_weight *weights;
    const int32_t *bias;
    const uint8_t *shift;
    int8_t *results, *end;
    const uint8_t *inputs, *sixteens, *pairs; /* the inputs; where the whole sixteens, and the pairs, of them end */
    uint32_t odd;                          /* whether a column is left over */
    int32_t correction;
    uint32_t mask; /* of even bytes */
    kv_update *update;
    uint32_t step; /* bytes, from one `to` to the next */
} kv_four_rows;
void kv_all_fours(const kv_four_rows *fours);
#else
const kv_weight *kv_dot4(const kv_weight *w, const uint32_t *inputs, uint32_t n, int32_t *sums);
#endif
#endif

#endif
