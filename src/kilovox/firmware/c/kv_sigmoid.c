/* Sigmoid, from the table of tanh: 1/2 + 1/2 tanh(x / 2). */
#include "kv_activation.h"

/* x in Q3.12, of any size: beyond int16 it saturates. Returns Q0.15; kv_sigmoid(-x) = 1 - kv_sigmoid(x). */
int32_t kv_sigmoid(int32_t x)
{
    return kv_sigmoid_inline(x);
}
