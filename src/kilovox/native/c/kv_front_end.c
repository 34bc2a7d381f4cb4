/* Levels of mel bands, and cepstra of them, LANES frames side by side; whole recordings. */
#include "kv_spectrum.h"

/* log2(high 2^16 + low) in Q8, of 0 as of 1. */
static lanes log2_of(const uint16_t *table, lanes high, lanes low)
{
    const int32_t fraction_bits = 15 - KV_LOG_TABLE_BITS, drop = KV_LOG_ENTRY_BITS + fraction_bits - KV_LEVEL_BITS;
    const lanes is_large = high >= 1 << 15;
    lanes word = pick(is_large, high, up_by(high & 0x7FFF, splat(16)) | low), bits, mantissa, both, entry, fraction, value;
    word = pick(word == 0, splat(1), word);
    bits = bit_lengths(word);
    mantissa = up_by(word >> larger(bits - 16, splat(0)), larger(16 - bits, splat(0)));
    both = two_entries(table, (mantissa >> fraction_bits) & ((1 << KV_LOG_TABLE_BITS) - 1));
    fraction = mantissa & ((1 << fraction_bits) - 1);
    entry = both & 0xFFFF;
    value = (entry << fraction_bits) + (((both >> 16) & 0xFFFF) - entry) * fraction;
    return ((bits - 1 + (is_large & 16)) << KV_LEVEL_BITS) + ((value + (1 << (drop - 1))) >> drop);
}

/* Levels of LANES windows: (bands) lanes, Q8 octaves. */
static void levels_of(const kv_front_end *f, const int16_t *const *windows, lanes *levels)
{
    kv_spectrum s;
    lanes silent, last_high = splat(0), last_low = splat(0);
    const lanes offset = (kv_powers(f, windows, &s, &silent) - KV_LEVEL_EXPONENT) * (2 << KV_LEVEL_BITS);
    const uint8_t *weight = f->mel_weights;
    uint32_t segment, bin;
    for (segment = 0, bin = f->mel_starts[0]; segment <= f->bands; segment++) {
        lanes high = splat(0), low = splat(0), rising_high = splat(0), rising_low = splat(0);
        for (; bin < f->mel_starts[segment + 1]; bin++) {
            const int32_t w = *weight++;
            const lanes upper = s.re[bin] >> 16, lower = s.re[bin] & 0xFFFF;
            high += upper;
            low += lower;
            rising_high += upper * w;
            rising_low += lower * w;
        }
        if (segment) {
            last_high += (high << KV_WEIGHT_BITS) - rising_high;
            last_low += (low << KV_WEIGHT_BITS) - rising_low;
            levels[segment - 1] = pick(silent, splat(KV_LOWEST_LEVEL),
                log2_of(f->log2_mantissa, last_high + (last_low >> 16), last_low & 0xFFFF) + offset);
        }
        last_high = rising_high;
        last_low = rising_low;
    }
}

/* levels (bands) lanes, in place: relative to running maxima, and not below the floors. */
static void relative_to(const kv_front_end *f, lanes maxima, lanes *levels)
{
    uint32_t band;
    for (band = 0; band < f->bands; band++) {
        levels[band] = larger(levels[band] - maxima, splat(f->floor));
        if (f->absolute)
            levels[band] = larger(levels[band] + maxima, splat(f->absolute_floor));
    }
}

/* DCT-II: levels (bands) lanes, spoilt -> cepstra (coefficients) lanes. */
static void dct_of(const kv_front_end *f, lanes *levels, lanes *cepstra)
{
    const int32_t drop = KV_DCT_BITS + KV_LEVEL_BITS - KV_FEATURE_BITS;
    const int16_t *dct = f->half_dct;
    const uint32_t bands = f->bands, half = bands / 2;
    uint32_t row, band;
    for (band = 0; band < half; band++) {
        const lanes left = levels[band], right = levels[bands - 1 - band];
        levels[band] = left + right;
        levels[bands - 1 - band] = left - right;
    }
    for (row = 0; row < f->coefficients; row++) {
        lanes total = splat(1 << (drop - 1));
        for (band = 0; band < half; band++)
            total += levels[row & 1 ? bands - 1 - band : band] * *dct++;
        cepstra[row] = larger(smaller(total >> drop, splat(32767)), splat(-32768));
    }
}

/* levels (bands) lanes, spoilt, and running maxima -> cepstra (coefficients) lanes; levels where there is no DCT. */
static void cepstra_of(const kv_front_end *f, lanes *levels, lanes maxima, lanes *cepstra)
{
    uint32_t band;
    relative_to(f, maxima, levels);
    if (f->half_dct)
        dct_of(f, levels, cepstra);
    else
        for (band = 0; band < f->bands; band++)
            cepstra[band] = levels[band] >> (KV_LEVEL_BITS - KV_FEATURE_BITS);
}

