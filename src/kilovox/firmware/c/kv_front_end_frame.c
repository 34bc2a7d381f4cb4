/* The front end: one window of samples to cepstra, or levels. docs/arithmetic.md derives every width. */
#include "kv_internal.h"

/* r->samples: (KV_WINDOW) int16 -> cepstra (of KV_LEVELS, levels): (KV_FEATURES) int16 in Q7 octaves. Advances the running
 * maximum; notes whether the samples are not all equal. */
void kv_front_end_frame(kv_recogniser *r, int16_t *cepstra)
{
    kv_front_end_scratch *s = &r->scratch.front_end;
    int32_t exponent;
    if (kv_windowed(r->samples, s->bins.z, &exponent)) {
        exponent += kv_transform(s);
        exponent += kv_power(s);
        kv_mel_levels(s, exponent);
        r->stage |= KV_HEARD;
    } else {
        uint32_t band;
        for (band = 0; band < KV_BANDS; band++)
            s->levels[band] = KV_LOWEST_LEVEL;
    }
#if KV_WORDS
    r->loudest = (int16_t)kv_running_maximum(s->levels, KV_LOWEST_LEVEL + KV_DECAY);
#endif
    r->maximum = kv_running_maximum(s->levels, r->maximum);
    kv_relative(s->levels, r->maximum);
#if KV_LEVELS
    kv_level_features(s->levels, cepstra);
#else
    kv_cepstra(s->levels, cepstra);
#endif
}
