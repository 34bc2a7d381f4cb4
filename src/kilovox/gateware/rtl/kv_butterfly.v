// (a 2^14 +- b (cosine - j sine) + half) >> down, complex a and b of 17 bits, down = 14 + shift and half of it: four products.
`default_nettype none

module kv_butterfly (
    input wire clk,
    input wire reset,
    input wire start,  // a, b, cosine, sine and shift are held while busy
    output wire busy,
    input wire signed [16:0] a_re,
    input wire signed [16:0] a_im,
    input wire signed [16:0] b_re,
    input wire signed [16:0] b_im,
    input wire signed [15:0] cosine,
    input wire signed [15:0] sine,
    input wire [1:0] shift,
    output reg signed [15:0] sum_re,
    output reg signed [15:0] sum_im,
    output reg signed [15:0] difference_re,
    output reg signed [15:0] difference_im,
    output wire mul_start,
    output wire signed [16:0] mul_a,
    output wire signed [16:0] mul_b,
    input wire mul_busy,
    input wire signed [33:0] mul_product
);
    localparam [2:0] IDLE = 0, MULTIPLY = 1, PRODUCT = 2, SUM = 3, DIFFERENCE = 4;

    reg [2:0] state;
    reg [1:0] which;
    reg signed [32:0] turned;

    // Re: b_re cosine + b_im sine; im: b_im cosine - b_re sine.
    assign busy = state != IDLE;
    assign mul_start = state == MULTIPLY;
    assign mul_a = which[0] ^ which[1] ? b_im : b_re;
    assign mul_b = which[0] ? {sine[15], sine} : {cosine[15], cosine};

    // One adder: to the products, and of them to a and the half unit.
    wire signed [16:0] a = which[1] ? a_im : a_re;
    wire signed [18:0] rounding = shift == 0 ? 19'sd0 : 19'sd1 <<< (shift - 2'd1);
    wire signed [18:0] a_rounding = {{2{a[16]}}, a} + rounding;
    wire signed [32:0] centre = {a_rounding, shift == 0, 13'b0};
    wire adding = state == PRODUCT;
    wire minus = adding ? which[1] : state == DIFFERENCE;
    wire signed [32:0] left = adding ? turned : centre;
    wire signed [32:0] right = adding ? mul_product[32:0] : turned;
    wire [32:0] sum;
    kv_add #(.BITS(33)) add (.x(left), .y(right), .minus(minus), .carry(minus), .sum(sum));
    wire signed [15:0] down = shift == 0 ? sum[29:14] : shift == 1 ? sum[30:15] : shift == 2 ? sum[31:16] : sum[32:17];

    always @(posedge clk) begin
        case (state)
            IDLE: if (start) begin
                which <= 0;
                state <= MULTIPLY;
            end
            MULTIPLY: state <= PRODUCT;
            PRODUCT: if (!mul_busy) begin
                turned <= which[0] ? sum : mul_product[32:0];
                which[0] <= 1;
                state <= which[0] ? SUM : MULTIPLY;
            end
            SUM: begin
                if (which[1])
                    sum_im <= down;
                else
                    sum_re <= down;
                state <= DIFFERENCE;
            end
            default: begin
                if (which[1])
                    difference_im <= down;
                else
                    difference_re <= down;
                which <= 2;
                state <= which[1] ? IDLE : MULTIPLY;
            end
        endcase
        if (reset)
            state <= IDLE;
    end
    wire unused = &{1'b0, mul_product[33], sum[13:0]};
endmodule

`default_nettype wire
