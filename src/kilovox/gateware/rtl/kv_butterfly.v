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
    localparam [1:0] IDLE = 0, MULTIPLY = 1, PRODUCT = 2, LAST = 3;

    reg [1:0] state;
    reg [1:0] which;
    reg signed [32:0] turned;

    // Re: b_re cosine + b_im sine; im: b_im cosine - b_re sine.
    assign busy = state != IDLE;
    assign mul_start = state == MULTIPLY;
    assign mul_a = which[0] ^ which[1] ? b_im : b_re;
    assign mul_b = which[0] ? {sine[15], sine} : {cosine[15], cosine};

    wire signed [16:0] a = which[1] ? a_im : a_re;
    wire signed [32:0] half = 33'sd8192 <<< shift;
    wire signed [32:0] centre = {{2{a[16]}}, a, 14'b0} + half;
    wire signed [32:0] sum = (centre + turned) >>> 14;
    wire signed [32:0] difference = (centre - turned) >>> 14;
    wire signed [15:0] sum_down = shift == 0 ? sum[15:0] : shift == 1 ? sum[16:1] : shift == 2 ? sum[17:2] : sum[18:3];
    wire signed [15:0] difference_down = shift == 0 ? difference[15:0] : shift == 1 ? difference[16:1] :
        shift == 2 ? difference[17:2] : difference[18:3];

    always @(posedge clk) begin
        case (state)
            IDLE: if (start) begin
                which <= 0;
                state <= MULTIPLY;
            end
            MULTIPLY: state <= PRODUCT;
            PRODUCT: if (!mul_busy) begin
                turned <= !which[0] ? mul_product[32:0] : which[1] ? turned - mul_product[32:0] : turned + mul_product[32:0];
                which <= which + !which[0];
                state <= which[0] ? LAST : MULTIPLY;
            end
            default: begin
                if (!which[1]) begin
                    sum_re <= sum_down;
                    difference_re <= difference_down;
                end else begin
                    sum_im <= sum_down;
                    difference_im <= difference_down;
                end
                which <= 2;
                state <= which[1] ? IDLE : MULTIPLY;
            end
        endcase
        if (reset)
            state <= IDLE;
    end
    wire unused = &{1'b0, mul_product[33], sum[32:19], difference[32:19]};
endmodule

`default_nettype wire
