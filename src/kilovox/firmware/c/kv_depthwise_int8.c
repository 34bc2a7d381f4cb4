/* A depthwise convolution, four channels at a time, of one band. */
#include "kv_internal.h"

/* y = clip((sum W x + b) >> shift, 0, 127) of each channel, over frames and bands of its own.
 * W: (channels / 4, frames, bands, 4) int8, b and shift: (channels), x: (frames, bands, channels) int8, y: (channels). */
void kv_depthwise(const kv_block *block, const kv_view *view, int8_t *y)
{
    const uint32_t channels = block->channels, bands = block->bands, from = view->from, to = view->to;
    const kv_tap *weights = block->taps;
    const int32_t *bias = block->bias;
    const uint8_t *shift = block->shift;
    const int8_t *const end = y + channels;
    const uint8_t *heard = (const uint8_t *)view->past + view->left;
    for (; y != end; y += 4, heard += 4, bias += 4, shift += 4) {
        int32_t s0 = KV_READ32(bias), s1 = KV_READ32(bias + 1), s2 = KV_READ32(bias + 2), s3 = KV_READ32(bias + 3);
        uint32_t place = view->newest, frame;
        for (frame = 0; frame < block->frames; frame++, weights += 4 * bands) {
            const kv_tap *w = weights + 4 * from, *const last = weights + 4 * to;
            const uint8_t *x; /* none is negative, and Cortex-M0 loads unsigned bytes from any offset */
            place += block->frame;
            if (place == block->ring)
                place = 0;
            x = heard + place;
            for (; w != last; w += 4, x += channels) {
                s0 += (int32_t)KV_READ8(w) * x[0];
                s1 += (int32_t)KV_READ8(w + 1) * x[1];
                s2 += (int32_t)KV_READ8(w + 2) * x[2];
                s3 += (int32_t)KV_READ8(w + 3) * x[3];
            }
        }
        y[0] = (int8_t)kv_saturate(kv_asr(s0, KV_READ8(shift)), 0, 127);
        y[1] = (int8_t)kv_saturate(kv_asr(s1, KV_READ8(shift + 1)), 0, 127);
        y[2] = (int8_t)kv_saturate(kv_asr(s2, KV_READ8(shift + 2)), 0, 127);
        y[3] = (int8_t)kv_saturate(kv_asr(s3, KV_READ8(shift + 3)), 0, 127);
    }
}
