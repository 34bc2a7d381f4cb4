/* log2 of a band power. */
#include "kv_internal.h"

/* log2(high 2^16 + low) in Q8, of 0 as of 1; high < 2^31, low < 2^16. 33 entries in Q12, linear between. */
int32_t kv_log2(uint32_t high, uint32_t low)
{
    const uint32_t fraction_bits = 15 - KV_LOG_TABLE_BITS, drop = KV_LOG_ENTRY_BITS + fraction_bits - KV_LEVEL_BITS;
    uint32_t word, fraction, low_entry;
    int32_t octaves, value;
    const uint16_t *entry;
    if (high >= (uint32_t)1 << 15) {
        word = high;
        octaves = 15 + 16;
    } else {
        word = high << 16 | low;
        octaves = 15;
    }
    if (word == 0)
        word = 1;
    /* The mantissa: 16 bits, the first of them 1, rounded down. */
    if (word >= (uint32_t)1 << 16) {
        for (; word >= (uint32_t)1 << 20; word >>= 4)
            octaves += 4;
        for (; word >= (uint32_t)1 << 16; word >>= 1)
            octaves++;
    } else {
        for (; word < (uint32_t)1 << 12; word <<= 4)
            octaves -= 4;
        for (; word < (uint32_t)1 << 15; word <<= 1)
            octaves--;
    }
    entry = kv_log2_mantissa + ((word >> fraction_bits) & (((uint32_t)1 << KV_LOG_TABLE_BITS) - 1));
    fraction = word & (((uint32_t)1 << fraction_bits) - 1);
    low_entry = KV_READ16(entry);
    value = (int32_t)((low_entry << fraction_bits) + (KV_READ16(entry + 1) - low_entry) * fraction);
    return octaves * ((int32_t)1 << KV_LEVEL_BITS) + kv_rounding_shift(value, drop);
}
