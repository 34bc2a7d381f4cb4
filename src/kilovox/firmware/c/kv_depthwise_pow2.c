/* A depthwise convolution of powers of two, four channels at a time, of one band: shifts and additions. */
#include "kv_internal.h"

/* x times the weight of a code: +-2^exponent. */
static int32_t product(int32_t x, uint32_t code)
{
    const int32_t size = kv_shl(x, code & 7);
    return code & 8 ? -size : size;
}

/* y = clip((sum W x + b) >> shift, 0, 127) of each channel, over frames and bands of its own.
 * W: (channels / 4, frames and bands / 2, 4) codes, two columns a byte, the left one's low; b and shift: (channels), x: (frames,
 * bands, channels) int8, y: (channels). */
void kv_depthwise(const kv_block *block, const kv_view *view, int8_t *y)
{
    const uint32_t channels = block->channels, bands = block->bands, from = view->from, to = view->to;
    const kv_tap *weights = block->taps;
    const int32_t *bias = block->bias;
    const uint8_t *shift = block->shift;
    const int8_t *const end = y + channels;
    const int8_t *heard = view->past + view->left;
    for (; y != end; y += 4, heard += 4, bias += 4, shift += 4, weights += block->four) {
        int32_t s0 = KV_READ32(bias), s1 = KV_READ32(bias + 1), s2 = KV_READ32(bias + 2), s3 = KV_READ32(bias + 3);
        uint32_t place = view->newest, frame, first = 0;
        for (frame = 0; frame < block->frames; frame++, first += bands) {
            uint32_t column = first + from;
            const uint32_t last = first + to;
            const int8_t *x;
            place += block->frame;
            if (place == block->ring)
                place = 0;
            x = heard + place;
            for (; column != last; column++, x += channels) {
                const kv_tap *const codes = weights + (column >> 1 << 2);
                const uint32_t half = (column & 1) << 2;
                s0 += product(x[0], (uint32_t)KV_READ8(codes) >> half);
                s1 += product(x[1], (uint32_t)KV_READ8(codes + 1) >> half);
                s2 += product(x[2], (uint32_t)KV_READ8(codes + 2) >> half);
                s3 += product(x[3], (uint32_t)KV_READ8(codes + 3) >> half);
            }
        }
        y[0] = (int8_t)kv_saturate(kv_asr(s0, KV_READ8(shift)), 0, 127);
        y[1] = (int8_t)kv_saturate(kv_asr(s1, KV_READ8(shift + 1)), 0, 127);
        y[2] = (int8_t)kv_saturate(kv_asr(s2, KV_READ8(shift + 2)), 0, 127);
        y[3] = (int8_t)kv_saturate(kv_asr(s3, KV_READ8(shift + 3)), 0, 127);
    }
}
