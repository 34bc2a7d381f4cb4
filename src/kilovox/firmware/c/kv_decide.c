/* When a word was said, of a network that listens: integer/decider.py in C. */
#include "kv_internal.h"

static uint8_t larger(uint8_t a, uint8_t b)
{
    return a > b ? a : b;
}

/* The word that was being said is one that waits; of too many the oldest is lost. */
static void detect(kv_recogniser *r)
{
    const kv_decider *d = &r->decider;
    const uint8_t sure = kv_compared(d->peak, d->rival);
    kv_detection *word;
    if (r->words == KV_DETECTIONS) {
        r->oldest = (uint16_t)((r->oldest + 1) & (KV_DETECTIONS - 1));
        r->words--;
    }
    word = &r->waiting[(r->oldest + r->words++) & (KV_DETECTIONS - 1)];
    word->frame = d->frame;
    word->label = d->run;
    word->confidence = kv_calibrated(sure);
    word->outcome = d->run == KV_OTHERS || sure < KV_READ8(kv_thresholds + d->run) ? KV_UNKNOWN : KV_LABEL;
}

/* One frame: its likeliest output, the blank being KV_LABELS; the share of the likeliest label asked for, and that of others. */
void kv_decide(kv_recogniser *r, uint16_t output, uint8_t share, uint8_t others)
{
    kv_decider *d = &r->decider;
    uint32_t i;
    if (d->run != KV_LABELS && !d->decided && (output != d->run || share < d->peak)) {
        detect(r);
        d->decided = 1;
    }
    if (output != d->run) {
        if (d->run != KV_LABELS) {
            d->last = d->run;
            d->since = 0;
        }
        d->decided = output == d->last && d->since < KV_REFRACTORY;
        d->run = output;
        d->peak = share;
        d->rival = others;
        for (i = 0; i < KV_BEFORE; i++)
            d->rival = larger(d->rival, d->before[i]);
    } else {
        d->peak = larger(d->peak, share);
        d->rival = larger(d->rival, others);
    }
    for (i = 0; i + 1 < KV_BEFORE; i++)
        d->before[i] = d->before[i + 1];
    d->before[KV_BEFORE - 1] = others;
    if (d->run == KV_LABELS && d->since < KV_REFRACTORY)
        d->since++;
    d->frame++;
}
