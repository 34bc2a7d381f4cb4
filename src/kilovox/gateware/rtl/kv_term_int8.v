// A weight of 8 bits times x: the one multiplier of an int8 network.
`default_nettype none

module kv_term_int8 (
    input wire signed [7:0] weight,
    input wire signed [7:0] x,
    output wire signed [15:0] term
);
    assign term = weight * x;
endmodule

`default_nettype wire
