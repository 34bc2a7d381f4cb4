/* What kilovox verify runs on an AVR: one recording, in pieces that complete a frame at most, looked at after each. What was seen
 * goes out by the serial port, in hexadecimal: S the state after a frame, E that after the end, W a word, D the decision, and costs; X
 * the samples at the model's rate, where they come at another. No part of a device's program. */
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/pgmspace.h>
#include <avr/sleep.h>

#include "kilovox.h"

/* kv_clip.S: samples, how many; lengths of pieces, how many of those, to be used over and over. Beyond what a pointer reaches. */
extern const int16_t kv_clip[];
extern const uint32_t kv_clip_count;
extern const uint16_t kv_clip_pieces[];
extern const uint16_t kv_clip_pieces_count;

#define PAINT 0xA5
#define A_LINE 32

extern uint8_t __heap_start;

static kv_recogniser ear;
static kv_decision decision;
static int16_t heard[KV_HOP];

static void put(char byte)
{
    while (!(UCSR0A & (1 << UDRE0)))
        ;
    UDR0 = (uint8_t)byte;
}

static void put_hex(uint8_t nibble)
{
    put((char)(nibble < 10 ? '0' + nibble : 'a' + nibble - 10));
}

static void show(char kind, const void *data, size_t size)
{
    const uint8_t *byte = data;
    size_t i;
    for (i = 0; i < size; i++) {
        if (i % A_LINE == 0) {
            put(kind);
            put(':');
        }
        put_hex(byte[i] >> 4);
        put_hex(byte[i] & 15);
        if (i % A_LINE == A_LINE - 1 || i == size - 1)
            put('\n');
    }
}

static void look(char kind)
{
    show(kind, ear.xh, sizeof ear.xh);
    show(kind, ear.cell, sizeof ear.cell);
#if KV_LISTENS
    show(kind, ear.newest, sizeof ear.newest);
    show(kind, ear.skip, sizeof ear.skip);
    show(kind, ear.past, sizeof ear.past);
#endif
}

/* W the words that wait. */
static void look_at_words(void)
{
#if KV_LISTENS
    kv_detection word;
    while (kv_detected(&ear, &word))
        show('W', &word, sizeof word);
#endif
}

#ifdef KV_DECIMATE
/* What the recogniser makes of `count` samples of `heard`, the next that it will be given, by filters of their own. */
static void look_at_samples(uint16_t count)
{
    static kv_decimator other;
    static uint8_t begun = 0;
    uint16_t i;
    if (!begun)
        other = ear.decimator;
    begun = 1;
    for (i = 0; i < count; i++) {
        int16_t sample = heard[i];
        if (kv_decimate(&other, &sample))
            show('X', &sample, sizeof sample);
    }
}
#else
static void look_at_samples(uint16_t count)
{
    (void)count;
}
#endif

int main(void)
{
    const uint32_t clip = pgm_get_far_address(kv_clip), pieces = pgm_get_far_address(kv_clip_pieces);
    const uint32_t count = pgm_read_dword_far(pgm_get_far_address(kv_clip_count));
    const uint16_t lengths = pgm_read_word_far(pgm_get_far_address(kv_clip_pieces_count));
    uint32_t at = 0, ticks = 0;
    uint16_t turn = 0, begun, used;
    size_t frames;
    uint8_t *paint;
    uint32_t sizes[2] = {sizeof ear, sizeof decision};
    for (paint = &__heap_start; paint < (uint8_t *)SP - 8; paint++)
        *paint = PAINT;
    UCSR0B = 1 << TXEN0;
    TCCR1B = (1 << CS12) | (1 << CS10); /* a tick is 1,024 cycles */
    kv_reset(&ear);
    while (at < count) {
        uint16_t piece = pgm_read_word_far(pieces + 2 * (uint32_t)(turn++ % lengths)), i;
        if (piece > count - at)
            piece = (uint16_t)(count - at);
        for (i = 0; i < piece; i++)
            heard[i] = (int16_t)pgm_read_word_far(clip + 2 * (at + i));
        at += piece;
        look_at_samples(piece);
        begun = TCNT1;
        frames = kv_push(&ear, heard, piece);
        ticks += (uint16_t)(TCNT1 - begun);
        look_at_words();
        if (frames)
            look('S');
    }
    begun = TCNT1;
    frames = kv_finish(&ear);
    kv_result(&ear, &decision);
    ticks += (uint16_t)(TCNT1 - begun);
    look(frames ? 'S' : 'E');
    look_at_words();
    for (paint = &__heap_start; *paint == PAINT; paint++)
        ;
    used = (uint16_t)(RAMEND + 1 - (uint16_t)paint);
    show('D', &decision, sizeof decision);
    show('T', &ticks, sizeof ticks);
    show('K', &used, sizeof used);
    show('Z', sizes, sizeof sizes);
    cli();
    sleep_enable();
    sleep_cpu(); /* for ever: the simulator ends */
    return 0;
}
