/* A part of a whole, of 255. */
#include "kv_internal.h"

/* 255 part / whole, rounded down. part <= whole, 1 <= whole, part < 2^24. */
uint8_t kv_share(uint32_t part, uint32_t whole)
{
    uint32_t rest = (part << 8) - part, share = 0, bit;
    for (bit = 8; bit-- > 0;) {
        share <<= 1;
        if (rest >> bit >= whole) {
            rest -= whole << bit;
            share |= 1;
        }
    }
    return (uint8_t)share;
}
