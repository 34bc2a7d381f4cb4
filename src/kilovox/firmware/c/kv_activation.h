/* The activations, from one table of tanh on 0 ... 8, interpolated. Inline, for a unit takes five of them. */
#ifndef KV_ACTIVATION_H
#define KV_ACTIVATION_H

#include "kv_internal.h"

/* tanh of size / 2^(4 + step_bits), size in 0 ... 128 << step_bits less 1. Returns Q0.15. */
static inline int32_t kv_tanh_of_size(uint32_t size, uint32_t step_bits)
{
    const uint16_t *entry = kv_tanh_table + (size >> step_bits);
    const int32_t fraction = (int32_t)(size & (((uint32_t)1 << step_bits) - 1)), low = KV_READ16(entry);
    return low + kv_rounding_shift((KV_READ16(entry + 1) - low) * fraction, step_bits);
}

/* x in Q3.12, of any size: beyond int16 it saturates. Returns Q0.15, odd in x. */
static inline int32_t kv_tanh_inline(int32_t x)
{
    const int32_t sign = kv_asr(x, 31);
    uint32_t size = (uint32_t)((x ^ sign) - sign);
    if (size >> 15)
        size = 32767;
    return (kv_tanh_of_size(size, KV_TANH_STEP_BITS) ^ sign) - sign;
}

/* The same for 1/2 + 1/2 tanh(x / 2): kv_sigmoid(-x) = 1 - kv_sigmoid(x). */
static inline int32_t kv_sigmoid_inline(int32_t x)
{
    const int32_t sign = kv_asr(x, 31);
    uint32_t size = (uint32_t)((x ^ sign) - sign);
    if (size >> 15)
        size = 32767;
    return ((int32_t)1 << (KV_GATE_BITS - 1)) + ((((kv_tanh_of_size(size, KV_TANH_STEP_BITS + 1) + 1) >> 1) ^ sign) - sign);
}

#endif
