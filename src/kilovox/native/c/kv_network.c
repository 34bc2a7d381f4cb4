/* Frames through the network, the rows of a layer side by side. integer.network says what each step is. */
#include <stdlib.h>

#include "kv_layer.h"

/* sum + w0 x0 + w1 x1, 16 bits each. */
static inline lanes add_pairs(lanes sum, lanes weights, int32_t inputs)
{
#if defined(__AVX512VNNI__) && LANES == 16
    return (lanes)_mm512_dpwssd_epi32((__m512i)sum, (__m512i)weights, _mm512_set1_epi32(inputs));
#elif defined(__AVX512BW__) && LANES == 16
    return sum + (lanes)_mm512_madd_epi16((__m512i)weights, _mm512_set1_epi32(inputs));
#elif defined(__AVX2__) && LANES == 8
    return sum + (lanes)_mm256_madd_epi16((__m256i)weights, _mm256_set1_epi32(inputs));
#else
    const int32_t low = (int16_t)(inputs & 0xFFFF), high = inputs >> 16;
    return sum + (up_by(weights, splat(16)) >> 16) * low + (weights >> 16) * high;
#endif
}

#if KV_NARROW
/* sum + w0 x0 + ... + w3 x3, weights int8, inputs uint8. As unsigned: on the way a sum may pass 2^31, at the end it does not. */
static inline lanes add_fours(lanes sum, lanes weights, int32_t inputs)
{
#if defined(__AVX512VNNI__) && LANES == 16
    return (lanes)_mm512_dpbusd_epi32((__m512i)sum, _mm512_set1_epi32(inputs), (__m512i)weights);
#else
    int32_t place;
    for (place = 0; place < 32; place += 8)
        sum = (lanes)((unsigned_lanes)sum +
            (unsigned_lanes)((up_by(weights, splat(24 - place)) >> 24) * (int32_t)((uint32_t)inputs >> place & 255)));
    return sum;
#endif
}
#endif

static inline lanes tanh_of_size(const int16_t *table, lanes size, int32_t bits)
{
    return interpolated(table, size >> bits, size & ((1 << bits) - 1), bits);
}

static inline lanes tanh_of(const int16_t *table, lanes x)
{
    const lanes sign = x >> 31, size = smaller((x ^ sign) - sign, splat(32767));
    return (tanh_of_size(table, size, KV_TANH_STEP_BITS) ^ sign) - sign;
}

static inline lanes sigmoid_of(const int16_t *table, lanes x)
{
    const lanes sign = x >> 31, size = smaller((x ^ sign) - sign, splat(32767));
    return (((tanh_of_size(table, size, KV_TANH_STEP_BITS + 1) + 1) >> 1) ^ sign) - sign + (1 << (KV_GATE_BITS - 1));
}

/* z: sums of the four gates of LANES units. *cell in Q3.12 is advanced. Returns hidden states, Q0.7. */
static inline lanes cell_update(const int16_t *table, const lanes *z, lanes *cell)
{
    const int32_t down = 2 * KV_GATE_BITS - KV_HIDDEN_BITS;
    lanes c = sigmoid_of(table, z[1]) * *cell +
        ((sigmoid_of(table, z[0]) * tanh_of(table, z[2])) >> (KV_GATE_BITS - KV_CELL_BITS));
    c = (c + (1 << (KV_GATE_BITS - 1))) >> KV_GATE_BITS;
    c = larger(smaller(c, splat(32767)), splat(-32768));
    *cell = c;
    return smaller((sigmoid_of(table, z[3]) * tanh_of(table, c) + (1 << (down - 1))) >> down, splat(127));
}

static inline int32_t word_at(const void *columns, size_t word)
{
    int32_t found;
    memcpy(&found, (const char *)columns + 4 * word, 4);
    return found;
}

/* One frame of one layer. columns: (words) full of them; cell: (blocks) lanes; hidden: (blocks LANES) int8. */
static void step(const kv_layer *layer, const int16_t *table, const void *columns, lanes *cell, int8_t *hidden)
{
    const size_t words = words_of(layer), blocks = blocks_of(layer);
    const lanes *at = layer->packed;
    size_t block, word;
    for (block = 0; block < blocks; block++) {
        const lanes *const shift = at + 4;
        lanes z[4] = {at[0], at[1], at[2], at[3]}, found;
        size_t gate, lane;
        at += BLOCK_HEAD;
#if KV_NARROW
        if (layer->narrow)
            for (word = 0; word < words; word++, at += 4)
                for (gate = 0; gate < 4; gate++)
                    z[gate] = add_fours(z[gate], at[gate], word_at(columns, word));
        else
#endif
            for (word = 0; word < words; word++, at += 4)
                for (gate = 0; gate < 4; gate++)
                    z[gate] = add_pairs(z[gate], at[gate], word_at(columns, word));
        for (gate = 0; gate < 4; gate++)
            z[gate] >>= shift[gate];
        found = cell_update(table, z, &cell[block]);
        for (lane = 0; lane < LANES; lane++)
            hidden[block * LANES + lane] = (int8_t)found[lane];
    }
}

