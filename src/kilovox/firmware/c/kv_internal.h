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

/* One layer: n = inputs + KV_UNITS columns.
 * int8: weights, unit by unit, as kv_weights.h stores them; shift: (units, 4).
 * pow2: weights (pairs of columns, units, 4), two codes a byte, the left column's low; shift: (1).
 * bias: (units, 4), with the half that makes the shift round, and (int8) less 128 times the sum of the row's weights. */
typedef struct {
    const kv_weight *weights;
    const int32_t *bias;
    const uint8_t *shift;
    uint16_t inputs;
} kv_layer;

extern const kv_layer kv_layers[KV_LAYERS];
extern const uint16_t kv_tanh_table[KV_TANH_ENTRIES]; /* Q0.15 */
extern const int32_t kv_head_bias[KV_LABELS];
extern const uint8_t kv_thresholds[KV_LABELS]; /* the least confidence with which a label is accepted */
#if KV_POW2
extern const uint8_t kv_head_weights[(KV_UNITS + 1) / 2][KV_LABELS]; /* two codes a byte */
#else
extern const int8_t kv_head_weights[KV_LABELS][KV_UNITS];
#endif

#ifdef KV_DECIMATE
#ifdef KV_FIRST_FACTOR
extern const int16_t kv_first_taps[KV_FIRST_PAIRS + 1]; /* Q15: the middle one, then those of a side */
#endif
extern const int16_t kv_last_taps[KV_LAST_PAIRS + 1];
#endif

extern const uint16_t kv_half_window[KV_WINDOW / 2];
extern const int16_t kv_sine[KV_WINDOW * 3 / 4];
extern const uint8_t kv_bit_reverse[KV_TRANSFORM];
extern const uint8_t kv_mel_starts[KV_BANDS + 2];
extern const uint8_t kv_mel_weights[KV_MEL_BINS];
extern const uint16_t kv_log2_mantissa[(1 << KV_LOG_TABLE_BITS) + 1];
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

/* What a layer is made of. */
int32_t kv_tanh(int32_t x);
int32_t kv_sigmoid(int32_t x);
int8_t kv_cell_update(int32_t z0, int32_t z1, int32_t z2, int32_t z3, int16_t *cell);
#if KV_POW2
void kv_pow2_matvec(const uint8_t *weights, const int8_t *x, uint32_t columns, int32_t *sums, int16_t *pairs);
#else
int32_t kv_widen(const int8_t *xh, uint32_t n, uint32_t *inputs);
#if KV_THUMB1
/* What kv_all_units goes through, in the order in which it keeps it. */
typedef struct {
    int16_t *cell;
    const kv_weight *weights;
    const int32_t *bias;
    const uint8_t *shift;
    int8_t *hidden, *hidden_end;
    const uint8_t *inputs, *sixteens, *pairs; /* the inputs; where the whole sixteens, and the pairs, of them end */
    uint32_t odd;                          /* whether a column is left over */
    int32_t correction;
    uint32_t mask; /* of even bytes */
    int8_t (*update)(int32_t, int32_t, int32_t, int32_t, int16_t *); /* kv_cell_update */
} kv_units;
void kv_all_units(const kv_units *units);
#else
const kv_weight *kv_dot4(const kv_weight *w, const uint32_t *inputs, uint32_t n, int32_t *sums);
#endif
#endif

#endif
