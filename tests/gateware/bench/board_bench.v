// The board, and of what is within the samples that its recogniser takes.
`default_nettype none

module board_bench (
    input wire clk,
    input wire button_n,
    output wire line,
    output wire [6:0] segments_n,
    output wire red_n,
    output wire green_n,
    output wire flash_clock,
    output wire flash_select_n,
    output wire flash_out,
    input wire flash_in,
    output wire microphone_clock,
    input wire microphone_data,
    output wire taken,
    output wire signed [15:0] sample
);
    wire unused_digit, unused_select;
    kilovox_icebreaker board (
        .CLK(clk), .BTN_N(button_n), .TX(line), .LEDR_N(red_n), .LEDG_N(green_n), .FLASH_SCK(flash_clock),
        .FLASH_SSB(flash_select_n), .FLASH_IO0(flash_out), .FLASH_IO1(flash_in), .P1A1(segments_n[0]), .P1A2(segments_n[1]),
        .P1A3(segments_n[2]), .P1A4(segments_n[3]), .P1A7(segments_n[4]), .P1A8(segments_n[5]), .P1A9(segments_n[6]),
        .P1A10(unused_digit), .P1B1(microphone_clock), .P1B2(microphone_data), .P1B3(unused_select)
    );
    assign taken = board.taken;
    assign sample = board.sample;
endmodule

`default_nettype wire
