/* The few operations that all integer arithmetic here is made of. */
#ifndef KV_ARITHMETIC_H
#define KV_ARITHMETIC_H

#include <stdint.h>

/* C99 leaves two things to the compiler, and every compiler we know does them alike; one that does not fails to compile
 * these lines: a negative integer shifts right arithmetically, and a uint32_t beyond 2^31 becomes the int32_t of its bits. */
typedef char kv_right_shift_is_arithmetic[((int32_t)-1 >> 1) == -1 ? 1 : -1];
typedef char kv_conversion_keeps_the_bits[(int32_t)0xFFFFFFFFu == -1 ? 1 : -1];

/* floor(x / 2^n), 0 <= n < 32. */
static inline int32_t kv_asr(int32_t x, uint32_t n)
{
    return x >> n;
}

/* x 2^n, where that fits; a negative x may not be shifted left as it is. */
static inline int32_t kv_shl(int32_t x, uint32_t n)
{
    return (int32_t)((uint32_t)x << n);
}

/* x / 2^n to the nearest, halves up, 1 <= n. */
static inline int32_t kv_rounding_shift(int32_t x, uint32_t n)
{
    return kv_asr(x + ((int32_t)1 << (n - 1)), n);
}

static inline int32_t kv_saturate(int32_t x, int32_t low, int32_t high)
{
    return x < low ? low : x > high ? high : x;
}

static inline int16_t kv_saturate16(int32_t x)
{
    return (int16_t)kv_saturate(x, -32768, 32767);
}

static inline int8_t kv_saturate8(int32_t x)
{
    return (int8_t)kv_saturate(x, -128, 127);
}

#endif
