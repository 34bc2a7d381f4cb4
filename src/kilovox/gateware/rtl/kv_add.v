// x + y + carry or, with minus, x - y - 1 + carry, of BITS bits, by one adder, whatever the tools make of a choice between two.
`default_nettype none

module kv_add #(
    parameter BITS = 16
) (
    input wire [BITS-1:0] x,
    input wire [BITS-1:0] y,
    input wire minus,
    input wire carry,
    output wire [BITS-1:0] sum
);
    wire [BITS:0] with_carry = {x, 1'b1} + {y ^ {BITS{minus}}, carry};
    assign sum = with_carry[BITS:1];
    wire unused = &{1'b0, with_carry[0]};
endmodule

`default_nettype wire
