// (a 2^14 +- b (cosine - j sine) + half) >> down, complex a and b of 17 bits, down = 14 + shift and half of it: four products.
//
// a = x and b = y; or, for the power, a = x + conj(y) and b = -j (x - conj(y)).
`default_nettype none

module kv_butterfly (
    input wire clk,
    input wire reset,
    input wire start,  // x, y, of_power, cosine, sine and shift are held while busy
    output wire busy,
    input wire of_power,
    input wire signed [15:0] x_re,
    input wire signed [15:0] x_im,
    input wire signed [15:0] y_re,
    input wire signed [15:0] y_im,
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

    // Re: b_re cosine + b_im sine; im: b_im cosine - b_re sine. Of the power b_re = x_im + y_im, b_im = y_re - x_re.
    wire of_im = which[0] ^ which[1];
    wire [16:0] b_y = of_im ^ of_power ? {y_im[15], y_im} : {y_re[15], y_re};
    wire [16:0] b_x = !of_power ? 17'd0 : of_im ? ~{x_re[15], x_re} : {x_im[15], x_im};
    wire [17:0] b = {b_y, 1'b1} + {b_x, of_im && of_power};
    assign busy = state != IDLE;
    assign mul_start = state == MULTIPLY;
    assign mul_a = b[17:1];
    assign mul_b = which[0] ? {sine[15], sine} : {cosine[15], cosine};

    // Of the power a_re = x_re + y_re, a_im = x_im - y_im.
    wire [16:0] a_x = which[1] ? {x_im[15], x_im} : {x_re[15], x_re};
    wire [16:0] a_y = !of_power ? 17'd0 : which[1] ? ~{y_im[15], y_im} : {y_re[15], y_re};
    wire [17:0] a = {a_x, 1'b1} + {a_y, which[1] && of_power};

    // One adder: to the products, and of them to a and the half unit.
    wire signed [18:0] rounding = shift == 0 ? 19'sd0 : 19'sd1 <<< (shift - 2'd1);
    wire signed [18:0] a_rounding = {{2{a[17]}}, a[17:1]} + rounding;
    wire signed [32:0] centre = {a_rounding, shift == 0, 13'b0};
    wire adding = state == PRODUCT;
    wire minus = adding ? which[1] : state == DIFFERENCE;
    wire signed [32:0] left = adding ? turned : centre;
    wire signed [32:0] right = adding ? mul_product[32:0] : turned;
    wire [32:0] sum;
    kv_add #(.BITS(33)) add (.x(left), .y(right), .minus(minus), .carry(minus), .sum(sum));
    wire signed [15:0] down = shift == 0 ? sum[29:14] : shift == 1 ? sum[30:15] : shift == 2 ? sum[31:16] : sum[32:17];

    always @(posedge clk) begin
        // Sum and difference of the real parts, then those of the imaginary ones.
        if (state == SUM || state == DIFFERENCE) begin
            sum_re <= difference_re;
            difference_re <= sum_im;
            sum_im <= difference_im;
            difference_im <= down;
        end
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
            SUM: state <= DIFFERENCE;
            default: begin
                which <= 2;
                state <= which[1] ? IDLE : MULTIPLY;
            end
        endcase
        if (reset)
            state <= IDLE;
    end
    wire unused = &{1'b0, mul_product[33], sum[13:0], a[0], b[0]};
endmodule

`default_nettype wire
