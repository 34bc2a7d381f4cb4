/* Hours of sound through the streaming API: random samples, then adversarial ones, in pieces of all sizes, with questions,
 * ends and fresh starts in between. Meant for sanitizers; prints what was decided, as a checksum. Usage: soak SECONDS */
#include <stdio.h>
#include <stdlib.h>

#include "kv_internal.h"

static uint32_t state = 1, checksum = 0;

static uint32_t draw(uint32_t below)
{
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % below;
}

static int16_t any(int32_t limit)
{
    return (int16_t)((int32_t)draw((uint32_t)(2 * limit)) - limit);
}

/* One sample of the signal of this kind, `n` samples after it began. */
static int16_t adversarial(uint32_t kind, uint32_t n)
{
    switch (kind) {
    case 0: return 0;
    case 1: return 32767;
    case 2: return -32768;
    case 3: return n & 1 ? 32767 : -32768;
    case 4: return (n / 20) & 1 ? 32767 : -32768;
    case 5: return n % 997 ? 0 : -32768;
    case 6: return any(1);
    case 7: return any(2);
    case 8: return (int16_t)(n & 1 ? -1 : 0);
    case 9: return (n / 4000) & 1 ? any(32768) : any(4);
    case 10: return (int16_t)((int32_t)(n * 37 & 65535) - 32768);
    case 11: return (n / 256) & 1 ? 32767 : 0;
    case 12: return (n / 1500) & 1 ? (int16_t)((n / 7) & 1 ? 9000 : -9000) : any(10); /* words, as far as it can tell */
    default: return any(32768);
    }
}

static void ask(const kv_recogniser *r)
{
    kv_decision decision;
    uint32_t i;
    kv_result(r, &decision);
    for (i = 0; i < KV_LABELS; i++)
        checksum = checksum * 31 + (uint32_t)decision.logits[i];
    if (decision.label >= KV_LABELS || decision.outcome > KV_LABEL || (decision.outcome == KV_NOTHING && decision.confidence))
        abort();
    checksum = checksum * 31 + decision.label + decision.confidence + decision.outcome;
}

static void listen(int is_adversarial, uint32_t seconds)
{
    static kv_recogniser ear;
    int16_t samples[1024];
    uint64_t left = (uint64_t)seconds * KV_SAMPLE_RATE;
    uint32_t kind = 0, began = 0, n = 0, i;
    kv_reset(&ear);
    while (left) {
        uint32_t count = draw(8) ? draw(400) : draw(1025);
        if (count > left)
            count = (uint32_t)left;
        for (i = 0; i < count; i++, n++) {
            if (n - began > 20000) {
                kind = draw(14);
                began = n;
            }
            samples[i] = is_adversarial ? adversarial(kind, n - began) : any(32768);
        }
        kv_push(&ear, samples, count);
        left -= count;
        if (draw(50) == 0)
            ask(&ear);
        if (draw(2000) == 0) {
            kv_finish(&ear);
            ask(&ear);
            if (draw(2))
                kv_reset(&ear);
        }
#if KV_LISTENS
        {
            kv_detection word;
            while (draw(3) && kv_detected(&ear, &word)) {
                if (word.label >= KV_LABELS || word.outcome > KV_LABEL)
                    abort();
                checksum = checksum * 31 + word.frame + word.label + word.confidence + word.outcome;
            }
            if (draw(200) == 0)
                kv_next(&ear);
        }
#endif
#if KV_WORDS
        if (ear.words && draw(16) == 0)
            kv_next(&ear);
        if (draw(500) == 0)
            ear.words = 65535; /* as after hours without kv_next */
#endif
    }
    kv_finish(&ear);
    ask(&ear);
}

/* The activations alone: odd, symmetric, within their range, over all of int16 and beyond. */
static void activations(void)
{
    int32_t x;
    for (x = -40000; x <= 40000; x++) {
        const int32_t t = kv_tanh(x), s = kv_sigmoid(x);
        if (t != -kv_tanh(-x) || s + kv_sigmoid(-x) != 32768 || t < -32768 || t > 32767 || s < 0 || s > 32768)
            abort();
    }
}

int main(int count, char **arguments)
{
    const uint32_t seconds = count > 1 ? (uint32_t)strtoul(arguments[1], NULL, 10) : 60;
    activations();
    listen(0, seconds);
    listen(1, seconds);
    printf("%u s random, %u s adversarial: checksum %08x\n", (unsigned)seconds, (unsigned)seconds, (unsigned)checksum);
    return 0;
}
