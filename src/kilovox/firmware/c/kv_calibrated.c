/* What a confidence of a network that listens is worth: integer/calibration.py in C. */
#include "kv_internal.h"

/* sure, of 255: from the shares of right ones at every 16th, linear between, rounded half up. */
uint8_t kv_calibrated(uint8_t sure)
{
    const uint16_t *const knot = kv_knots + (sure >> KV_KNOT_BITS);
    const int32_t low = KV_READ16(knot), rise = KV_READ16(knot + 1) - low, beyond = sure & ((1 << KV_KNOT_BITS) - 1);
    return (uint8_t)(low + kv_rounding_shift(rise * beyond, KV_KNOT_BITS));
}
