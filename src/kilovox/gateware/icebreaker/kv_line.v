// A decision as a line of text to a serial port, 8 bits without parity, CLOCKS cycles a bit: the label's index and the confidence of 255,
// two hexadecimal digits each, with a space between; "??" for unknown, "--" for nothing heard. It is taken when the line is out.
`default_nettype none

module kv_line #(
    parameter CLOCKS = 104,
    parameter [1:0] NOTHING = 0,
    parameter [1:0] LABEL = 2
) (
    input wire clk,
    input wire reset,
    input wire valid,
    output wire ready,
    input wire [7:0] label,
    input wire [7:0] confidence,
    input wire [1:0] outcome,
    output reg line
);
    localparam COUNT = $clog2(CLOCKS);
    localparam [COUNT-1:0] BAUD = CLOCKS - 1;

    reg [COUNT-1:0] left;
    reg [3:0] place;  // of a bit: 0 start, 1 to 8 data, 9 stop
    reg [2:0] character;

    wire [3:0] digit = character == 0 ? label[7:4] : character == 1 ? label[3:0] : character == 3 ? confidence[7:4] : confidence[3:0];
    wire [7:0] hexadecimal = digit < 4'd10 ? {4'h3, digit} : {4'h6, digit - 4'd9};
    wire [7:0] instead = outcome == NOTHING ? "-" : "?";
    wire [7:0] code = character == 5 ? 8'd10 : character == 2 ? " " : character < 2 && outcome != LABEL ? instead : hexadecimal;
    wire [9:0] frame = {1'b1, code, 1'b0};

    wire bit_over = left == 0;
    wire character_over = bit_over && place == 9;
    assign ready = valid && character_over && character == 5;

    always @(posedge clk) begin
        line <= !valid || frame[place];
        left <= bit_over ? BAUD : left - 1'b1;
        if (bit_over)
            place <= place == 9 ? 4'd0 : place + 4'd1;
        if (character_over)
            character <= character == 5 ? 3'd0 : character + 3'd1;
        if (reset || !valid) begin
            left <= BAUD;
            place <= 0;
            character <= 0;
        end
    end
endmodule

`default_nettype wire
