// The nearest number of OUT bits to one of IN bits, both signed.
`default_nettype none

module kv_saturate #(
    parameter IN = 32,
    parameter OUT = 16
) (
    input wire signed [IN-1:0] x,
    output wire signed [OUT-1:0] y
);
    // It fits where all bits above are the sign.
    wire fits = x[IN-1:OUT-1] == {(IN - OUT + 1){x[IN-1]}};
    assign y = fits ? x[OUT-1:0] : {x[IN-1], {(OUT - 1){~x[IN-1]}}};
endmodule

`default_nettype wire
