/* Windows to power spectra, LANES frames side by side; frontend.fixed_point_stages says what each step is. */
#include "kv_spectrum.h"

/* Of each lane: 0 where all lie in -2^13 ... 2^13 - 1, 1 where in twice that, else 2. */
static lanes stage_shifts(const kv_spectrum *s)
{
    lanes bits = splat(0);
    uint32_t k;
    for (k = 0; k < KV_TRANSFORM; k++)
        bits |= (s->re[k] ^ (s->re[k] << 1)) | (s->im[k] ^ (s->im[k] << 1));
    return pick((bits & 0x8000) != 0, splat(2), ((bits & 0x4000) != 0) & 1);
}

#if defined(__SSE2__)
/* Columns of eight rows of eight, each LANES from the next. */
static inline void transpose_eight(const int16_t *const *rows, uint32_t from, int16_t *columns)
{
    __m128i a[8], b[8];
    int i;
    for (i = 0; i < 8; i++)
        a[i] = _mm_loadu_si128((const __m128i *)(const void *)(rows[i] + from));
    for (i = 0; i < 4; i++) {
        b[2 * i] = _mm_unpacklo_epi16(a[i], a[i + 4]);
        b[2 * i + 1] = _mm_unpackhi_epi16(a[i], a[i + 4]);
    }
    for (i = 0; i < 4; i++) {
        a[2 * i] = _mm_unpacklo_epi16(b[i], b[i + 4]);
        a[2 * i + 1] = _mm_unpackhi_epi16(b[i], b[i + 4]);
    }
    for (i = 0; i < 4; i++) {
        _mm_storeu_si128((__m128i *)(void *)(columns + 2 * i * LANES), _mm_unpacklo_epi16(a[i], a[i + 4]));
        _mm_storeu_si128((__m128i *)(void *)(columns + (2 * i + 1) * LANES), _mm_unpackhi_epi16(a[i], a[i + 4]));
    }
}
#endif

/* The windows' samples one after another, LANES of each: x[n][lane] = windows[lane][n]. */
static void side_by_side(const int16_t *const *windows, int16_t x[KV_WINDOW][LANES])
{
    uint32_t n, lane;
#if defined(__SSE2__)
    for (lane = 0; lane < LANES; lane += 8)
        for (n = 0; n < KV_WINDOW; n += 8)
            transpose_eight(windows + lane, n, &x[n][lane]);
#else
    for (lane = 0; lane < LANES; lane++)
        for (n = 0; n < KV_WINDOW; n++)
            x[n][lane] = windows[lane][n];
#endif
}

/* Spectrum in bit-reversed order, its exponent; the lanes that are silent. */
static lanes windowed(const kv_front_end *f, const int16_t *const *windows, kv_spectrum *s, lanes *exponent)
{
    int16_t samples[KV_WINDOW][LANES];
    lanes x[KV_WINDOW], bits = splat(0), any = splat(0), down, up, before;
    uint32_t n;
    side_by_side(windows, samples);
    before = widened(samples[0]);
    for (n = 0; n < KV_WINDOW; n++) {
        const lanes now = widened(samples[n]);
        x[n] = (now - before) * f->half_window[n < KV_WINDOW / 2 ? n : KV_WINDOW - 1 - n];
        before = now;
        bits |= x[n] ^ (x[n] >> 31);
        any |= x[n];
    }
    *exponent = bit_lengths(bits) - 15;
    down = larger(*exponent, splat(0));
    up = larger(-*exponent, splat(0));
    for (n = 0; n < KV_TRANSFORM; n++) {
        const uint32_t place = f->bit_reverse[n] % KV_TRANSFORM;
        s->re[place] = up_by(x[2 * n] >> down, up);
        s->im[place] = up_by(x[2 * n + 1] >> down, up);
    }
    return any == 0;
}

