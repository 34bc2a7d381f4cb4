/* Levels relative to the running maximum, not below the floor. */
#include "kv_internal.h"

/* levels: (bands) int16, Q8, in place. */
void kv_relative(int16_t *levels, int32_t maximum)
{
    uint32_t band;
    for (band = 0; band < KV_BANDS; band++) {
        int32_t level = levels[band] - maximum;
        if (level < KV_FLOOR)
            level = KV_FLOOR;
#if KV_ABSOLUTE
        level += maximum;
        if (level < KV_ABSOLUTE_FLOOR)
            level = KV_ABSOLUTE_FLOOR;
#endif
        levels[band] = (int16_t)level;
    }
}
