/* Four dot products, those of one unit's gates or of four channels, over the same inputs: portable kernel, made for Cortex-M0.
 *
 * Weights and inputs are both + 128: sum (w + 128)(x + 128) = sum w x + 128 sum w + 128 sum (x + 128). The second term is in
 * the bias, the third is the same for all rows (`correction`). An input is loaded once for four products; eight columns a
 * turn are as many as the 32 bytes that LDRB reaches. */
#include "kv_internal.h"

#if !KV_DSP

#if KV_THUMB1

/* Cortex-M0 by GCC: a word holds gates 0 and 1 (or 2 and 3) of two columns. Its even bytes are the gates of the left column,
 * 16 bits apart, the odd ones those of the right: one multiplication makes two products. Of p0 + 2^16 p1
 *     both += p0 + 2^16 p1,   high += p1,   s1 = high,   s0 = both - 2^16 high   exactly, modulo 2^32.
 * Eleven instructions for four products, and few loads, each of which takes two cycles.
 * r0 w, r1 x, r2 and r4, r5 words, r3 and r7 inputs, r6 mask, r8 ... r11 both01, high1, both23, high3, r12 and lr ends. */
#define KV_WORD(word, both, high)                                                                                            \
    "lsrs r2, " word ", #8\n\tands " word ", r6\n\tands r2, r6\n\tmuls " word ", r7\n\tmuls r2, r3\n\t"                      \
    "add " both ", " word "\n\tlsrs " word ", " word ", #16\n\tadd " high ", " word "\n\t"                                   \
    "add " both ", r2\n\tlsrs r2, r2, #16\n\tadd " high ", r2\n\t"
#define KV_TWO_COLUMNS(left, right)                                                                                          \
    "ldmia r0!, {r4, r5}\n\tldrb r7, [r1, #" #left "]\n\tldrb r3, [r1, #" #right "]\n\t" KV_WORD("r4", "r8", "r9")           \
        KV_WORD("r5", "r10", "r11")

/* All fours of rows: their dot products, then `update` of each. Between fours everything but the sums is on the stack, as
 * kv_four_rows says, `to` on top: it is the fifth argument. `update` is called by its address, for a name that stands in assembly
 * alone is lost to an optimiser of the whole program. r4 ... r11 are put back here: of r7 GCC makes the frame pointer where it
 * optimises little, and lets nobody name it. */
void kv_all_fours(const kv_four_rows *fours)
{
    register const kv_four_rows *from __asm__("r0") = fours;
    __asm__ volatile(
        ".syntax unified\n\t"
        "push {r4-r7}\n\tmov r3, r8\n\tmov r4, r9\n\tmov r5, r10\n\tmov r6, r11\n\tpush {r3-r6}\n\t"
        "sub sp, #56\n\tmov r1, sp\n\tldmia r0!, {r2-r7}\n\tstmia r1!, {r2-r7}\n\tldmia r0!, {r2-r7}\n\tstmia r1!, {r2-r7}\n\t"
        "ldmia r0!, {r2, r3}\n\tstmia r1!, {r2, r3}\n"
        /* both = s0 + 2^16 s1, high = s1, from the bias less the correction */
        "1:\n\t"
        "ldr r3, [sp, #8]\n\tldmia r3!, {r4-r7}\n\tstr r3, [sp, #8]\n\tldr r2, [sp, #40]\n\t"
        "subs r4, r4, r2\n\tsubs r5, r5, r2\n\tsubs r6, r6, r2\n\tsubs r7, r7, r2\n\tmov r9, r5\n\tmov r11, r7\n\t"
        "lsls r5, r5, #16\n\tadds r4, r4, r5\n\tmov r8, r4\n\tlsls r7, r7, #16\n\tadds r6, r6, r7\n\tmov r10, r6\n\t"
        "ldr r0, [sp, #4]\n\tldr r1, [sp, #24]\n\tldr r6, [sp, #44]\n\t"
        "ldr r3, [sp, #28]\n\tmov r12, r3\n\tldr r3, [sp, #32]\n\tmov lr, r3\n\t"
        "b 3f\n"
        "2:\n\t" KV_TWO_COLUMNS(0, 1) KV_TWO_COLUMNS(2, 3) KV_TWO_COLUMNS(4, 5) KV_TWO_COLUMNS(6, 7) KV_TWO_COLUMNS(8, 9)
            KV_TWO_COLUMNS(10, 11) KV_TWO_COLUMNS(12, 13) KV_TWO_COLUMNS(14, 15)
        "adds r1, #16\n"
        "3:\n\tcmp r1, r12\n\tbeq 5f\n\tb 2b\n" /* BNE does not reach so far back */
        "4:\n\t" KV_TWO_COLUMNS(0, 1)
        "adds r1, #2\n"
        "5:\n\tcmp r1, lr\n\tbne 4b\n\t"
        "ldr r2, [sp, #36]\n\tcmp r2, #0\n\tbeq 6f\n\t"
        /* an odd last column is alone, its four gates in one word: 0 and 1 the even bytes */
        "ldmia r0!, {r4}\n\tldrb r7, [r1]\n\tlsrs r5, r4, #8\n\tands r4, r6\n\tands r5, r6\n\tmuls r4, r7\n\tmuls r5, r7\n\t"
        "add r8, r4\n\tlsrs r4, r4, #16\n\tadd r9, r4\n\tadd r10, r5\n\tlsrs r5, r5, #16\n\tadd r11, r5\n"
        "6:\n\tstr r0, [sp, #4]\n\t"
        "mov r0, r8\n\tmov r1, r9\n\tlsls r2, r1, #16\n\tsubs r0, r0, r2\n\t"
        "mov r2, r10\n\tmov r3, r11\n\tlsls r4, r3, #16\n\tsubs r2, r2, r4\n\t"
        "ldr r4, [sp, #12]\n\tldrb r5, [r4]\n\tasrs r0, r5\n\tldrb r5, [r4, #1]\n\tasrs r1, r5\n\t"
        "ldrb r5, [r4, #2]\n\tasrs r2, r5\n\tldrb r5, [r4, #3]\n\tasrs r3, r5\n\tadds r4, #4\n\tstr r4, [sp, #12]\n\t"
        "ldr r4, [sp, #48]\n\tblx r4\n\t"
        "ldr r1, [sp, #16]\n\tstrb r0, [r1]\n\tadds r1, #1\n\tstr r1, [sp, #16]\n\t"
        "ldr r2, [sp]\n\tldr r3, [sp, #52]\n\tadds r2, r2, r3\n\tstr r2, [sp]\n\tldr r2, [sp, #20]\n\tcmp r1, r2\n\tbeq 7f\n\tb 1b\n"
        "7:\n\tadd sp, #56\n\tpop {r3-r6}\n\tmov r8, r3\n\tmov r9, r4\n\tmov r10, r5\n\tmov r11, r6\n\tpop {r4-r7}\n\t"
        : "+r"(from)
        :
        : "r1", "r2", "r3", "r12", "lr", "cc", "memory");
}

