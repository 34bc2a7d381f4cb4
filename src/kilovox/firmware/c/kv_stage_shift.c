/* By how much a stage of the transform must shift down. */
#include "kv_internal.h"

#if KV_THUMB1

#if KV_TRANSFORM != 128
#error "changes takes sixteen words a turn"
#endif

#define KV_ONE_WORD(x) "lsls r6, " x ", #1\n\teors " x ", r6\n\torrs %1, " x "\n\t"
#define KV_FOUR_WORDS "ldmia %0!, {r2-r5}\n\t" KV_ONE_WORD("r2") KV_ONE_WORD("r3") KV_ONE_WORD("r4") KV_ONE_WORD("r5")

/* OR of x ^ 2 x over the pairs: LDM loads four at once, which GCC does not see. */
static uint32_t changes(const kv_front_end_scratch *s)
{
    const uint32_t *words = s->bins.pairs, *const end = words + KV_TRANSFORM;
    uint32_t bits = 0;
    __asm__ volatile(".syntax unified\n"
                     "1:\n\t" KV_FOUR_WORDS KV_FOUR_WORDS KV_FOUR_WORDS KV_FOUR_WORDS
                     "cmp %0, %2\n\tbne 1b\n\t"
                     : "+l"(words), "+l"(bits)
                     : "h"(end)
                     : "r2", "r3", "r4", "r5", "r6", "cc", "memory");
    return bits;
}

#else

/* Each word is read as a member of the union: a plain pointer to uint32_t may not see what was written as int16_t. */
static uint32_t changes(const kv_front_end_scratch *s)
{
    uint32_t bits = 0, k;
    for (k = 0; k < KV_TRANSFORM; k += 4) {
        const uint32_t a = s->bins.pairs[k], b = s->bins.pairs[k + 1], c = s->bins.pairs[k + 2], d = s->bins.pairs[k + 3];
        bits |= (a ^ (a << 1)) | (b ^ (b << 1)) | (c ^ (c << 1)) | (d ^ (d << 1));
    }
    return bits;
}

#endif

/* bins.z: (128, 2), read as 128 words. Returns 0 where all lie in -2^13 ... 2^13 - 1, 1 where in twice that, else 2.
 * A bit differs from its lower neighbour where x ^ 2 x is 1; bits 15 and 14 of either half tell. */
uint32_t kv_stage_shift(const kv_front_end_scratch *s)
{
    const uint32_t bits = changes(s);
    return bits & 0x80008000u ? 2 : bits & 0x40004000u ? 1 : 0;
}
