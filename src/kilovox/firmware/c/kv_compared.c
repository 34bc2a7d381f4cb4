/* How sure a label is, compared with other words. */
#include "kv_internal.h"

/* Its share of itself and others, of 255, rounded down. */
uint8_t kv_compared(uint8_t share, uint8_t others)
{
    const uint32_t both = (uint32_t)share + others;
    return kv_share(share, both ? both : 1);
}
