/* A layer's weights, as one frame of the network takes them. */
#ifndef KV_LAYER_H
#define KV_LAYER_H

#include "kv_lanes.h"
#include "kv_native.h"

/* Columns in a word: two of 16 bits; or four of 8, inputs + 128, where there is an instruction whose sums are exact and every
 * weight fits 8 bits (+2^7 does not). -DKV_NARROW=1 without the instruction: for tests. */
#ifndef KV_NARROW
#if defined(__AVX512VNNI__) && LANES == 16
#define KV_NARROW 1
#else
#define KV_NARROW 0
#endif
#endif
#define IN_A_WORD(layer) (KV_NARROW && (layer)->narrow ? 4u : 2u)
#define NARROW_OFFSET 128

/* The place of a column within its word, which is written byte by byte and read as a whole. */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define FIELD(at, in_a_word) ((in_a_word) - 1 - (at) % (in_a_word))
#else
#define FIELD(at, in_a_word) ((at) % (in_a_word))
#endif

/* Packed: for each LANES units, bias of the four gates, shift of the four gates, then word after word of columns, four gates
 * each; units and columns that are none have weights 0. */
#define BLOCK_HEAD 8
static inline size_t words_of(const kv_layer *layer)
{
    return (layer->inputs + layer->units + IN_A_WORD(layer) - 1) / IN_A_WORD(layer);
}

static inline size_t blocks_of(const kv_layer *layer)
{
    return (layer->units + LANES - 1) / LANES;
}

static inline int layer_fits(const kv_layer *layer)
{
    return layer->inputs >= 1 && layer->units >= 1 && layer->inputs <= KV_MOST_COLUMNS && layer->units <= KV_MOST_COLUMNS;
}

/* kv_head.c. hidden: (units of the last layer); logits: (labels). */
void kv_head(const kv_network *n, const int8_t *hidden, int32_t *logits);
uint32_t kv_largest(const kv_network *n, const int32_t *logits);
uint32_t kv_confidence(const kv_network *n, const int32_t *logits, uint32_t largest);

#endif
