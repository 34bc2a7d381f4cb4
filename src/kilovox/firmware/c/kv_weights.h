/* How the weights of a layer lie in memory. kilovox_model.c writes them as the signed numbers that they are.
 *
 * Portable: a byte each, + 128, because Cortex-M0 loads unsigned bytes from any offset but signed ones only by two registers.
 * With DSP extension (Cortex-M4 and up): words of four bytes, low byte first; the even bytes + 128, the odd ones in two's
 * complement, so that half a word is 256 odd + (even + 128), a number of 16 bits that SMLAD takes (kv_dot4_dsp.c).
 * GCC for Cortex-M0: the same words, all bytes + 128, in the order that two masks take apart (kv_dot4.c).
 * KV_PORTABLE chooses the portable kernel in any case. All files of one program are compiled for one of these. */
#ifndef KV_WEIGHTS_H
#define KV_WEIGHTS_H

#include <stdint.h>

#include "kilovox_model.h"

#if defined(__ARM_FEATURE_SIMD32) && !defined(KV_PORTABLE) && !KV_POW2 && KV_COLUMNS <= 256
#define KV_DSP 1
#else
#define KV_DSP 0
#endif

#if defined(__GNUC__) && !defined(__clang__) && defined(__thumb__) && !defined(__thumb2__) && !defined(KV_PORTABLE) &&          \
    KV_COLUMNS <= 256
#define KV_THUMB1 1
#else
#define KV_THUMB1 0
#endif

#if KV_DSP
typedef uint32_t kv_weight;
#define KV_ODD(correction) 0 /* gates 1 and 3 are stored without the 128 */
#define KV_4(a, b, c, d)                                                                                                     \
    ((uint32_t)((a) + 128) | (uint32_t)((b) & 255) << 8 | (uint32_t)((c) + 128) << 16 | (uint32_t)((d) & 255) << 24)
#elif KV_THUMB1 && !KV_POW2
typedef uint32_t kv_weight;
#define KV_ODD(correction) (correction)
#define KV_4(a, b, c, d)                                                                                                     \
    ((uint32_t)((a) + 128) | (uint32_t)((c) + 128) << 8 | (uint32_t)((b) + 128) << 16 | (uint32_t)((d) + 128) << 24)
#else
typedef uint8_t kv_weight;
#define KV_ODD(correction) (correction)
#define KV_4(a, b, c, d) (uint8_t)((a) + 128), (uint8_t)((b) + 128), (uint8_t)((c) + 128), (uint8_t)((d) + 128)
#endif

/* Those of a depthwise convolution: signed, or codes of powers of two. */
#if KV_POW2
typedef uint8_t kv_tap;
#else
typedef int8_t kv_tap;
#endif

#endif
