/* libFuzzer target: a recording pushed whole and in pieces must give the same bits, and the same again after the end of another.
 * The first byte says how many bytes of
 * piece sizes follow, the rest are samples. With KV_REPLAY it is a program that runs the files it is given. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kilovox.h"

#define LONGEST 20000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What says nothing says nothing at all; what was heard is a label. */
static void check(const kv_recogniser *r)
{
    static const kv_decision nothing;
    kv_decision decision;
    kv_result(r, &decision);
    if (decision.outcome == KV_NOTHING) {
        if (memcmp(decision.logits, nothing.logits, sizeof nothing.logits) || decision.label || decision.confidence)
            abort();
    } else if (decision.outcome > KV_LABEL || decision.label >= KV_LABELS)
        abort();
#if !KV_LISTENS
    else if (decision.label != kv_largest(decision.logits, KV_LABELS))
        abort();
#endif
}

static void compare(const kv_recogniser *a, const kv_recogniser *b)
{
    kv_decision one, other;
    kv_result(a, &one);
    kv_result(b, &other);
    if (memcmp(one.logits, other.logits, sizeof one.logits) || one.label != other.label || one.confidence != other.confidence ||
        one.outcome != other.outcome ||
#if KV_LISTENS
        memcmp(a->past, b->past, sizeof a->past) || memcmp(a->newest, b->newest, sizeof a->newest) ||
        memcmp(a->skip, b->skip, sizeof a->skip) || a->words != b->words ||
#endif
        memcmp(a->xh, b->xh, sizeof a->xh) || memcmp(a->cell, b->cell, sizeof a->cell) || a->maximum != b->maximum)
        abort();
}

/* The words that wait are the same, and then wait no more. */
static void compare_words(kv_recogniser *a, kv_recogniser *b)
{
#if KV_LISTENS
    kv_detection one, other;
    while (kv_detected(a, &one)) {
        if (!kv_detected(b, &other) || one.frame != other.frame || one.label != other.label ||
            one.confidence != other.confidence || one.outcome != other.outcome || one.label >= KV_LABELS || one.outcome > KV_LABEL ||
            one.outcome == KV_NOTHING)
            abort();
    }
    if (kv_detected(b, &other) || a->words || b->words)
        abort();
#else
    (void)a;
    (void)b;
#endif
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static kv_recogniser whole, pieces;
    static unsigned seen = 0;
    kv_decision decision;
    static int16_t samples[LONGEST];
    size_t sizes, count, at = 0, turn = 0, frames_whole, frames_pieces = 0;
    const uint8_t *chunks;
    if (size < 1)
        return 0;
    sizes = data[0];
    if (size < 1 + sizes)
        return 0;
    chunks = data + 1;
    count = (size - 1 - sizes) / 2;
    if (count > LONGEST)
        count = LONGEST;
    memcpy(samples, chunks + sizes, 2 * count);
    kv_reset(&whole);
    check(&whole);
    if (seen % 2 == 0) /* else what it heard of the input before, ended or not, if anything */
        kv_reset(&pieces);
    else
        kv_finish(&pieces);
    seen++;
    frames_whole = kv_push(&whole, samples, count);
    while (at < count) {
        /* 0 is a piece of nothing, which two in a row may not be: they would never end. */
        size_t piece = sizes ? chunks[turn++ % sizes] : 1;
        if (piece == 0) {
            frames_pieces += kv_push(&pieces, samples + at, 0);
            piece = 1;
        }
        if (piece > count - at)
            piece = count - at;
#ifdef KV_PLANT
        if (piece > 200)
            frames_pieces += kv_push(&pieces, samples + at, piece - 1);
        else
#endif
            frames_pieces += kv_push(&pieces, samples + at, piece);
        at += piece;
    }
    if (frames_whole != frames_pieces)
        abort();
    if (count) {
        compare(&whole, &pieces);
        compare_words(&whole, &pieces);
    }
    if (kv_finish(&whole) != kv_finish(&pieces))
        abort();
    if (count) {
        compare(&whole, &pieces);
        compare_words(&whole, &pieces);
    }
    check(&whole);
    if (kv_finish(&pieces) || kv_push(&pieces, samples, 0))
        abort(); /* it has ended, and nothing has come since */
    check(&pieces);
    if (count) {
        compare(&whole, &pieces);
        /* The next recording is as if there had been no other. */
        kv_push(&pieces, samples, count);
        kv_finish(&pieces);
#if KV_LISTENS
        kv_reset(&whole);
        kv_push(&whole, samples, count);
        kv_finish(&whole);
#endif
        compare(&whole, &pieces);
        compare_words(&whole, &pieces);
    }
    kv_next(&pieces);
    kv_result(&pieces, &decision);
    if (decision.outcome != KV_NOTHING)
        abort();
    if (seen % 3 == 0)
        kv_push(&pieces, samples, count / 2); /* left in the middle */
    return 0;
}

#ifdef KV_REPLAY
int main(int count, char **arguments)
{
    static uint8_t data[2 * LONGEST + 300];
    int i;
    for (i = 1; i < count; i++) {
        FILE *file = fopen(arguments[i], "rb");
        if (!file)
            return 2;
        LLVMFuzzerTestOneInput(data, fread(data, 1, sizeof data, file));
        fclose(file);
    }
    printf("%d inputs\n", count - 1);
    return 0;
}
#endif
