/* Convolutions before the network, frame by frame, channels side by side. integer.convolution says what each step is. */
#include <stdlib.h>

#include "kv_layer.h"

static size_t frame_bytes(const kv_convolution *l)
{
    return (size_t)l->heard_bands * l->channels;
}

static uint32_t outputs_of(const kv_convolution *l)
{
    return (l->heard_bands + l->band_stride - 1) / l->band_stride;
}

static int convolution_fits(const kv_convolution *l)
{
    const uint32_t sizes[] = {l->rows, l->frames, l->bands, l->frame_stride, l->band_stride, l->channels, l->heard_bands};
    size_t i;
    for (i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (sizes[i] < 1 || sizes[i] > 0xFFFF)
            return 0;
    return l->rows <= KV_MOST_COLUMNS && l->bands % 2 && (!l->depthwise || l->rows == l->channels);
}

/* Whether each layer hears what the one before gives, all bands at once by the last; its bytes are counted in *bytes. */
static int convolutions_fit(const kv_convolution *layers, uint32_t count, size_t *bytes)
{
    const kv_convolution *l;
    *bytes = 0;
    for (l = layers; l != layers + count; l++) {
        if (!convolution_fits(l))
            return 0;
        if (l != layers && frame_bytes(l) != (size_t)outputs_of(l - 1) * l[-1].rows)
            return 0;
        *bytes += l->frames * frame_bytes(l);
    }
    return count > 0;
}

/* sums: (rows) += W x of one band, the first of whose bands is `first`: those beside the bands there are count for nothing. */
static void add_products(const kv_convolution *l, const int8_t *heard, int64_t first, int32_t *restrict sums)
{
    const uint32_t rows = l->rows;
    const int16_t *restrict w = l->weights;
    uint32_t frame, band, channel, row;
    for (frame = 0; frame < l->frames; frame++)
        for (band = 0; band < l->bands; band++) {
            const int64_t place = first + band;
            const int8_t *restrict x;
            if (place < 0 || place >= l->heard_bands) {
                w += (size_t)rows * (l->depthwise ? 1 : l->channels);
                continue;
            }
            x = heard + frame * frame_bytes(l) + (size_t)place * l->channels;
            if (l->depthwise) {
                for (row = 0; row < rows; row++)
                    sums[row] += w[row] * x[row];
                w += rows;
            } else {
                for (channel = 0; channel < l->channels; channel++, w += rows) {
                    const int32_t input = x[channel];
                    if (input)
                        for (row = 0; row < rows; row++)
                            sums[row] += w[row] * input;
                }
            }
        }
}

/* heard: (frames, bands, channels), oldest first -> y: (bands / band_stride, rows). */
static void convolve(const kv_convolution *l, const int8_t *heard, int32_t *sums, int8_t *y)
{
    const uint32_t outputs = outputs_of(l);
    uint32_t output, row;
    for (output = 0; output < outputs; output++) {
        memcpy(sums, l->bias, l->rows * sizeof *sums);
        add_products(l, heard, (int64_t)output * l->band_stride - l->bands / 2, sums);
        for (row = 0; row < l->rows; row++) {
            const int32_t z = sums[row] >> l->shift[row];
            *y++ = (int8_t)(z < l->least ? l->least : z > 127 ? 127 : z);
        }
    }
}

int kv_convolve(const kv_convolution *layers, uint32_t count, const int8_t *features, size_t frames, int8_t *past, size_t bytes,
    uint32_t *skip, int8_t *projected, size_t *completed)
{
    const kv_convolution *const end = layers + count;
    int32_t sums[KV_MOST_COLUMNS];
    size_t needed;
    *completed = 0;
    if (!convolutions_fit(layers, count, &needed) || needed != bytes)
        return 0;
    for (; frames--; features += frame_bytes(layers)) {
        const kv_convolution *l;
        int8_t *heard = past;
        memmove(heard, heard + frame_bytes(layers), (layers->frames - 1) * frame_bytes(layers));
        memcpy(heard + (layers->frames - 1) * frame_bytes(layers), features, frame_bytes(layers));
        for (l = layers; l != end; l++) {
            uint32_t *const left = skip + (l - layers);
            int8_t *const next = heard + l->frames * frame_bytes(l);
            if (*left) {
                --*left;
                break;
            }
            *left = l->frame_stride - 1;
            if (l + 1 == end) {
                convolve(l, heard, sums, projected);
                projected += (size_t)outputs_of(l) * l->rows;
                ++*completed;
            } else {
                memmove(next, next + frame_bytes(l + 1), (l[1].frames - 1) * frame_bytes(l + 1));
                convolve(l, heard, sums, next + (l[1].frames - 1) * frame_bytes(l + 1));
            }
            heard = next;
        }
    }
    return 1;
}
