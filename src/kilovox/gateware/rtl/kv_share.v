// A part of a whole, of 255: 255 part / whole, rounded down, by eight steps of double, compare and subtract. part is taken with start,
// at most whole, which is 1 or more and holds still from the next cycle on until not busy; then value holds until the next start.
`default_nettype none

module kv_share #(
    parameter BITS = 20  // of whole, 16 or more
) (
    input wire clk,
    input wire reset,
    input wire start,
    input wire [15:0] part,
    input wire [BITS-1:0] whole,
    output wire busy,
    output reg [7:0] value
);
    // What is left is less than whole all the time; bits of `value` that are not yet of the quotient are those still to come.
    reg [BITS-1:0] rest;
    reg [3:0] left;
    wire [23:0] all = {part, 8'b0} - {8'b0, part};
    wire [BITS+1:0] less = {1'b0, rest, value[7]} - {2'b0, whole};
    wire enough = !less[BITS+1];
    assign busy = left != 0;

    always @(posedge clk) begin
        if (start) begin
            rest <= {{(BITS - 16){1'b0}}, all[23:8]};
            value <= all[7:0];
            left <= 8;
        end else if (busy) begin
            rest <= enough ? less[BITS-1:0] : {rest[BITS-2:0], value[7]};
            value <= {value[6:0], enough};
            left <= left - 1'b1;
        end
        if (reset)
            left <= 0;
    end
    wire unused = &{1'b0, less[BITS]};
endmodule

`default_nettype wire
