// (x + 2^(SHIFT - 1)) >> SHIFT: to nearest, halves up. One bit more than x holds the sum; SHIFT is 1 or more.
`default_nettype none

module kv_rounding_shift #(
    parameter IN = 32,
    parameter SHIFT = 15
) (
    input wire signed [IN-1:0] x,
    output wire signed [IN-SHIFT:0] y
);
    localparam [IN:0] HALF = {{IN{1'b0}}, 1'b1} << (SHIFT - 1);
    wire [IN:0] sum = {x[IN-1], x} + HALF;
    assign y = sum[IN:SHIFT];
    wire unused = &{1'b0, sum[SHIFT-1:0]};
endmodule

`default_nettype wire
