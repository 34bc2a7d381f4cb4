/* Whole recordings on a desktop processor: eight or sixteen frames side by side through the front end, and the rows of a layer side by
 * side through the network. The same integers as the device's kernels, which stay the specification; tests compare every bit.
 *
 * Nothing here is part of a device's program. Vectors are those of GCC and Clang (vector_size), so that it compiles for any
 * processor; where AVX-512 or AVX2 is at hand, gathers and the product of pairs are their own instructions. */
#include <stdlib.h>
#include <string.h>

#include "kv_internal.h"

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
#define LANES 16
#else
#define LANES 8
#endif

typedef int32_t lanes __attribute__((vector_size(4 * LANES)));

static inline lanes splat(int32_t x)
{
    return x - (lanes){0};
}

static inline lanes pick(lanes mask, lanes a, lanes b)
{
    return (mask & a) | (~mask & b);
}

static inline lanes larger(lanes a, lanes b)
{
    return pick(a > b, a, b);
}

static inline lanes smaller(lanes a, lanes b)
{
    return pick(a < b, a, b);
}

/* Negative numbers too: as unsigned, for C leaves their shift undefined. */
static inline lanes up_by(lanes x, lanes n)
{
    typedef uint32_t bits __attribute__((vector_size(4 * LANES)));
    return (lanes)((bits)x << (bits)n);
}

/* Bits of x, 0 for 0. */
static inline lanes bit_lengths(lanes x)
{
    lanes length = splat(0);
    int32_t step;
    for (step = 16; step; step >>= 1) {
        const lanes more = (x >> step) != 0;
        length += more & step;
        x = pick(more, x >> step, x);
    }
    return length + x;
}

/* Entries index and index + 1 of a table of 16 bits, as low and high half. */
static inline lanes two_entries(const uint16_t *table, lanes index)
{
#if defined(__AVX512F__)
    return (lanes)_mm512_i32gather_epi32((__m512i)index, table, 2);
#elif defined(__AVX2__)
    return (lanes)_mm256_i32gather_epi32((const int *)(const void *)table, (__m256i)index, 2);
#else
    lanes found;
    int lane;
    for (lane = 0; lane < LANES; lane++) {
        uint32_t both;
        memcpy(&both, table + index[lane], sizeof both);
        found[lane] = (int32_t)both;
    }
    return found;
#endif
}

static inline lanes interpolated(const uint16_t *table, lanes index, lanes fraction, int32_t bits)
{
    const lanes both = two_entries(table, index), low = both & 0xFFFF;
    return low + (((((both >> 16) & 0xFFFF) - low) * fraction + (1 << (bits - 1))) >> bits);
}

/* ---- Front end ---- */

typedef struct {
    lanes re[KV_TRANSFORM], im[KV_TRANSFORM];
} spectrum;

/* 0 where all lie in -2^13 ... 2^13 - 1, 1 where in twice that, else 2. */
static lanes stage_shifts(const spectrum *s)
{
    lanes bits = splat(0);
    uint32_t k;
    for (k = 0; k < KV_TRANSFORM; k++)
        bits |= (s->re[k] ^ (s->re[k] << 1)) | (s->im[k] ^ (s->im[k] << 1));
    return pick((bits & 0x8000) != 0, splat(2), ((bits & 0x4000) != 0) & 1);
}

/* samples of each lane's window -> spectrum in bit-reversed order, its exponent; whether a lane is silent. */
static lanes windowed(const int16_t *const *windows, spectrum *s, lanes *exponent)
{
    lanes x[KV_WINDOW], bits = splat(0), any = splat(0), down, up;
    uint32_t n;
    int lane;
    for (lane = 0; lane < LANES; lane++)
        for (n = 0; n < KV_WINDOW; n++)
            x[n][lane] = windows[lane][n];
    for (n = KV_WINDOW; n-- > 0;) {
        const int32_t w = kv_half_window[n < KV_WINDOW / 2 ? n : KV_WINDOW - 1 - n];
        x[n] = n ? (x[n] - x[n - 1]) * w : splat(0);
        bits |= x[n] ^ (x[n] >> 31);
        any |= x[n];
    }
    *exponent = bit_lengths(bits) - 15;
    down = larger(*exponent, splat(0));
    up = larger(-*exponent, splat(0));
    for (n = 0; n < KV_TRANSFORM; n++) {
        const uint32_t place = kv_bit_reverse[n];
        s->re[place] = up_by(x[2 * n] >> down, up);
        s->im[place] = up_by(x[2 * n + 1] >> down, up);
    }
    return any == 0;
}

