// Words of 16 bits out of a serial flash (command 03h, SPI mode 0, at half the clock), high byte first, from ADDRESS on, until `stop`.
//
// The first is no word: where it is not MARK, the flash does not hold what belongs to this chip, and is read anew, for ever. Before that
// the flash is woken (ABh), for the chip lets it sleep when it has its own configuration.
`default_nettype none

module kv_flash #(
    parameter [23:0] ADDRESS = 24'h100000,
    parameter [15:0] MARK = 0
) (
    input wire clk,
    input wire reset,
    input wire stop,
    output wire valid,
    output wire [15:0] data,
    output wire flash_select_n,
    output reg flash_clock,
    output wire flash_out,
    input wire flash_in
);
    localparam [2:0] REST = 0, WAKE = 1, WAIT = 2, ASK = 3, FIRST = 4, WORDS = 5, DONE = 6;
    localparam [31:0] READ = {8'h03, ADDRESS};

    reg [2:0] state;
    reg [8:0] left;  // cycles of a rest, or bits
    reg [15:0] bits;

    wire resting = state == REST || state == WAIT || state == DONE;
    wire last = left == 0 && (resting || flash_clock);
    wire [7:0] wake = 8'hAB;
    assign flash_select_n = resting;
    assign flash_out = state == WAKE ? wake[left[2:0]] : READ[left[4:0]];
    assign valid = state == WORDS && last;
    assign data = {bits[14:0], flash_in};
    wire unused = &{1'b0, bits[15]};

    always @(posedge clk) begin
        flash_clock <= !resting && !flash_clock;
        if (flash_clock)
            bits <= data;
        if (resting || flash_clock)
            left <= left - 9'd1;
        if (last)
            case (state)
                REST: begin
                    left <= 9'd7;
                    state <= WAKE;
                end
                WAKE: state <= WAIT;  // for 512 cycles, as left goes round
                WAIT: begin
                    left <= 9'd31;
                    state <= ASK;
                end
                ASK: begin
                    left <= 9'd15;
                    state <= FIRST;
                end
                FIRST: begin
                    left <= 9'd15;
                    state <= data == MARK ? WORDS : REST;
                end
                default: left <= 9'd15;
            endcase
        if (stop)
            state <= DONE;
        if (reset) begin
            state <= REST;
            left <= 9'd511;
        end
    end
endmodule

`default_nettype wire
