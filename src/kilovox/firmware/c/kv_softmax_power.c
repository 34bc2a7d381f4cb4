/* What a logit weighs in the softmax. */
#include "kv_internal.h"

static int32_t q8(int32_t logit)
{
#if KV_HEAD_SHIFT > 0
    return kv_rounding_shift(logit, KV_HEAD_SHIFT);
#else
    return logit;
#endif
}

/* 2^-(d log2 e) of the difference d of a logit and the largest, in Q8: a share of 2^15. Of the fraction f of the exponent in Q8,
 * 2^-f = 1 - 0.672 f + 0.172 f^2. */
uint32_t kv_softmax_power(int32_t logit, int32_t largest)
{
    uint32_t below = (uint32_t)q8(largest) - (uint32_t)q8(logit), octaves, fraction;
    if (below > KV_LARGEST_DIFFERENCE)
        below = KV_LARGEST_DIFFERENCE;
    octaves = (below * KV_LOG2_E) >> KV_LOGIT_BITS;
    fraction = octaves & (((uint32_t)1 << KV_LOGIT_BITS) - 1);
    /* At most 23 octaves, no more than a word can shift. */
    return (((uint32_t)1 << KV_POWER_BITS) - KV_POWER_LINEAR * fraction + ((KV_POWER_SQUARE * fraction * fraction) >> KV_LOGIT_BITS)) >>
        (octaves >> KV_LOGIT_BITS);
}