/* Columns [x; h], with which the words are full; the last word is filled up with what has weights of 0. */
static void widen(const kv_layer *layer, const int8_t *x, const int8_t *h, void *columns)
{
    const uint32_t inputs = layer->inputs, units = layer->units;
    uint32_t k;
    if (IN_A_WORD(layer) == 4) {
        uint8_t *const own = columns;
        for (k = 0; k < inputs; k++)
            own[k] = (uint8_t)(x[k] + NARROW_OFFSET);
        for (k = 0; k < units; k++)
            own[inputs + k] = (uint8_t)(h[k] + NARROW_OFFSET);
    } else {
        int16_t *const own = columns;
        for (k = 0; k < inputs; k++)
            own[k] = x[k];
        for (k = 0; k < units; k++)
            own[inputs + k] = h[k];
    }
}

/* Working memory of one call: columns of the widest layer, then cell and hidden states of every layer, whole vectors of each. */
typedef struct {
    void *memory, *columns;
    lanes *cells;
    int8_t *hidden;
} workspace;

static int make_workspace(const kv_network *n, workspace *w)
{
    size_t blocks = 0, widest = 0, bytes, skip;
    uint32_t layer;
    for (layer = 0; layer < n->layer_count; layer++) {
        const kv_layer *l = n->layers + layer;
        if (!layer_fits(l) || !l->packed || (layer && l->inputs != l[-1].units))
            return 0;
        blocks += blocks_of(l);
        widest = words_of(l) > widest ? words_of(l) : widest;
    }
    if (n->layer_count < 1 || n->layer_count > KV_MOST_COLUMNS || n->head_shift > 24 || n->labels < 1)
        return 0;
    bytes = sizeof(lanes) + blocks * (sizeof(lanes) + LANES) + 4 * widest;
    w->memory = calloc(1, bytes);
    if (!w->memory)
        return 0;
    skip = (sizeof(lanes) - (uintptr_t)w->memory % sizeof(lanes)) % sizeof(lanes);
    w->cells = (void *)((char *)w->memory + skip);
    w->columns = w->cells + blocks;
    w->hidden = (int8_t *)w->columns + 4 * widest;
    return 1;
}

/* features: (frames, inputs) int8 through all layers, from the state in `w`. Returns the last layer's hidden state. */
static const int8_t *advance(const kv_network *n, const int8_t *features, size_t frames, workspace *w)
{
    const kv_layer *const end = n->layers + n->layer_count;
    const int8_t *above = w->hidden;
    for (; frames--; features += n->layers->inputs) {
        const kv_layer *layer;
        lanes *cell = w->cells;
        int8_t *hidden = w->hidden;
        above = features;
        for (layer = n->layers; layer != end; layer++) {
            widen(layer, above, hidden, w->columns);
            step(layer, n->tanh_table, w->columns, cell, hidden);
            above = hidden;
            cell += blocks_of(layer);
            hidden += blocks_of(layer) * LANES;
        }
    }
    return above;
}

/* The state of `w` from or to hidden and cell, which hold the units of all layers one after another. */
static void exchange(const kv_network *n, workspace *w, int8_t *hidden, int16_t *cell, int in)
{
    const kv_layer *layer, *const end = n->layers + n->layer_count;
    lanes *own_cell = w->cells;
    int8_t *own_hidden = w->hidden;
    for (layer = n->layers; layer != end; layer++) {
        uint32_t unit;
        memcpy(in ? own_hidden : hidden, in ? hidden : own_hidden, layer->units);
        for (unit = 0; unit < layer->units; unit++)
            if (in)
                own_cell[unit / LANES][unit % LANES] = cell[unit];
            else
                cell[unit] = (int16_t)own_cell[unit / LANES][unit % LANES];
        hidden += layer->units;
        cell += layer->units;
        own_cell += blocks_of(layer);
        own_hidden += blocks_of(layer) * LANES;
    }
}

int kv_advance(const kv_network *n, const int8_t *features, size_t frames, int8_t *hidden, int16_t *cell)
{
    workspace w;
    if (!make_workspace(n, &w))
        return 0;
    exchange(n, &w, hidden, cell, 1);
    advance(n, features, frames, &w);
    exchange(n, &w, hidden, cell, 0);
    free(w.memory);
    return 1;
}

int kv_listen(const kv_network *n, const int8_t *inputs, size_t frames, int8_t *hidden, int16_t *cell, int32_t *logits)
{
    workspace w;
    if (!make_workspace(n, &w))
        return 0;
    exchange(n, &w, hidden, cell, 1);
    for (; frames--; inputs += n->layers->inputs, logits += n->labels)
        kv_head(n, advance(n, inputs, 1, &w), logits);
    exchange(n, &w, hidden, cell, 0);
    free(w.memory);
    return 1;
}

int kv_decide(const kv_network *n, const int8_t *features, size_t frames, int32_t *logits, kv_decision *decision)
{
    workspace w;
    if (frames == 0 || !make_workspace(n, &w))
        return 0;
    kv_head(n, advance(n, features, frames, &w), logits);
    free(w.memory);
    decision->label = kv_largest(n, logits);
    decision->confidence = kv_confidence(n, logits, decision->label);
    return 1;
}