/* Whether sizes and the tables that lead on to others stay within what is reserved here. */
static int fits(const kv_front_end *f)
{
    uint32_t segment;
    if (f->bands < 2 || f->bands > KV_MOST_BANDS || f->bands % 2 || f->coefficients < 1 || f->coefficients > f->bands ||
        (!f->half_dct && f->coefficients != f->bands) || f->hop < 1 || f->hop > KV_WINDOW)
        return 0;
    for (segment = 0; segment <= f->bands; segment++)
        if (f->mel_starts[segment] > f->mel_starts[segment + 1])
            return 0;
    return f->mel_starts[f->bands + 1] <= KV_TRANSFORM;
}

int kv_levels(
    const kv_front_end *f, const int16_t *samples, size_t count, const int64_t *starts, size_t frames, int32_t *levels)
{
    size_t first, frame;
    if (!fits(f))
        return 0;
    for (frame = 0; frame < frames; frame++)
        if (count < KV_WINDOW || starts[frame] < 0 || (uint64_t)starts[frame] > count - KV_WINDOW)
            return 0;
    for (first = 0; first < frames; first += LANES) {
        const size_t here = frames - first < LANES ? frames - first : LANES;
        const int16_t *windows[LANES];
        lanes found[KV_MOST_BANDS];
        size_t lane, band;
        for (lane = 0; lane < LANES; lane++)
            windows[lane] = samples + starts[first + (lane < here ? lane : here - 1)];
        levels_of(f, windows, found);
        for (band = 0; band < f->bands; band++)
            memcpy(levels + band * frames + first, &found[band], here * sizeof *levels);
    }
    return 1;
}

int kv_cepstra(const kv_front_end *f, const int32_t *levels, const int32_t *maxima, size_t frames, int16_t *cepstra)
{
    size_t first;
    if (!fits(f))
        return 0;
    for (first = 0; first < frames; first += LANES) {
        const size_t here = frames - first < LANES ? frames - first : LANES;
        lanes given[KV_MOST_BANDS], found[KV_MOST_BANDS], highest = splat(0);
        size_t lane, row;
        for (row = 0; row < f->bands; row++) {
            given[row] = splat(0);
            memcpy(&given[row], levels + row * frames + first, here * sizeof *levels);
        }
        memcpy(&highest, maxima + first, here * sizeof *maxima);
        cepstra_of(f, given, highest, found);
        for (lane = 0; lane < here; lane++)
            for (row = 0; row < f->coefficients; row++)
                *cepstra++ = (int16_t)found[row][lane];
    }
    return 1;
}

int kv_recording(
    const kv_front_end *f, const int16_t *samples, size_t count, size_t frames, int16_t *cepstra, int32_t *loudest)
{
    int32_t maximum = KV_LOWEST_LEVEL;
    size_t first;
    uint32_t band, row;
    if (!fits(f) || count < KV_WINDOW || frames != (count - KV_WINDOW) / f->hop + 1)
        return 0;
    for (first = 0; first < frames; first += LANES) {
        const size_t here = frames - first < LANES ? frames - first : LANES;
        const int16_t *windows[LANES];
        lanes levels[KV_MOST_BANDS], found[KV_MOST_BANDS], peaks, maxima = splat(0);
        size_t lane;
        for (lane = 0; lane < LANES; lane++)
            windows[lane] = samples + (first + (lane < here ? lane : here - 1)) * f->hop;
        levels_of(f, windows, levels);
        peaks = levels[0];
        for (band = 1; band < f->bands; band++)
            peaks = larger(peaks, levels[band]);
        for (lane = 0; lane < here; lane++) {
            maximum -= f->decay;
            maximum = peaks[lane] > maximum ? peaks[lane] : maximum;
            maxima[lane] = maximum;
            *loudest++ = peaks[lane];
        }
        cepstra_of(f, levels, maxima, found);
        for (lane = 0; lane < here; lane++)
            for (row = 0; row < f->coefficients; row++)
                *cepstra++ = (int16_t)found[row][lane];
    }
    return 1;
}

int kv_quantise(const kv_normalisation *n, const int16_t *cepstra, size_t frames, uint32_t coefficients, int8_t *features)
{
    int32_t half;
    uint32_t k;
    if (n->shift < 1 || n->shift > 24)
        return 0;
    half = 1 << (n->shift - 1);
    for (; frames--; cepstra += coefficients, features += coefficients)
        for (k = 0; k < coefficients; k++) {
            const int32_t x = ((cepstra[k] - n->offset[k]) * n->multiplier[k] + half) >> n->shift;
            features[k] = (int8_t)(x < -128 ? -128 : x > 127 ? 127 : x);
        }
    return 1;
}
