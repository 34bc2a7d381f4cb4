/* The loudest band so far, slowly forgotten. */
#include "kv_internal.h"

/* max(levels, maximum - decay). levels: (bands) int16, Q8. */
int32_t kv_running_maximum(const int16_t *levels, int32_t maximum)
{
    uint32_t band;
    maximum -= KV_DECAY;
    for (band = 0; band < KV_BANDS; band++)
        if (levels[band] > maximum)
            maximum = levels[band];
    return maximum;
}
