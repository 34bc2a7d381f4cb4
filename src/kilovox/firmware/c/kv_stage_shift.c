/* By how much a stage of the transform must shift down. */
#include "kv_internal.h"

/* bins.z: (128, 2), read as 128 words. Returns 0 where all lie in -2^13 ... 2^13 - 1, 1 where in twice that, else 2.
 * A bit differs from its lower neighbour where x ^ 2 x is 1; bits 15 and 14 of either half tell. */
uint32_t kv_stage_shift(const kv_front_end_scratch *s)
{
    uint32_t bits = 0, k;
    for (k = 0; k < KV_TRANSFORM; k += 4) {
        /* Through the union, for it holds z. */
        const uint32_t a = s->bins.power[k], b = s->bins.power[k + 1], c = s->bins.power[k + 2], d = s->bins.power[k + 3];
        bits |= (a ^ (a << 1)) | (b ^ (b << 1)) | (c ^ (c << 1)) | (d ^ (d << 1));
    }
    return bits & 0x80008000u ? 2 : bits & 0x40004000u ? 1 : 0;
}
