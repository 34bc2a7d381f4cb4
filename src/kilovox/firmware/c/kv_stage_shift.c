/* By how much a stage of the transform must shift down. */
#include "kv_internal.h"

#if KV_THUMB1

#if KV_TRANSFORM != 128
#error "changes counts 128 words"
#endif

#define KV_ONE_WORD(x) "lsls r6, " x ", #1\n\teors " x ", r6\n\torrs r1, " x "\n\t"
#define KV_FOUR_WORDS "ldmia r0!, {r2-r5}\n\t" KV_ONE_WORD("r2") KV_ONE_WORD("r3") KV_ONE_WORD("r4") KV_ONE_WORD("r5")

/* OR of x ^ 2 x over 128 words from `words` on: LDM loads four at once, which GCC does not see. */
__attribute__((naked)) static uint32_t changes(const uint32_t *words)
{
    (void)words;
    __asm__ volatile(
        ".syntax unified\n\t"
        "push {r4-r7, lr}\n\tmovs r1, #128\n\tlsls r1, r1, #2\n\tadds r1, r0, r1\n\tmov r12, r1\n\tmovs r1, #0\n"
        "1:\n\t" KV_FOUR_WORDS KV_FOUR_WORDS KV_FOUR_WORDS KV_FOUR_WORDS
        "cmp r0, r12\n\tbne 1b\n\t"
        "movs r0, r1\n\tpop {r4-r7, pc}\n\t");
}

#else

static uint32_t changes(const uint32_t *words)
{
    uint32_t bits = 0, k;
    for (k = 0; k < KV_TRANSFORM; k += 4, words += 4) {
        const uint32_t a = words[0], b = words[1], c = words[2], d = words[3];
        bits |= (a ^ (a << 1)) | (b ^ (b << 1)) | (c ^ (c << 1)) | (d ^ (d << 1));
    }
    return bits;
}

#endif

/* bins.z: (128, 2), read as 128 words. Returns 0 where all lie in -2^13 ... 2^13 - 1, 1 where in twice that, else 2.
 * A bit differs from its lower neighbour where x ^ 2 x is 1; bits 15 and 14 of either half tell. */
uint32_t kv_stage_shift(const kv_front_end_scratch *s)
{
    const uint32_t bits = changes(s->bins.power); /* through the union, for it holds z */
    return bits & 0x80008000u ? 2 : bits & 0x40004000u ? 1 : 0;
}
