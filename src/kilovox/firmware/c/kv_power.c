/* Power spectrum of the real frame from the transform of its even and odd samples, in place. */
#include "kv_internal.h"

static uint32_t square(int32_t re, int32_t im)
{
    return (uint32_t)(re * re) + (uint32_t)(im * im);
}

/* bins.z: (128, 2) -> bins.power: (128), bins k and 128 - k together: X[k] = E + W^k O, X[128 - k] = conj(E - W^k O).
 * Bin 0 is 0, for the difference has left no DC. Returns the shift. */
int32_t kv_power(kv_front_end_scratch *s)
{
    const uint32_t shift = kv_stage_shift(s), down = KV_TWIDDLE_BITS + 1 + shift;
    const int32_t half = (int32_t)1 << (down - 1);
    const int16_t *sine = kv_sine + 1;
    uint32_t k;
    for (k = 1; k <= KV_TRANSFORM / 2; k++, sine++) {
        const int16_t *a = s->bins.z[k], *b = s->bins.z[KV_TRANSFORM - k];
        const int32_t even_r = a[0] + b[0], even_i = a[1] - b[1];
        const int32_t odd_r = a[1] + b[1], odd_i = b[0] - a[0];
        const int32_t sn = sine[0], c = sine[KV_WINDOW / 4];
        const int32_t turned_r = odd_r * c + odd_i * sn, turned_i = odd_i * c - odd_r * sn;
        const int32_t centre_r = even_r * (1 << KV_TWIDDLE_BITS) + half, centre_i = even_i * (1 << KV_TWIDDLE_BITS) + half;
        const uint32_t high = square(kv_asr(centre_r - turned_r, down), kv_asr(centre_i - turned_i, down));
        s->bins.power[KV_TRANSFORM - k] = high;
        /* Bin 64 is both: the sum is the one that counts, so it is written last. */
        s->bins.power[k] = square(kv_asr(centre_r + turned_r, down), kv_asr(centre_i + turned_i, down));
    }
    s->bins.power[0] = 0;
    return (int32_t)shift;
}
