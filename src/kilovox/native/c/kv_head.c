/* The linear layer on the last state, and what is decided by it. */
#include "kv_layer.h"

/* W h + b: weights (labels, units) int16, hidden (units) int8 -> (labels) int32. */
void kv_head(const kv_network *n, const int8_t *hidden, int32_t *logits)
{
    const uint32_t units = n->layers[n->layer_count - 1].units;
    const int16_t *w = n->head_weights;
    uint32_t label, unit;
    for (label = 0; label < n->labels; label++, w += units) {
        int32_t total = n->head_bias[label];
        for (unit = 0; unit < units; unit++)
            total += w[unit] * hidden[unit];
        logits[label] = total;
    }
}

/* The first of the largest. */
uint32_t kv_largest(const kv_network *n, const int32_t *logits)
{
    uint32_t found = 0, label;
    for (label = 1; label < n->labels; label++)
        if (logits[label] > logits[found])
            found = label;
    return found;
}

static int32_t q8(const kv_network *n, int32_t logit)
{
    return (logit + ((1 << n->head_shift) >> 1)) >> n->head_shift;
}

/* 2^-(d log2 e) of a difference d in Q8, as a share of 2^KV_POWER_BITS: of the fraction f of the exponent, 2^-f = 1 - 0.672 f +
 * 0.172 f^2. */
static uint32_t exponential(uint32_t below)
{
    uint32_t octaves, fraction;
    if (below > KV_LARGEST_DIFFERENCE)
        below = KV_LARGEST_DIFFERENCE;
    octaves = (below * KV_LOG2_E) >> KV_LOGIT_BITS;
    fraction = octaves & ((1u << KV_LOGIT_BITS) - 1);
    /* At most 23 octaves, no more than a word can shift. */
    return ((1u << KV_POWER_BITS) - KV_POWER_LINEAR * fraction + ((KV_POWER_SQUARE * fraction * fraction) >> KV_LOGIT_BITS)) >>
        (octaves >> KV_LOGIT_BITS);
}

/* Share of the largest logit in the softmax, 0 ... 255. */
uint32_t kv_confidence(const kv_network *n, const int32_t *logits, uint32_t largest)
{
    const uint32_t peak = (uint32_t)q8(n, logits[largest]);
    uint64_t total = 0;
    uint32_t label;
    for (label = 0; label < n->labels; label++)
        total += exponential(peak - (uint32_t)q8(n, logits[label]));
    return (uint32_t)((255u << KV_POWER_BITS) / total);
}

uint32_t kv_native_version(void)
{
    return KV_VERSION;
}
