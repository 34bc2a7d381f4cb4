/* Power spectrum of the real frame from the transform of its even and odd samples, in place. */
#include "kv_internal.h"

static void put_square(uint16_t *bin, int32_t re, int32_t im)
{
    const uint32_t power = (uint32_t)(re * re) + (uint32_t)(im * im);
    bin[0] = (uint16_t)(power & 0xFFFF);
    bin[1] = (uint16_t)(power >> 16);
}

/* bins.z: (128, 2) -> bins.power: (128, 2), bins k and 128 - k together: X[k] = E + W^k O, X[128 - k] = conj(E - W^k O).
 * Bin 0 is 0, for the difference has left no DC. Returns the shift. */
int32_t kv_power(kv_front_end_scratch *s)
{
    const uint32_t shift = kv_stage_shift(s), down = KV_TWIDDLE_BITS + 1 + shift;
    const int32_t half = (int32_t)1 << (down - 1), one = (int32_t)1 << KV_TWIDDLE_BITS;
    const int16_t *sine = kv_sine + 1;
    uint32_t k;
    for (k = 1; k <= KV_TRANSFORM / 2; k++, sine++) {
        const int16_t *a = s->bins.z[k], *b = s->bins.z[KV_TRANSFORM - k];
        const int32_t even_r = (int32_t)a[0] + b[0], even_i = (int32_t)a[1] - b[1];
        const int32_t odd_r = (int32_t)a[1] + b[1], odd_i = (int32_t)b[0] - a[0];
        const int32_t sn = KV_READ16(sine), c = KV_READ16(sine + KV_WINDOW / 4);
        const int32_t turned_r = odd_r * c + odd_i * sn, turned_i = odd_i * c - odd_r * sn;
        const int32_t centre_r = even_r * one + half, centre_i = even_i * one + half;
        put_square(s->bins.power[KV_TRANSFORM - k], kv_asr(centre_r - turned_r, down), kv_asr(centre_i - turned_i, down));
        /* Bin 64 is both: the sum is the one that counts, so it is written last. */
        put_square(s->bins.power[k], kv_asr(centre_r + turned_r, down), kv_asr(centre_i + turned_i, down));
    }
    s->bins.power[0][0] = s->bins.power[0][1] = 0;
    return (int32_t)shift;
}
