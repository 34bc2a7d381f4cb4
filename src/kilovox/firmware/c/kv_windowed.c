/* First difference, window, block floating point. */
#include "kv_internal.h"

/* Bits of x, 0 for 0. In steps, because a plain loop becomes a count of zeros, which Cortex-M0 must call a library for. */
static int32_t bit_length(uint32_t x)
{
    int32_t bits = 0;
    uint32_t step;
    for (step = 16; step; step >>= 1) {
        if (x >> step) {
            x >>= step;
            bits += (int32_t)step;
        }
    }
    return bits + (int32_t)x;
}

/* The products' bits: OR of p and of ~p where p is negative. The first difference of a frame is 0. */
static uint32_t product_bits(const int16_t *samples)
{
    const int16_t *const middle = samples + KV_WINDOW / 2, *const end = samples + KV_WINDOW;
    const uint16_t *window = kv_half_window + 1;
    int32_t previous = *samples++;
    uint32_t bits = 0;
    for (; samples != middle; samples++) {
        const uint16_t *const entry = window++;
        const int32_t p = (*samples - previous) * KV_READ16(entry);
        previous = *samples;
        bits |= (uint32_t)(p ^ kv_asr(p, 31));
    }
    for (; samples != end; samples++) {
        const uint16_t *const entry = --window;
        const int32_t p = (*samples - previous) * KV_READ16(entry);
        previous = *samples;
        bits |= (uint32_t)(p ^ kv_asr(p, 31));
    }
    return bits;
}

/* No product is 0 but for equal neighbours, for no value of the window is. */
static int constant(const int16_t *samples)
{
    uint32_t n;
    for (n = 1; n < KV_WINDOW; n++)
        if (samples[n] != samples[0])
            return 0;
    return 1;
}

/* samples: (256) int16 -> z: (128, 2) int16, the pairs of samples in bit-reversed order, times 2^-exponent.
 * Returns whether any product was other than 0; if none was, z and exponent are not set. */
int kv_windowed(const int16_t *samples, int16_t (*z)[2], int32_t *exponent)
{
    const uint32_t bits = product_bits(samples);
    const uint8_t *place = kv_bit_reverse, *const middle = kv_bit_reverse + KV_TRANSFORM / 2;
    const uint16_t *window = kv_half_window;
    int32_t previous = samples[0];
    uint32_t down, up;
    if (!bits && constant(samples))
        return 0;
    *exponent = bit_length(bits) - 15;
    down = *exponent > 0 ? (uint32_t)*exponent : 0;
    up = *exponent < 0 ? (uint32_t)-*exponent : 0;
    /* Products again, for 1,024 bytes of them are more than there is room for. */
    for (; place != middle; place++, samples += 2, window += 2) {
        int16_t *pair = z[KV_READ8(place)];
        const int32_t even = samples[0], odd = samples[1];
        pair[0] = (int16_t)kv_shl(kv_asr((even - previous) * KV_READ16(window), down), up);
        pair[1] = (int16_t)kv_shl(kv_asr((odd - even) * KV_READ16(window + 1), down), up);
        previous = odd;
    }
    for (; place != kv_bit_reverse + KV_TRANSFORM; place++, samples += 2) {
        int16_t *pair = z[KV_READ8(place)];
        const int32_t even = samples[0], odd = samples[1];
        window -= 2;
        pair[0] = (int16_t)kv_shl(kv_asr((even - previous) * KV_READ16(window + 1), down), up);
        pair[1] = (int16_t)kv_shl(kv_asr((odd - even) * KV_READ16(window), down), up);
        previous = odd;
    }
    return 1;
}
