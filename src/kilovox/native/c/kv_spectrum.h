/* LANES frames side by side: from samples to powers. */
#ifndef KV_SPECTRUM_H
#define KV_SPECTRUM_H

#include "kv_lanes.h"
#include "kv_native.h"

typedef struct {
    lanes re[KV_TRANSFORM], im[KV_TRANSFORM];
} kv_spectrum;

/* windows: (LANES) pointers to KV_WINDOW samples. Powers of bins 0 ... KV_TRANSFORM - 1 come into s->re. Returns the exponent
 * they share; *silent: the lanes whose windows have no difference between samples. */
lanes kv_powers(const kv_front_end *f, const int16_t *const *windows, kv_spectrum *s, lanes *silent);

#endif
