/* Computes the recordings of test_vectors.h and compares every integer. Exit status 0: all equal. */
#include <stdio.h>

#include "kilovox.h"
#include "kv_memory.h"
#include "test_vectors.h"

#if defined(__AVR__)
/* Told by the serial port, as fast as it goes; the end is to sleep for ever, which ends a simulation. */
#include <avr/interrupt.h>
#include <avr/sleep.h>

static int put(char byte, FILE *to)
{
    (void)to;
    while (!(UCSR0A & (1 << UDRE0)))
        ;
    UDR0 = (uint8_t)byte;
    return 0;
}

static void begin(void)
{
    static FILE port;
    fdev_setup_stream(&port, put, NULL, _FDEV_SETUP_WRITE);
    stdout = &port;
    UCSR0B = 1 << TXEN0;
}

static void end(void)
{
    cli();
    sleep_enable();
    sleep_cpu();
}
#else
static void begin(void)
{
}

static void end(void)
{
}
#endif

static int differences = 0;

static void compare(const char *what, long where, long found, long expected)
{
    if (found == expected)
        return;
    if (differences++ < 10)
        printf("%s %ld: %ld, expected %ld\n", what, where, found, expected);
}

static void compare_decision(const kv_recogniser *r, const int32_t *logits, int label, int confidence)
{
    kv_decision decision;
    long i;
    kv_result(r, &decision);
    for (i = 0; i < KV_LABELS; i++)
        compare("logit", i, decision.logits[i], KV_READ32(logits + i));
    compare("label", 0, decision.label, label);
    compare("confidence", 0, decision.confidence, confidence);
}

/* kv_push of the samples from..from + count of the recording: where they lie in flash that no pointer reaches, by way of RAM. */
static size_t push(kv_recogniser *r, size_t from, size_t count)
{
#if defined(__AVR__)
    int16_t copy[32];
    size_t frames = 0, taken = 0, i;
    for (; count; count -= taken, from += taken) {
        taken = count < 32 ? count : 32;
        for (i = 0; i < taken; i++)
            copy[i] = KV_READ16(kv_test_samples + from + i);
        frames += kv_push(r, copy, taken);
    }
    return frames;
#else
    return kv_push(r, kv_test_samples + from, count);
#endif
}

/* The whole recording at once, one sample at a time (features compared), and in pieces of all sizes, two side by side. */
static void test_long_recording(void)
{
    static kv_recogniser whole, single, pieces;
    size_t position, size, frame = 0, i;
    kv_reset(&whole);
    kv_reset(&single);
    kv_reset(&pieces);
    compare("frames", 0, (long)push(&whole, 0, KV_TEST_SAMPLES), KV_TEST_FRAMES - KV_TEST_END_FRAMES);
    for (position = 0, size = 0; position < KV_TEST_SAMPLES; position++) {
        if (position % 97 == 0) {
            size = KV_TEST_SAMPLES - position < 97 ? KV_TEST_SAMPLES - position : 97;
            push(&pieces, position, size);
        }
        if (push(&single, position, 1)) {
#if !KV_WORDS
            for (i = 0; i < KV_FEATURES; i++)
                compare("feature", (long)(frame * KV_FEATURES + i), single.xh[i], KV_READ8(&kv_test_features[frame][i]));
#endif
            frame++;
        }
    }
    compare("frames", 1, (long)frame, KV_TEST_FRAMES - KV_TEST_END_FRAMES);
    compare("frames", 4, (long)kv_finish(&whole), KV_TEST_END_FRAMES);
    compare("frames", 5, (long)kv_finish(&single), KV_TEST_END_FRAMES);
    compare("frames", 6, (long)kv_finish(&pieces), KV_TEST_END_FRAMES);
#if KV_WORDS
    for (i = 0; i < KV_FEATURES; i++) /* the last frame of the last word */
        compare("feature", (long)i, single.xh[i], KV_READ8(&kv_test_features[0][i]));
    compare("words", 0, single.words, KV_TEST_WORDS);
#endif
    compare_decision(&whole, kv_test_logits, KV_TEST_LABEL, KV_TEST_CONFIDENCE);
    compare_decision(&single, kv_test_logits, KV_TEST_LABEL, KV_TEST_CONFIDENCE);
    compare_decision(&pieces, kv_test_logits, KV_TEST_LABEL, KV_TEST_CONFIDENCE);
}

/* The first samples alone: less than a window, which zeros fill up. */
static void test_short_recording(void)
{
    static kv_recogniser r;
    kv_reset(&r);
    push(&r, 0, KV_TEST_SHORT_SAMPLES);
    compare("frames", 2, (long)kv_finish(&r), 1);
    compare("frames", 3, (long)kv_finish(&r), 0);
    compare_decision(&r, kv_test_short_logits, KV_TEST_SHORT_LABEL, KV_TEST_SHORT_CONFIDENCE);
}

int main(void)
{
    begin();
    test_long_recording();
    test_short_recording();
    printf(differences ? "%d differences\n" : "all equal\n", differences);
    end();
    return differences ? 1 : 0;
}
