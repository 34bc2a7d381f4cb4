/* Vectors of 32-bit integers: those of GCC and Clang (vector_size), so that this compiles for any processor; where AVX-512 or
 * AVX2 is at hand, gathers and the product of pairs are their own instructions. */
#ifndef KV_LANES_H
#define KV_LANES_H

#include <stdint.h>
#include <string.h>

#if defined(__AVX2__)
#include <immintrin.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#endif

#ifndef LANES
#if defined(__AVX512F__)
#define LANES 16
#else
#define LANES 8
#endif
#endif

typedef int32_t lanes __attribute__((vector_size(4 * LANES)));
typedef uint32_t unsigned_lanes __attribute__((vector_size(4 * LANES)));

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
    return (lanes)((unsigned_lanes)x << (unsigned_lanes)n);
}

/* LANES numbers of 16 bits. */
static inline lanes widened(const int16_t *x)
{
    typedef int16_t halves __attribute__((vector_size(2 * LANES)));
    halves found;
    memcpy(&found, x, sizeof found);
    return __builtin_convertvector(found, lanes);
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
static inline lanes two_entries(const void *table, lanes index)
{
#if defined(__AVX512F__) && LANES == 16
    return (lanes)_mm512_i32gather_epi32((__m512i)index, table, 2);
#elif defined(__AVX2__) && LANES == 8
    return (lanes)_mm256_i32gather_epi32((const int *)table, (__m256i)index, 2);
#else
    uint16_t halves[2 * LANES];
    lanes found;
    int lane;
    for (lane = 0; lane < LANES; lane++)
        memcpy(halves + 2 * lane, (const char *)table + 2 * (size_t)index[lane], 4);
    for (lane = 0; lane < LANES; lane++)
        found[lane] = (int32_t)(halves[2 * lane] | (uint32_t)halves[2 * lane + 1] << 16);
    return found;
#endif
}

/* Entries of int16 between index and index + 1, 2^bits apart, rounded. */
static inline lanes interpolated(const void *table, lanes index, lanes fraction, int32_t bits)
{
    const lanes both = two_entries(table, index), low = up_by(both, splat(16)) >> 16;
    return low + ((((both >> 16) - low) * fraction + (1 << (bits - 1))) >> bits);
}

#endif
