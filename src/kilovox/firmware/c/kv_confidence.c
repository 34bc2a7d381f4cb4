/* How sure: the share of the largest logit in the softmax. */
#include "kv_internal.h"

/* 2^-(d log2 e) of a difference d in Q8, as a share of 2^15. Of the fraction f of the exponent in Q8, 2^-f = 1 - 0.672 f +
 * 0.172 f^2. */
static uint32_t exponential(uint32_t below)
{
    uint32_t octaves, fraction;
    if (below > KV_LARGEST_DIFFERENCE)
        below = KV_LARGEST_DIFFERENCE;
    octaves = (below * KV_LOG2_E) >> KV_LOGIT_BITS;
    fraction = octaves & (((uint32_t)1 << KV_LOGIT_BITS) - 1);
    /* At most 23 octaves, no more than a word can shift. */
    return (((uint32_t)1 << KV_POWER_BITS) - KV_POWER_LINEAR * fraction + ((KV_POWER_SQUARE * fraction * fraction) >> KV_LOGIT_BITS)) >>
        (octaves >> KV_LOGIT_BITS);
}

static int32_t q8(int32_t logit)
{
#if KV_HEAD_SHIFT > 0
    return kv_rounding_shift(logit, KV_HEAD_SHIFT);
#else
    return logit;
#endif
}

/* logits: (labels) int32. Returns 0 ... 255. */
uint8_t kv_confidence(const int32_t *logits)
{
    const int32_t largest = q8(logits[kv_largest(logits)]);
    uint32_t total = 0, rest = (uint32_t)255 << KV_POWER_BITS, share = 0, label, bit;
    for (label = 0; label < KV_LABELS; label++)
        total += exponential((uint32_t)largest - (uint32_t)q8(logits[label]));
    /* 255 2^15 / total, rounded down: the largest gives 2^15 of the total, so that eight bits are enough. */
    for (bit = 8; bit-- > 0;) {
        share <<= 1;
        if (rest >> bit >= total) {
            rest -= total << bit;
            share |= 1;
        }
    }
    return (uint8_t)share;
}