static void first_pass(spectrum *s)
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

static lanes transformed(spectrum *s)
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
                const int32_t sn = kv_sine[k * step], c = kv_sine[k * step + KV_WINDOW / 4];
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

/* Powers of bins 0 ... 127 into s->re. Returns the shift. */
static lanes powers(spectrum *s)
{
    const lanes shift = stage_shifts(s), down = shift + (KV_TWIDDLE_BITS + 1), half = splat(1) << (down - 1);
    uint32_t k;
    for (k = 1; k <= KV_TRANSFORM / 2; k++) {
        const uint32_t other = KV_TRANSFORM - k;
        const lanes even_r = s->re[k] + s->re[other], even_i = s->im[k] - s->im[other];
        const lanes odd_r = s->im[k] + s->im[other], odd_i = s->re[other] - s->re[k];
        const int32_t sn = kv_sine[k], c = kv_sine[k + KV_WINDOW / 4];
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

static lanes log2_of(lanes high, lanes low)
{
    const int32_t fraction_bits = 15 - KV_LOG_TABLE_BITS, drop = KV_LOG_ENTRY_BITS + fraction_bits - KV_LEVEL_BITS;
    const lanes is_large = high >= 1 << 15;
    lanes word = pick(is_large, high, up_by(high & 0x7FFF, splat(16)) | low), bits, mantissa, both, fraction, value;
    word = pick(word == 0, splat(1), word);
    bits = bit_lengths(word);
    mantissa = up_by(word >> larger(bits - 16, splat(0)), larger(16 - bits, splat(0)));
    both = two_entries(kv_log2_mantissa, (mantissa >> fraction_bits) & ((1 << KV_LOG_TABLE_BITS) - 1));
    fraction = mantissa & ((1 << fraction_bits) - 1);
    value = ((both & 0xFFFF) << fraction_bits) + (((both >> 16) & 0xFFFF) - (both & 0xFFFF)) * fraction;
    return ((bits - 1 + (is_large & 16)) << KV_LEVEL_BITS) + ((value + (1 << (drop - 1))) >> drop);
}

/* Levels of LANES frames: (KV_BANDS) lanes, Q8 octaves. */
static void levels_of(const int16_t *const *windows, lanes *levels)
{
    spectrum s;
    lanes exponent, silent = windowed(windows, &s, &exponent), last_high = splat(0), last_low = splat(0), offset;
    const uint8_t *weight = kv_mel_weights;
    uint32_t segment, bin;
    exponent += transformed(&s);
    exponent += powers(&s);
    offset = (exponent - KV_LEVEL_EXPONENT) * (2 << KV_LEVEL_BITS);
    for (segment = 0, bin = kv_mel_starts[0]; segment <= KV_BANDS; segment++) {
        lanes high = splat(0), low = splat(0), rising_high = splat(0), rising_low = splat(0);
        for (; bin < kv_mel_starts[segment + 1]; bin++) {
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
            levels[segment - 1] =
                pick(silent, splat(KV_LOWEST_LEVEL), log2_of(last_high + (last_low >> 16), last_low & 0xFFFF) + offset);
        }
        last_high = rising_high;
        last_low = rising_low;
    }
}

/* levels (KV_BANDS) lanes, spoilt, and running maxima -> cepstra (KV_FEATURES) lanes. */
static void cepstra_of(lanes *levels, lanes maxima, lanes *cepstra)
{
    const int32_t drop = KV_DCT_BITS + KV_LEVEL_BITS - KV_FEATURE_BITS;
    uint32_t row, band;
    for (band = 0; band < KV_BANDS; band++) {
        levels[band] = larger(levels[band] - maxima, splat(KV_FLOOR));
#if KV_ABSOLUTE
        levels[band] = larger(levels[band] + maxima, splat(KV_ABSOLUTE_FLOOR));
#endif
    }
    for (band = 0; band < KV_BANDS / 2; band++) {
        const lanes left = levels[band], right = levels[KV_BANDS - 1 - band];
        levels[band] = left + right;
        levels[KV_BANDS - 1 - band] = left - right;
    }
    for (row = 0; row < KV_FEATURES; row++) {
        lanes total = splat(1 << (drop - 1));
        for (band = 0; band < KV_BANDS / 2; band++)
            total += levels[row & 1 ? KV_BANDS - 1 - band : band] * kv_half_dct[row][band];
        cepstra[row] = larger(smaller(total >> drop, splat(32767)), splat(-32768));
    }
}

/* ---- Network ---- */

#define VECTORS ((KV_UNITS + LANES - 1) / LANES)

/* Columns in a word: two of 16 bits; or four of 8, inputs + 128, where there is an instruction whose sums are exact and weights
 * have 8 bits (+-2^7 has not). */
#if defined(__AVX512VNNI__) && !KV_POW2
#define PER_WORD 4
#else
#define PER_WORD 2
#endif
#if PER_WORD == 4
typedef uint8_t column;
#else
typedef int16_t column;
#endif
#define COLUMN_BITS (32 / PER_WORD)
#define WORDS ((KV_COLUMNS + PER_WORD - 1) / PER_WORD)

/* A layer by gate: row gate VECTORS LANES + unit, rows of no unit 0; PER_WORD columns' weights in one word. */
typedef struct {
    lanes weights[VECTORS][WORDS][4], bias[4 * VECTORS], shift[4 * VECTORS];
    uint32_t words;
} packed_layer;

/* sum + w0 x0 + w1 x1 ..., the columns of a word. */
static inline lanes add_products(lanes sum, lanes weights, int32_t inputs)
{
#if PER_WORD == 4
    return (lanes)_mm512_dpbusd_epi32((__m512i)sum, _mm512_set1_epi32(inputs), (__m512i)weights);
#elif defined(__AVX512VNNI__)
    return (lanes)_mm512_dpwssd_epi32((__m512i)sum, (__m512i)weights, _mm512_set1_epi32(inputs));
#elif defined(__AVX512BW__)
    return sum + (lanes)_mm512_madd_epi16((__m512i)weights, _mm512_set1_epi32(inputs));
#elif defined(__AVX2__)
    return sum + (lanes)_mm256_madd_epi16((__m256i)weights, _mm256_set1_epi32(inputs));
#else
    return sum + ((weights << 16) >> 16) * (int32_t)(int16_t)(inputs & 0xFFFF) + (weights >> 16) * (inputs >> 16);
#endif
}

static int32_t weight_at(const kv_layer *layer, uint32_t unit, uint32_t column, uint32_t columns, uint32_t gate)
{
#if KV_POW2
    const uint8_t both = layer->weights[((column / 2) * KV_UNITS + unit) * 4 + gate];
    const uint32_t code = column & 1 ? both >> 4 : both & 15;
    (void)columns;
    return code & 8 ? -(1 << (code & 7)) : 1 << (code & 7);
#else
    const kv_weight *row = layer->weights + (size_t)unit * 4 * columns;
    if (columns & 1 && column == columns - 1)
        return (int32_t)row[4 * column + gate] - 128;
    return (int32_t)row[8 * (column / 2) + 4 * (gate / 2) + 2 * (column & 1) + (gate & 1)] - 128;
#endif
}

static void pack(packed_layer *packed, uint32_t index)
{
    const kv_layer *layer = &kv_layers[index];
    const uint32_t columns = layer->inputs + (uint32_t)KV_UNITS;
    uint32_t unit, gate, at;
    memset(packed, 0, sizeof *packed);
    packed->words = (columns + PER_WORD - 1) / PER_WORD;
    for (unit = 0; unit < KV_UNITS; unit++)
        for (gate = 0; gate < 4; gate++) {
            const uint32_t row = gate * VECTORS + unit / LANES, lane = unit % LANES;
            int32_t total = 0;
            for (at = 0; at < columns; at++) {
                const int32_t weight = weight_at(layer, unit, at, columns, gate);
                const uint32_t field = (uint32_t)weight & (0xFFFFFFFFu >> (32 - COLUMN_BITS));
                lanes *const word = &packed->weights[unit / LANES][at / PER_WORD][gate];
                (*word)[lane] = (int32_t)((uint32_t)(*word)[lane] | field << COLUMN_BITS * (at % PER_WORD));
                total += weight;
            }
            /* The device's inputs are + 128 in int8, which its bias takes off again; so are ours, four in a word. */
            packed->bias[row][lane] = layer->bias[4 * unit + gate] + (KV_POW2 || PER_WORD == 4 ? 0 : 128 * total);
            packed->shift[row][lane] = layer->shift[KV_POW2 ? 0 : 4 * unit + gate];
        }
}

static inline lanes tanh_of_size(lanes size, int32_t bits)
{
    return interpolated(kv_tanh_table, size >> bits, size & ((1 << bits) - 1), bits);
}

static inline lanes tanh_of(lanes x)
{
    const lanes sign = x >> 31, size = smaller((x ^ sign) - sign, splat(32767));
    return (tanh_of_size(size, KV_TANH_STEP_BITS) ^ sign) - sign;
}

static inline lanes sigmoid_of(lanes x)
{
    const lanes sign = x >> 31, size = smaller((x ^ sign) - sign, splat(32767));
    return (((tanh_of_size(size, KV_TANH_STEP_BITS + 1) + 1) >> 1) ^ sign) - sign + (1 << (KV_GATE_BITS - 1));
}

/* One frame of one layer: inputs (words) of PER_WORD columns; cell: (VECTORS) lanes; hidden: (VECTORS LANES) int8. */
static void step(const packed_layer *layer, const int32_t *inputs, lanes *cell, int8_t *hidden)
{
    uint32_t vector, word, gate, lane;
    for (vector = 0; vector < VECTORS; vector++) {
        lanes z[4], c, h;
        for (gate = 0; gate < 4; gate++)
            z[gate] = layer->bias[gate * VECTORS + vector];
        for (word = 0; word < layer->words; word++)
            for (gate = 0; gate < 4; gate++)
                z[gate] = add_products(z[gate], layer->weights[vector][word][gate], inputs[word]);
        for (gate = 0; gate < 4; gate++)
            z[gate] >>= layer->shift[gate * VECTORS + vector];
        c = sigmoid_of(z[1]) * cell[vector] + ((sigmoid_of(z[0]) * tanh_of(z[2])) >> (KV_GATE_BITS - KV_CELL_BITS));
        c = (c + (1 << (KV_GATE_BITS - 1))) >> KV_GATE_BITS;
        c = larger(smaller(c, splat(32767)), splat(-32768));
        cell[vector] = c;
        h = (sigmoid_of(z[3]) * tanh_of(c) + (1 << (2 * KV_GATE_BITS - KV_HIDDEN_BITS - 1))) >>
            (2 * KV_GATE_BITS - KV_HIDDEN_BITS);
        h = smaller(h, splat(127));
        for (lane = 0; lane < LANES; lane++)
            hidden[vector * LANES + lane] = (int8_t)h[lane];
    }
}

/* Whether vectors are worth it here: without AVX2 the device's kernels are faster. */
int kv_host_is_fast(void)
{
#if defined(__AVX2__)
    return 1;
#else
    return 0;
#endif
}

/* What the calls of one model share: its weights, packed. Aligned to a vector. */
size_t kv_host_packed_bytes(void)
{
    return KV_LAYERS * sizeof(packed_layer);
}

void kv_host_pack(packed_layer *packed)
{
    uint32_t layer;
    for (layer = 0; layer < KV_LAYERS; layer++)
        pack(packed + layer, layer);
}

static void decide(const int8_t *hidden, int32_t *logits, uint8_t *label_and_confidence)
{
    const uint16_t label = (kv_head(hidden, logits), kv_largest(logits));
    label_and_confidence[0] = (uint8_t)(label & 255);
    label_and_confidence[1] = (uint8_t)(label >> 8);
    label_and_confidence[2] = kv_confidence(logits);
}

/* features: (frames, KV_FEATURES) int8 through the network alone. */
void kv_host_fast_features(
    const packed_layer *packed, const int8_t *features, size_t frames, int32_t *logits, uint8_t *label_and_confidence)
{
    int8_t hidden[KV_LAYERS][VECTORS * LANES] = {{0}};
    lanes cell[KV_LAYERS][VECTORS] = {{{0}}};
    union {
        column columns[PER_WORD * WORDS];
        int32_t words[WORDS];
    } inputs;
    const int32_t offset = PER_WORD == 4 ? 128 : 0;
    for (; frames--; features += KV_FEATURES) {
        uint32_t layer, k;
        for (layer = 0; layer < KV_LAYERS; layer++) {
            const uint32_t above = kv_layers[layer].inputs;
            const int8_t *from = layer ? hidden[layer - 1] : features;
            memset(&inputs, 0, sizeof inputs);
            for (k = 0; k < above; k++)
                inputs.columns[k] = (column)(from[k] + offset);
            for (k = 0; k < KV_UNITS; k++)
                inputs.columns[above + k] = (column)(hidden[layer][k] + offset);
            step(packed + layer, inputs.words, cell[layer], hidden[layer]);
        }
    }
    decide(hidden[KV_LAYERS - 1], logits, label_and_confidence);
}

/* samples: (count) int16, filled up with zeros to one window at least -> cepstra: (frames, KV_FEATURES) int16 and, where asked
 * for, loudest: (frames) int16, the level of each frame's loudest band. Returns the frames; 0 where memory is out. */
size_t kv_host_fast_cepstra(const int16_t *samples, size_t count, int16_t *cepstra, int16_t *loudest)
{
    const size_t frames = count < KV_WINDOW ? count > 0 : (count - KV_WINDOW) / KV_HOP + 1;
    int16_t short_one[KV_WINDOW] = {0};
    int32_t maximum = KV_LOWEST_LEVEL;
    size_t first;
    uint32_t band, row;
    if (count < KV_WINDOW) {
        memcpy(short_one, samples, count * sizeof *samples);
        samples = short_one;
    }
    for (first = 0; first < frames; first += LANES) {
        const size_t here = frames - first < LANES ? frames - first : LANES;
        const int16_t *windows[LANES];
        lanes levels[KV_BANDS], found[KV_FEATURES], peaks, maxima = splat(0);
        uint32_t lane;
        for (lane = 0; lane < LANES; lane++)
            windows[lane] = samples + (first + (lane < here ? lane : here - 1)) * KV_HOP;
        levels_of(windows, levels);
        peaks = levels[0];
        for (band = 1; band < KV_BANDS; band++)
            peaks = larger(peaks, levels[band]);
        for (lane = 0; lane < here; lane++) {
            maximum -= KV_DECAY;
            maximum = peaks[lane] > maximum ? peaks[lane] : maximum;
            maxima[lane] = maximum;
            if (loudest)
                *loudest++ = (int16_t)peaks[lane];
        }
        cepstra_of(levels, maxima, found);
        for (lane = 0; lane < here; lane++)
            for (row = 0; row < KV_FEATURES; row++)
                *cepstra++ = (int16_t)found[row][lane];
    }
    return frames;
}

#if !KV_WORDS
/* samples: (count) int16, a whole recording. Returns the frames. scratch: (frames, 3 KV_FEATURES) bytes. */
size_t kv_host_fast_recording(const packed_layer *packed, const int16_t *samples, size_t count, int16_t *scratch,
    int32_t *logits, uint8_t *label_and_confidence)
{
    const size_t frames = kv_host_fast_cepstra(samples, count, scratch, NULL);
    int8_t *features = (int8_t *)(scratch + frames * KV_FEATURES);
    size_t frame;
    for (frame = 0; frame < frames; frame++)
        kv_quantise(scratch + frame * KV_FEATURES, features + frame * KV_FEATURES);
    kv_host_fast_features(packed, features, frames, logits, label_and_confidence);
    return frames;
}
#endif