/* The first two stages at once, without products. */
static void first_pass(kv_spectrum *s)
{
    uint32_t k;
    for (k = 0; k < KV_TRANSFORM; k += 4) {
        lanes *const r = s->re + k, *const i = s->im + k;
        const lanes near_r = r[0] + r[1] + 1, far_r = r[2] + r[3], near_i = i[0] + i[1] + 1, far_i = i[2] + i[3];
        const lanes near_2r = r[0] - r[1] + 1, far_2r = r[2] - r[3], near_2i = i[0] - i[1] + 1, far_2i = i[2] - i[3];
        r[0] = (near_r + far_r) >> 2;
        i[0] = (near_i + far_i) >> 2;
        r[2] = (near_r - far_r) >> 2;
        i[2] = (near_i - far_i) >> 2;
        r[1] = (near_2r + far_2i) >> 2;
        i[1] = (near_2i - far_2r) >> 2;
        r[3] = (near_2r - far_2i) >> 2;
        i[3] = (near_2i + far_2r) >> 2;
    }
}

/* The other stages, each scaled as its lane needs. Returns the exponent. */
static lanes transformed(const kv_front_end *f, kv_spectrum *s)
{
    lanes exponent = splat(2);
    uint32_t span, step;
    first_pass(s);
    for (span = 4, step = KV_TRANSFORM / 4; step > 1; span *= 2, step /= 2) {
        const lanes shift = stage_shifts(s), down = shift + KV_TWIDDLE_BITS, half = splat(1) << (down - 1);
        uint32_t group, k;
        for (group = 0; group < KV_TRANSFORM; group += 2 * span)
            for (k = 0; k < span; k++) {
                lanes *const a_r = s->re + group + k, *const a_i = s->im + group + k;
                const lanes b_r = a_r[span], b_i = a_i[span];
                const int32_t sn = f->sine[k * step], c = f->sine[k * step + KV_WINDOW / 4];
                const lanes turned_r = b_r * c + b_i * sn, turned_i = b_i * c - b_r * sn;
                const lanes centre_r = *a_r * (1 << KV_TWIDDLE_BITS) + half, centre_i = *a_i * (1 << KV_TWIDDLE_BITS) + half;
                *a_r = (centre_r + turned_r) >> down;
                a_r[span] = (centre_r - turned_r) >> down;
                *a_i = (centre_i + turned_i) >> down;
                a_i[span] = (centre_i - turned_i) >> down;
            }
        exponent += shift;
    }
    return exponent;
}

/* Powers of the real frame, bins k and KV_TRANSFORM - k together, into s->re. Returns the shift. */
static lanes real_powers(const kv_front_end *f, kv_spectrum *s)
{
    const lanes shift = stage_shifts(s), down = shift + (KV_TWIDDLE_BITS + 1), half = splat(1) << (down - 1);
    uint32_t k;
    for (k = 1; k <= KV_TRANSFORM / 2; k++) {
        const uint32_t other = KV_TRANSFORM - k;
        const lanes even_r = s->re[k] + s->re[other], even_i = s->im[k] - s->im[other];
        const lanes odd_r = s->im[k] + s->im[other], odd_i = s->re[other] - s->re[k];
        const int32_t sn = f->sine[k], c = f->sine[k + KV_WINDOW / 4];
        const lanes turned_r = odd_r * c + odd_i * sn, turned_i = odd_i * c - odd_r * sn;
        const lanes centre_r = even_r * (1 << KV_TWIDDLE_BITS) + half, centre_i = even_i * (1 << KV_TWIDDLE_BITS) + half;
        const lanes high_r = (centre_r - turned_r) >> down, high_i = (centre_i - turned_i) >> down;
        const lanes low_r = (centre_r + turned_r) >> down, low_i = (centre_i + turned_i) >> down;
        s->re[other] = high_r * high_r + high_i * high_i;
        s->re[k] = low_r * low_r + low_i * low_i;
    }
    s->re[0] = splat(0);
    return shift;
}

lanes kv_powers(const kv_front_end *f, const int16_t *const *windows, kv_spectrum *s, lanes *silent)
{
    lanes exponent;
    *silent = windowed(f, windows, s, &exponent);
    exponent += transformed(f, s);
    exponent += real_powers(f, s);
    return exponent;
}
