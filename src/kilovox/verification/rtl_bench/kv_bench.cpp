// Plays recordings to the gateware in a simulator and tells what it sees.
//
// Arguments: how often, of 256, a side is not ready; a seed; cycles after which a transfer is given up. In: int32, a sample, or 65536
// for the end of a recording. Out: events of four int32: kind, two values, and the cycle; kinds as in kilovox.verification.rtl.
#include "kv_device.h"
#include <cstdint>
#include <cstdio>
#include <cstdlib>

enum { FEATURE, FRAME, STATE, LOGIT, DECISION, OUTPUT };

static const int32_t END = 65536;

static uint32_t random_state;

// xorshift32 (G. Marsaglia, 2003).
static uint32_t random_byte()
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state >> 24;
}

static void tell(int32_t kind, int32_t first, int32_t second, uint32_t cycle)
{
    const int32_t event[4] = {kind, first, second, (int32_t)cycle};
    fwrite(event, sizeof event, 1, stdout);
}

// The sign of a value of `bits` bits.
static int32_t with_sign(uint32_t value, int bits)
{
    return (int32_t)(value << (32 - bits)) >> (32 - bits);
}

int main(int count, char **arguments)
{
    if (count != 4)
        return 2;
    const uint32_t pressure = (uint32_t)atoi(arguments[1]), patience = (uint32_t)atoi(arguments[3]);
    random_state = (uint32_t)atoi(arguments[2]) | 1;
    Device device;
    uint32_t cycle = 0;
    const auto tick = [&] {
        device.clk = 1;
        device.eval();
        device.clk = 0;
        device.eval();
        cycle++;
    };
    device.clk = device.in_valid = device.out_ready = 0;
    device.reset = 1;
    device.eval();
    tick();
    tick();
    device.reset = 0;
#ifdef KV_LOADED
    FILE *weights = fopen("kv_weights_16.hex", "r");
    unsigned word_16;
    while (weights && fscanf(weights, "%x", &word_16) == 1) {
        device.load_valid = 1;
        device.load_data = (uint16_t)word_16;
        tick();
    }
    device.load_valid = 0;
    device.eval();
    if (!device.loaded)
        return 3;
#endif
    int32_t word;
    while (fread(&word, sizeof word, 1, stdin) == 1) {
        bool sent = false, answered = word != END;
        for (uint32_t waited = 0; !sent || !answered; waited++) {
            if (waited == patience)
                return 1;
            // What is offered stays offered until it is taken.
            if (!sent && !device.in_valid && random_byte() >= pressure) {
                device.in_valid = 1;
                device.in_end = word == END;
                device.in_sample = (uint16_t)word;
            }
            device.out_ready = random_byte() >= pressure;
            device.eval();
            if (device.seen_feature)
                tell(FEATURE, with_sign(device.seen_cepstrum, 16), with_sign(device.seen_quantised, 8), cycle);
            if (device.seen_frame)
                tell(FRAME, with_sign(device.seen_level, 16), 0, cycle);
            if (device.seen_output)
                tell(OUTPUT, with_sign(device.seen_activation, 8), 0, cycle);
            if (device.seen_state)
                tell(STATE, with_sign(device.seen_hidden, 8), with_sign(device.seen_cell, 16), cycle);
            if (device.seen_logit)
                tell(LOGIT, with_sign(device.seen_value, KV_ACC_BITS), 0, cycle);
            const bool taken = device.in_valid && device.in_ready;
            if (device.out_valid && device.out_ready) {
                tell(DECISION, device.out_label, device.out_last << 16 | device.out_outcome << 8 | device.out_confidence, cycle);
                answered = answered || device.out_last;
            }
            tick();
            if (taken) {
                sent = true;
                device.in_valid = 0;
            }
        }
    }
    return 0;
}
