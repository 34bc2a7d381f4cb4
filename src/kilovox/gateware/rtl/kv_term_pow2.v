// A weight of 4 bits times x: a sign (bit 3) and a shift (bits 2 to 0), for weights are +2^k or -2^k. No multiplier.
`default_nettype none

module kv_term_pow2 (
    input wire [3:0] weight,
    input wire signed [7:0] x,
    output wire signed [15:0] term
);
    wire signed [15:0] shifted = {{8{x[7]}}, x} << weight[2:0];
    assign term = weight[3] ? -shifted : shifted;
endmodule

`default_nettype wire
