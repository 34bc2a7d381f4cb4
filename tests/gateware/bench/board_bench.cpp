// Plays the bits of a microphone to the board, whose flash holds a file, and tells what it takes and says.
//
// Argument: the file that lies 1 MiB behind the start of the flash. In: a byte a bit of the microphone: bit 0 is it, bit 1 whether the
// button is held. The board hears a 0 before them. Out: pairs of int32: 0 and a sample that is taken, 1 and a byte of the serial port,
// 2 and the seven segments when all is over, 3 and the two LEDs, green first.
#include "Vboard_bench.h"
#include "verilated.h"
#include <cstdint>
#include <cstdio>
#include <vector>

static const uint32_t ADDRESS = 1 << 20;
static const int BAUD = 104;

static void tell(int32_t kind, int32_t value)
{
    const int32_t pair[2] = {kind, value};
    fwrite(pair, sizeof pair, 1, stdout);
}

// A serial flash that sleeps until it is woken. Mode 0: it looks at a rising edge, and gives its next bit after a falling one.
struct Flash {
    std::vector<uint8_t> bytes;
    uint32_t heard = 0, bits = 0, command = 0, address = 0;
    bool awake = false, clock = false, out = false;

    bool step(bool select_n, bool now, bool in)
    {
        if (select_n) {
            awake = awake || (bits == 8 && command == 0xAB);
            bits = 0;
        } else if (now && !clock) {
            heard = heard << 1 | in;
            bits++;
            if (bits == 8)
                command = heard & 0xFF;
            if (bits == 32)
                address = heard & 0xFFFFFF;
        } else if (!now && clock) {
            const uint32_t at = bits - 32, place = address - ADDRESS + at / 8;
            out = awake && command == 3 && bits >= 32 && place < bytes.size() && bytes[place] >> (7 - at % 8) & 1;
        }
        clock = now;
        return out;
    }
};

int main(int, char **arguments)
{
    Flash flash;
    FILE *file = fopen(arguments[1], "rb");
    for (int byte; file && (byte = fgetc(file)) != EOF;)
        flash.bytes.push_back((uint8_t)byte);
    Vboard_bench board;
    int line_bit = -1, line_wait = 0, byte = 0;
    bool clock = false, bit = false;
    board.button_n = 1;
    for (;;) {
        board.clk = 1;
        board.eval();
        board.clk = 0;
        board.flash_in = flash.step(board.flash_select_n, board.flash_clock, board.flash_out);
        if (clock && !board.microphone_clock) {
            const int next = fgetc(stdin);
            if (next == EOF)
                break;
            bit = next & 1;
            board.button_n = !(next & 2);
        }
        clock = board.microphone_clock;
        board.microphone_data = clock ? !bit : bit;  // the other microphone's, while the clock is high
        board.eval();
        if (board.taken)
            tell(0, (int16_t)board.sample);
        // The middle of each of ten bits.
        if (line_bit < 0 && !board.line) {
            line_bit = 0;
            line_wait = BAUD / 2;
        } else if (line_bit >= 0 && --line_wait == 0) {
            line_wait = BAUD;
            byte = byte >> 1 | board.line << 8;
            if (line_bit == 0 && board.line)
                line_bit = -1;  // too short to be a start
            else if (line_bit++ == 9) {
                tell(1, byte & 256 ? byte & 255 : -1);
                line_bit = -1;
            }
        }
    }
    tell(2, ~board.segments_n & 127);
    tell(3, !board.green_n << 1 | !board.red_n);
    return 0;
}
