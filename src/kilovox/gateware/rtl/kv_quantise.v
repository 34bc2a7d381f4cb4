// ((x - offset) multiplier + 2^(SHIFT - 1)) >> SHIFT, saturated to int8. Start with x, wait while busy, read value.
`default_nettype none

module kv_quantise #(
    parameter SHIFT = 16
) (
    input wire clk,
    input wire reset,
    input wire start,
    input wire signed [15:0] x,
    input wire signed [15:0] offset,
    input wire [13:0] multiplier,
    output wire busy,
    output wire signed [7:0] value,
    output wire mul_start,
    output wire signed [16:0] mul_a,
    output wire signed [16:0] mul_b,
    input wire mul_busy,
    input wire signed [33:0] mul_product
);
    reg waiting;
    assign busy = waiting;
    assign mul_start = start && !waiting;
    assign mul_a = {x[15], x} - {offset[15], offset};
    assign mul_b = {3'b0, multiplier};

    wire signed [32-SHIFT:0] rounded;
    kv_rounding_shift #(.IN(32), .SHIFT(SHIFT)) round (.x(mul_product[31:0]), .y(rounded));
    kv_saturate #(.IN(33 - SHIFT), .OUT(8)) saturate (.x(rounded), .y(value));
    wire unused = &{1'b0, mul_product[33:32]};

    always @(posedge clk) begin
        if (start && !waiting)
            waiting <= 1;
        else if (!mul_busy)
            waiting <= 0;
        if (reset)
            waiting <= 0;
    end
endmodule

`default_nettype wire
