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

static void compare_decision(const kv_recogniser *r)
{
    kv_decision decision;
    long i;
    kv_result(r, &decision);
    for (i = 0; i < KV_LABELS; i++)
        compare("logit", i, (long)decision.logits[i], (long)KV_READ32(kv_test_logits + i));
    compare("label", 0, decision.label, KV_TEST_LABEL);
    compare("confidence", 0, decision.confidence, KV_TEST_CONFIDENCE);
    compare("outcome", 0, decision.outcome, KV_TEST_OUTCOME);
}

static void compare_with_nothing(const kv_recogniser *r)
{
    kv_decision decision;
    long i;
    kv_result(r, &decision);
    for (i = 0; i < KV_LABELS; i++)
        compare("logit of nothing", i, (long)decision.logits[i], 0);
    compare("label of nothing", 0, decision.label, 0);
    compare("confidence of nothing", 0, decision.confidence, 0);
    compare("outcome of nothing", 0, decision.outcome, KV_NOTHING);
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

#if KV_LISTENS
/* The words that wait are the next ones of the recording: `told` counts those before, and is advanced. */
static void compare_words(kv_recogniser *r, size_t *told)
{
    kv_detection word;
    while (kv_detected(r, &word)) {
        const uint16_t *const want = kv_test_detections[*told < KV_TEST_DETECTIONS ? *told : KV_TEST_DETECTIONS];
        compare("frame of word", (long)*told, (long)word.frame, KV_READ16(want));
        compare("label of word", (long)*told, word.label, KV_READ16(want + 1));
        compare("confidence of word", (long)*told, word.confidence, KV_READ16(want + 2));
        compare("outcome of word", (long)*told, word.outcome, KV_READ16(want + 3));
        (*told)++;
    }
}
#endif

/* The features that the network has read last. */
static const int8_t *features_of(const kv_recogniser *r)
{
#if KV_LISTENS
    return r->past + r->newest[0];
#else
    return r->xh;
#endif
}

/* The whole recording at once, one sample at a time (features compared), and in pieces of all sizes, two side by side. */
static void test_long_recording(void)
{
    static kv_recogniser whole, single, pieces;
    size_t position, size, frame = 0, i;
#if KV_LISTENS
    size_t told = 0;
#endif
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
                compare("feature", (long)(frame * KV_FEATURES + i), features_of(&single)[i], KV_READ8(&kv_test_features[frame][i]));
#endif
#if KV_LISTENS
            compare_words(&single, &told);
#endif
            frame++;
        }
    }
    compare("frames", 1, (long)frame, KV_TEST_FRAMES - KV_TEST_END_FRAMES);
    compare("frames", 2, (long)kv_finish(&whole), KV_TEST_END_FRAMES);
    compare("frames", 3, (long)kv_finish(&single), KV_TEST_END_FRAMES);
    compare("frames", 4, (long)kv_finish(&pieces), KV_TEST_END_FRAMES);
#if KV_WORDS
    for (i = 0; i < KV_FEATURES; i++) /* the last frame of the last word */
        compare("feature", (long)i, features_of(&single)[i], KV_READ8(&kv_test_features[0][i]));
    compare("words", 0, single.words, KV_TEST_WORDS);
#endif
#if KV_LISTENS
    compare_words(&single, &told);
    compare("words", 0, (long)told, KV_TEST_DETECTIONS);
    compare("words that wait", 0, pieces.words, KV_TEST_DETECTIONS < KV_DETECTIONS ? KV_TEST_DETECTIONS : KV_DETECTIONS);
    compare("words that wait", 1, whole.words, pieces.words);
#endif
    compare_decision(&whole);
    compare_decision(&single);
    compare_decision(&pieces);
}

/* One recording after another through one recogniser: each is as if there had been no other. The first samples alone are less
 * than a window, in which nothing is heard. */
static void test_recordings_in_turn(void)
{
    static kv_recogniser r;
    int turn;
    kv_reset(&r);
    compare_with_nothing(&r);
    for (turn = 0; turn < 2; turn++) {
        push(&r, 0, KV_TEST_SHORT_SAMPLES);
        compare_with_nothing(&r);
        kv_finish(&r);
        compare_with_nothing(&r);
        push(&r, 0, KV_TEST_SAMPLES);
        kv_finish(&r);
        compare("frames", 5, (long)kv_finish(&r), 0); /* it has ended already */
        compare_decision(&r);
    }
    kv_next(&r);
    compare_with_nothing(&r);
}

int main(void)
{
    begin();
    test_long_recording();
    test_recordings_in_turn();
    printf(differences ? "%d differences\n" : "all equal\n", differences);
    end();
    return differences ? 1 : 0;
}
