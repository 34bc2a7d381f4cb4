/* tanh, from a table on 0 ... 8, interpolated. */
#include "kv_activation.h"

/* x in Q3.12, of any size: beyond int16 it saturates. Returns Q0.15, odd in x. */
int32_t kv_tanh(int32_t x)
{
    return kv_tanh_inline(x);
}
