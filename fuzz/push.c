/* libFuzzer target: a recording pushed whole and in pieces must give the same bits. The first byte says how many bytes of
 * piece sizes follow, the rest are samples. With KV_REPLAY it is a program that runs the files it is given. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kilovox.h"

#define LONGEST 20000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void compare(const kv_recogniser *a, const kv_recogniser *b)
{
    kv_decision one, other;
    kv_result(a, &one);
    kv_result(b, &other);
    if (memcmp(one.logits, other.logits, sizeof one.logits) || one.label != other.label || one.confidence != other.confidence ||
        memcmp(a->xh, b->xh, sizeof a->xh) || memcmp(a->cell, b->cell, sizeof a->cell) || a->maximum != b->maximum)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static kv_recogniser whole, pieces;
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
    kv_reset(&pieces);
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
    compare(&whole, &pieces);
    if (kv_finish(&whole) != kv_finish(&pieces))
        abort();
    compare(&whole, &pieces);
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
