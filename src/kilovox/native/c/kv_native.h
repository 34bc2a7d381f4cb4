/* What Python calls (kilovox.native.library): the kernels of the integer recogniser for this machine, for any model.
 *
 * Sizes, shifts and tables are arguments: nothing here is compiled for one model. Python has checked every size and table before
 * (kilovox.native.front_end, kilovox.native.network); what could still lead out of an array is checked again here, and such a
 * call does nothing and returns 0. No function keeps anything between calls, so any number of threads may share tables and
 * weights. The same integers as the NumPy engine, which is the specification; tests compare every bit.
 *
 * kv_formats.h is written when this is compiled: the Q formats, as kilovox.frontend and kilovox.integer define them. */
#ifndef KV_NATIVE_H
#define KV_NATIVE_H

#include <stddef.h>
#include <stdint.h>

#include "kv_formats.h"

#if defined(_WIN32)
#define KV_API __declspec(dllexport)
#else
#define KV_API __attribute__((visibility("default")))
#endif

#define KV_TRANSFORM (KV_WINDOW / 2)
#define KV_MOST_BANDS 62
#define KV_MOST_COLUMNS 4096 /* of a layer: inputs and units; far more than a model file may have */

/* frontend.fixed_point.FixedPointMFCC */
typedef struct {
    const int16_t *half_window;    /* (KV_WINDOW / 2) */
    const int16_t *sine;           /* (3 KV_WINDOW / 4) */
    const uint8_t *bit_reverse;    /* (KV_TRANSFORM) */
    const uint8_t *mel_starts;     /* (bands + 2), rising, 1 ... KV_TRANSFORM */
    const uint8_t *mel_weights;    /* (mel_starts[bands + 1] - mel_starts[0]) */
    const uint16_t *log2_mantissa; /* (2^KV_LOG_TABLE_BITS + 1) */
    const int16_t *half_dct;       /* (coefficients, bands / 2); NULL: features are the levels, as many as bands */
    uint32_t hop, bands, coefficients;
    int32_t floor, decay;   /* Q8 octaves; decay a frame */
    int32_t absolute_floor; /* Q8 octaves, where `absolute` */
    uint32_t absolute;
} kv_front_end;

/* One LSTM layer, as kv_pack leaves it. */
typedef struct {
    const void *packed;
    uint32_t inputs, units;
    uint32_t narrow; /* whether every weight fits int8 */
} kv_layer;

/* integer.network.IntegerNetwork */
typedef struct {
    const kv_layer *layers;
    const int16_t *tanh_table;    /* (129) */
    const int16_t *head_weights;  /* (labels, units of the last layer) */
    const int32_t *head_bias;     /* (labels) */
    uint32_t layer_count, labels, head_shift;
} kv_network;

/* integer.convolution.Convolution; the projection is one of a single band, whose channels are all channels of all bands. */
typedef struct {
    const int16_t *weights; /* (frames, bands, channels, rows); of a depthwise one (frames, bands, rows) */
    const int32_t *bias;    /* (rows), with the half that makes the shift round */
    const int32_t *shift;   /* (rows) */
    uint32_t rows, frames, bands, frame_stride, band_stride; /* bands: odd */
    uint32_t channels, heard_bands;                          /* of what it hears */
    uint32_t depthwise;
    int32_t least; /* 0 or -128 */
} kv_convolution;

/* int16 features to int8: ((x - offset) multiplier + half) >> shift, saturated. */
typedef struct {
    const int16_t *offset, *multiplier; /* (coefficients) */
    uint32_t shift;                     /* 1 ... 24 */
} kv_normalisation;

/* label: the first of the largest logits. confidence: 0 ... 255. */
typedef struct {
    uint32_t label, confidence;
} kv_decision;

KV_API uint32_t kv_native_version(void);

/* samples: (count) -> levels: (bands, frames) int32, Q8 octaves, of the windows that begin at starts: (frames). */
KV_API int kv_levels(const kv_front_end *f, const int16_t *samples, size_t count, const int64_t *starts, size_t frames,
    int32_t *levels);

/* levels: (bands, frames) int32 and running maxima: (frames) int32 -> cepstra: (frames, coefficients) int16, Q7 octaves; here and
 * below, of a front end without half_dct, levels relative to the maxima. */
KV_API int kv_cepstra(const kv_front_end *f, const int32_t *levels, const int32_t *maxima, size_t frames, int16_t *cepstra);

/* samples: (count) int16, a whole recording of one window at least -> cepstra: (frames, coefficients) int16 and loudest:
 * (frames) int32, the level of each frame's loudest band. frames must be as many as there are. */
KV_API int kv_recording(
    const kv_front_end *f, const int16_t *samples, size_t count, size_t frames, int16_t *cepstra, int32_t *loudest);

/* cepstra: (frames, coefficients) int16 -> features: (frames, coefficients) int8. */
KV_API int kv_quantise(
    const kv_normalisation *n, const int16_t *cepstra, size_t frames, uint32_t coefficients, int8_t *features);

/* Bytes of a packed layer, 0 for sizes that cannot be. `packed` must be aligned to 64 bytes. */
KV_API size_t kv_packed_bytes(uint32_t inputs, uint32_t units, uint32_t narrow);

/* weights: (4 units, inputs + units) int16, -128 ... 128, rows by unit, then gate; bias, shift: (4 units) int32. */
KV_API int kv_pack(
    void *packed, size_t bytes, const int16_t *weights, const int32_t *bias, const int32_t *shift, const kv_layer *layer);

/* features: (frames, inputs) int8; hidden: (units of all layers) int8 and cell: likewise int16 are advanced. */
KV_API int kv_advance(const kv_network *n, const int8_t *features, size_t frames, int8_t *hidden, int16_t *cell);

/* The same, and the logits after every frame: (frames, labels) int32. */
KV_API int kv_listen(
    const kv_network *n, const int8_t *inputs, size_t frames, int8_t *hidden, int16_t *cell, int32_t *logits);

/* features: (frames, bands) int8 through `count` layers, the last the projection. past: (bytes), of each layer as many frames as
 * its kernel has, (frames, bands, channels), oldest first; skip: (count), frames that each passes over before its next output: both
 * are advanced. -> projected: (*completed, rows of the projection) int8, no more than there are frames. */
KV_API int kv_convolve(const kv_convolution *layers, uint32_t count, const int8_t *features, size_t frames, int8_t *past, size_t bytes,
    uint32_t *skip, int8_t *projected, size_t *completed);

/* features: (frames, inputs) int8, one clip -> logits: (labels) int32, and the decision. */
KV_API int kv_decide(const kv_network *n, const int8_t *features, size_t frames, int32_t *logits, kv_decision *decision);

/* All of it: samples: (count) int16, one window at least -> logits, the decision, and the level of the loudest band of any
 * frame. */
KV_API int kv_recognise(const kv_front_end *f, const kv_normalisation *n, const kv_network *network, const int16_t *samples,
    size_t count, int32_t *loudest, int32_t *logits, kv_decision *decision);

#endif
