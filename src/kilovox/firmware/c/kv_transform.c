/* 128-point discrete Fourier transform, decimated in time, in place: a radix-4 pass and five radix-2 stages. */
#include "kv_internal.h"

/* z: (128, 2), the first two stages at once: (a +- b +- c +- d + 1) >> 2. */
static void first_pass(int16_t (*z)[2])
{
    int16_t (*const end)[2] = z + KV_TRANSFORM;
    for (; z != end; z += 4) {
        const int32_t near_r = (int32_t)z[0][0] + z[1][0] + 1, far_r = (int32_t)z[2][0] + z[3][0];
        const int32_t near_i = (int32_t)z[0][1] + z[1][1] + 1, far_i = (int32_t)z[2][1] + z[3][1];
        const int32_t near_2r = (int32_t)z[0][0] - z[1][0] + 1, far_2r = (int32_t)z[2][0] - z[3][0];
        const int32_t near_2i = (int32_t)z[0][1] - z[1][1] + 1, far_2i = (int32_t)z[2][1] - z[3][1];
        z[0][0] = (int16_t)kv_asr(near_r + far_r, 2);
        z[0][1] = (int16_t)kv_asr(near_i + far_i, 2);
        z[2][0] = (int16_t)kv_asr(near_r - far_r, 2);
        z[2][1] = (int16_t)kv_asr(near_i - far_i, 2);
        /* far times -j */
        z[1][0] = (int16_t)kv_asr(near_2r + far_2i, 2);
        z[1][1] = (int16_t)kv_asr(near_2i - far_2r, 2);
        z[3][0] = (int16_t)kv_asr(near_2r - far_2i, 2);
        z[3][1] = (int16_t)kv_asr(near_2i + far_2r, 2);
    }
}

/* z: (groups, 2, span, 2), step = 128 / span entries of sine: (a 2^14 +- b (cos - j sin) + 2^(13 + shift)) >> (14 + shift). */
static void stage(int16_t *z, uint32_t span, uint32_t step, uint32_t shift)
{
    const uint32_t down = KV_TWIDDLE_BITS + shift;
    const int32_t half = (int32_t)1 << (down - 1);
    const int16_t *const end = z + 2 * KV_TRANSFORM;
    const int16_t *sine = kv_sine, *const last = kv_sine + KV_TRANSFORM;
    for (; sine != last; sine += step, z += 2) {
        const int32_t s = KV_READ16(sine), c = KV_READ16(sine + KV_WINDOW / 4);
        int16_t *a;
        for (a = z; a < end; a += 4 * span) {
            int16_t *b = a + 2 * span;
            const int32_t b_r = b[0], b_i = b[1];
            int32_t centre = a[0] * ((int32_t)1 << KV_TWIDDLE_BITS) + half, turned = b_r * c + b_i * s;
            a[0] = (int16_t)kv_asr(centre + turned, down);
            b[0] = (int16_t)kv_asr(centre - turned, down);
            centre = a[1] * ((int32_t)1 << KV_TWIDDLE_BITS) + half;
            turned = b_i * c - b_r * s;
            a[1] = (int16_t)kv_asr(centre + turned, down);
            b[1] = (int16_t)kv_asr(centre - turned, down);
        }
    }
}

/* The same for the last stages, of many twiddles and few groups: group by group. */
static void late_stage(int16_t *z, uint32_t span, uint32_t step, uint32_t shift)
{
    const uint32_t down = KV_TWIDDLE_BITS + shift;
    const int32_t half = (int32_t)1 << (down - 1);
    const int16_t *const end = z + 2 * KV_TRANSFORM;
    for (; z != end; z += 2 * span) {
        const int16_t *sine = kv_sine;
        for (; sine != kv_sine + KV_TRANSFORM; sine += step, z += 2) {
            int16_t *b = z + 2 * span;
            const int32_t s = KV_READ16(sine), c = KV_READ16(sine + KV_WINDOW / 4), b_r = b[0], b_i = b[1];
            int32_t centre = z[0] * ((int32_t)1 << KV_TWIDDLE_BITS) + half, turned = b_r * c + b_i * s;
            z[0] = (int16_t)kv_asr(centre + turned, down);
            b[0] = (int16_t)kv_asr(centre - turned, down);
            centre = z[1] * ((int32_t)1 << KV_TWIDDLE_BITS) + half;
            turned = b_i * c - b_r * s;
            z[1] = (int16_t)kv_asr(centre + turned, down);
            b[1] = (int16_t)kv_asr(centre - turned, down);
        }
    }
}

/* Returns the exponent: what is in z is 2^-exponent of the transform. */
int32_t kv_transform(kv_front_end_scratch *s)
{
    int32_t exponent = 2;
    uint32_t span, step;
    first_pass(s->bins.z);
    for (span = 4, step = KV_TRANSFORM / 4; step > 1; span *= 2, step /= 2) {
        const uint32_t shift = kv_stage_shift(s);
        if (span < 32)
            stage(s->bins.z[0], span, step, shift);
        else
            late_stage(s->bins.z[0], span, step, shift);
        exponent += (int32_t)shift;
    }
    return exponent;
}
