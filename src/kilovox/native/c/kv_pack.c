/* Weights of a layer, once, in the order in which vectors take them. */
#include "kv_layer.h"

size_t kv_packed_bytes(uint32_t inputs, uint32_t units, uint32_t narrow)
{
    const kv_layer layer = {NULL, inputs, units, narrow};
    if (!layer_fits(&layer))
        return 0;
    return blocks_of(&layer) * (BLOCK_HEAD + 4 * words_of(&layer)) * sizeof(lanes);
}

int kv_pack(
    void *packed, size_t bytes, const int16_t *weights, const int32_t *bias, const int32_t *shift, const kv_layer *layer)
{
    const uint32_t columns = layer->inputs + layer->units, in_a_word = IN_A_WORD(layer), bits = 32 / in_a_word;
    const size_t words = words_of(layer), block = BLOCK_HEAD + 4 * words;
    uint32_t unit, gate, at;
    lanes *const all = packed;
    if (!layer_fits(layer) || bytes != kv_packed_bytes(layer->inputs, layer->units, layer->narrow) ||
        (uintptr_t)packed % sizeof(lanes))
        return 0;
    memset(packed, 0, bytes);
    for (unit = 0; unit < layer->units; unit++)
        for (gate = 0; gate < 4; gate++) {
            lanes *const own = all + unit / LANES * block;
            const size_t row = 4 * (size_t)unit + gate;
            const uint32_t lane = unit % LANES;
            const int32_t down = shift[row];
            int32_t total = 0;
            if (down < 0 || down > 24)
                return 0;
            for (at = 0; at < columns; at++) {
                const int32_t weight = weights[row * columns + at];
                lanes *const word = own + BLOCK_HEAD + 4 * (at / in_a_word) + gate;
                const uint32_t field = (uint32_t)weight & (0xFFFFFFFFu >> (32 - bits));
                if (weight < -128 || weight > 128 || (in_a_word == 4 && weight == 128))
                    return 0;
                (*word)[lane] = (int32_t)((uint32_t)(*word)[lane] | field << bits * FIELD(at, in_a_word));
                total += weight;
            }
            /* Half a unit, for the shift to round; and what inputs + 128 bring too much. */
            own[gate][lane] = (int32_t)((uint32_t)bias[row] + (((uint32_t)1 << down) >> 1) -
                (in_a_word == 4 ? NARROW_OFFSET * (uint32_t)total : 0));
            own[4 + gate][lane] = down;
        }
    return 1;
}
