/* log2 of a band power. */
#include "kv_internal.h"

/* log2(high 2^16 + low) in Q8, of 0 as of 1; high < 2^31, low < 2^16. 33 entries in Q12, linear between. */
int32_t kv_log2(uint32_t high, uint32_t low)
{
    const uint32_t fraction_bits = 15 - KV_LOG_TABLE_BITS, drop = KV_LOG_ENTRY_BITS + fraction_bits - KV_LEVEL_BITS;
    uint32_t word, fraction;
    int32_t octaves, value;
    const uint16_t *entry;
    if (high >= 1u << 15) {
        word = high;
        octaves = 15 + 16;
    } else {
        word = high << 16 | low;
        octaves = 15;
    }
    if (word == 0)
        word = 1;
    /* The mantissa: 16 bits, the first of them 1, rounded down. */
    if (word >= 1u << 16) {
        for (; word >= 1u << 20; word >>= 4)
            octaves += 4;
        for (; word >= 1u << 16; word >>= 1)
            octaves++;
    } else {
        for (; word < 1u << 12; word <<= 4)
            octaves -= 4;
        for (; word < 1u << 15; word <<= 1)
            octaves--;
    }
    entry = kv_log2_mantissa + ((word >> fraction_bits) & ((1u << KV_LOG_TABLE_BITS) - 1));
    fraction = word & ((1u << fraction_bits) - 1);
    value = (int32_t)(((uint32_t)entry[0] << fraction_bits) + (uint32_t)(entry[1] - entry[0]) * fraction);
    return octaves * (1 << KV_LEVEL_BITS) + kv_rounding_shift(value, drop);
}
