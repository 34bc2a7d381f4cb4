// Products without a multiplier: one bit of b a cycle, added and shifted. a and b are signed and taken with start; product is
// theirs from the first cycle on in which busy is 0 again, BITS cycles later, until the next start.
`default_nettype none

module kv_multiply #(
    parameter BITS = 17
) (
    input wire clk,
    input wire reset,
    input wire start,
    input wire signed [BITS-1:0] a,
    input wire signed [BITS-1:0] b,
    output wire busy,
    output wire signed [2*BITS-1:0] product
);
    localparam COUNT = $clog2(BITS + 1);
    localparam [COUNT-1:0] ALL = BITS;

    reg [COUNT-1:0] left;
    reg signed [BITS-1:0] multiplicand, high;
    reg [BITS-1:0] low;

    // The sign bit of b weighs -2^(BITS - 1).
    wire [BITS:0] term = low[0] ? {multiplicand[BITS-1], multiplicand} : {(BITS + 1){1'b0}};
    wire [BITS:0] sum;
    wire last = left == 1;
    kv_add #(.BITS(BITS + 1)) add (.x({high[BITS-1], high}), .y(term), .minus(last), .carry(last), .sum(sum));

    assign busy = left != 0;
    assign product = {high, low};

    always @(posedge clk) begin
        if (start) begin
            multiplicand <= a;
            low <= b;
            high <= 0;
            left <= ALL;
        end else if (busy) begin
            high <= sum[BITS:1];
            low <= {sum[0], low[BITS-1:1]};
            left <= left - 1'b1;
        end
        if (reset)
            left <= 0;
    end
endmodule

`default_nettype wire
