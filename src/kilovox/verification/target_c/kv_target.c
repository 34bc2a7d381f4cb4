/* What kilovox verify starts from: one recogniser, and where its fields are. No part of a device's program; its code lies in a
 * section of its own and is not counted. */
#include "kilovox.h"

#ifdef __ELF__
#define KV_SECTION(name) __attribute__((section(name)))
#else
#define KV_SECTION(name)
#endif

extern kv_recogniser kv_target_ear;
extern kv_decision kv_target_decision;
kv_recogniser kv_target_ear;
kv_decision kv_target_decision;

#if KV_LISTENS
#define KV_NEWEST offsetof(kv_recogniser, newest)
#else
#define KV_NEWEST 0
#endif

/* Bytes of a recogniser, then where in it xh and cell begin, and what convolutions have heard. */
extern const uint32_t kv_target_layout[4];
KV_SECTION(".target_layout") const uint32_t kv_target_layout[4] = {
    sizeof(kv_recogniser), offsetof(kv_recogniser, xh), offsetof(kv_recogniser, cell), KV_NEWEST};

#ifdef KV_DECIMATE
/* samples: (count) at KV_INPUT_RATE, in whose place come those at KV_SAMPLE_RATE, from the beginning of a recording. Returns how
 * many these are. */
extern size_t kv_target_decimate(kv_recogniser *r, int16_t *samples, size_t count);
KV_SECTION(".target") size_t kv_target_decimate(kv_recogniser *r, int16_t *samples, size_t count)
{
    size_t made = 0, i;
    kv_reset(r);
    for (i = 0; i < count; i++) {
        int16_t sample = samples[i];
        if (kv_decimate(&r->decimator, &sample))
            samples[made++] = sample;
    }
    return made;
}
#endif

/* Never run: names what is to be linked. */
extern void kv_target_entry(const int16_t *samples, size_t count);
KV_SECTION(".target") void kv_target_entry(const int16_t *samples, size_t count)
{
    kv_reset(&kv_target_ear);
    kv_push(&kv_target_ear, samples, count);
    kv_finish(&kv_target_ear);
    kv_next(&kv_target_ear);
    kv_result(&kv_target_ear, &kv_target_decision);
#if KV_LISTENS
    kv_detected(&kv_target_ear, (kv_detection *)(void *)&kv_target_decision);
#endif
}
