/* The first of the largest logits. */
#include "kv_internal.h"

/* logits: (count) int32. Returns its index. */
uint16_t kv_largest(const int32_t *logits, uint32_t count)
{
    uint16_t best = 0, label;
    for (label = 1; label < count; label++)
        if (logits[label] > logits[best])
            best = label;
    return best;
}
