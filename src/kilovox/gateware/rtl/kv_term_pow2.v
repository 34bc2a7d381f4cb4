// A weight of 4 bits times x: a sign (bit 3) and a shift (bits 2 to 0), for weights are +2^k or -2^k. No multiplier. A negative one is
// term + one, term being the complement, which spares an adder.
`default_nettype none

module kv_term_pow2 (
    input wire [3:0] weight,
    input wire signed [7:0] x,
    output wire signed [15:0] term,
    output wire one
);
    wire signed [15:0] shifted = {{8{x[7]}}, x} << weight[2:0];
    assign term = shifted ^ {16{weight[3]}};
    assign one = weight[3];
endmodule

`default_nettype wire