#else

/* Two columns of four gates, 2k and 2k + 1. The bytes lie as (gates 0, 1 of both), (gates 2, 3 of both): kv_dot4_dsp.c. */
#define KV_TWO_COLUMNS(k)                                                                                                    \
    do {                                                                                                                     \
        input = x[2 * (k)];                                                                                                  \
        s0 += KV_READ8(w + 8 * (k)) * input;                                                                                 \
        s1 += KV_READ8(w + 8 * (k) + 1) * input;                                                                             \
        s2 += KV_READ8(w + 8 * (k) + 4) * input;                                                                             \
        s3 += KV_READ8(w + 8 * (k) + 5) * input;                                                                             \
        input = x[2 * (k) + 1];                                                                                              \
        s0 += KV_READ8(w + 8 * (k) + 2) * input;                                                                             \
        s1 += KV_READ8(w + 8 * (k) + 3) * input;                                                                             \
        s2 += KV_READ8(w + 8 * (k) + 6) * input;                                                                             \
        s3 += KV_READ8(w + 8 * (k) + 7) * input;                                                                             \
    } while (0)

/* w: (n, 4) of one unit, inputs: (n) uint8, sums: (4). sums += W x. Returns the weights of the next unit. */
const kv_weight *kv_dot4(const kv_weight *w, const uint32_t *inputs, uint32_t n, int32_t *sums)
{
    const uint8_t *x = (const uint8_t *)inputs;
    /* Signed, so that compilers keep the order written here; unsigned sums GCC sorts by gate, and spills. */
    int32_t s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
    const uint8_t *const eights = x + (n & ~(uint32_t)7), *const twos = x + (n & ~(uint32_t)1);
    int32_t input;
    for (; x != eights; x += 8, w += 32) {
        KV_TWO_COLUMNS(0);
        KV_TWO_COLUMNS(1);
        KV_TWO_COLUMNS(2);
        KV_TWO_COLUMNS(3);
    }
    for (; x != twos; x += 2, w += 8)
        KV_TWO_COLUMNS(0);
    if (n & 1) {
        input = x[0];
        s0 += KV_READ8(w) * input;
        s1 += KV_READ8(w + 1) * input;
        s2 += KV_READ8(w + 2) * input;
        s3 += KV_READ8(w + 3) * input;
        w += 4;
    }
    sums[0] = s0;
    sums[1] = s1;
    sums[2] = s2;
    sums[3] = s3;
    return w;
}

#endif

/* xh: (n) int8 -> inputs: (n) uint8, + 128. Returns 128 times their sum. */
int32_t kv_widen(const int8_t *xh, uint32_t n, uint32_t *inputs)
{
    uint8_t *x = (uint8_t *)inputs;
    int32_t sum = 0;
    uint32_t j;
    for (j = 0; j < n; j++) {
        const int32_t input = xh[j] + 128;
        x[j] = (uint8_t)input;
        sum += input;
    }
    return 128 * sum;
}

#endif
