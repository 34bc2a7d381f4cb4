// The 128-point transform in place, decimated in time, and the power spectrum of the real frame out of it, in place as well.
//
// Block floating point: each stage shifts down by 0, 1 or 2 bits, by the largest value that the stage before it wrote. `exponent` is
// the sum of all shifts.
`default_nettype none

module kv_transform #(
    parameter FILE = ""
) (
    input wire clk,
    input wire reset,
    input wire start,
    output wire busy,
    output reg [3:0] exponent,
    // 128 words: {imaginary, real}, then powers.
    output wire [6:0] address,
    input wire [31:0] data,
    output wire write,
    output wire [6:0] write_address,
    output wire [31:0] write_data,
    output wire mul_start,
    output wire signed [16:0] mul_a,
    output wire signed [16:0] mul_b,
    input wire mul_busy,
    input wire signed [33:0] mul_product
);
    localparam [3:0] IDLE = 0, FOUR = 1, FOUR_READ = 2, FOUR_WRITE = 3, A = 4, B = 5, TWIDDLE = 6, TURN = 7, TURNING = 8,
        STORE_SUM = 9, STORE_DIFFERENCE = 10, SQUARE = 11, SQUARED = 12, STORE_HIGH = 13, STORE_LOW = 14;

    reg [3:0] state;
    reg of_power;  // the last stage
    reg [2:0] stage;  // spans of 2^stage, 2 to 6
    reg [6:0] j;
    reg [1:0] quarter;
    reg [1:0] shift;
    reg wide, wider;  // of what was written: beyond 2^13, beyond 2^14

    // Two stages at once without products: (a +- b +- c +- d + 1) >> 2, the real part of it and then, with `half`, the imaginary one;
    // c and d times -j in the odd quarters. The 1 is a carry: of a + b in the even quarters, of a sum or of the one before in the odd ones.
    reg [31:0] a, b, c;  // c later: {sine, cosine}
    reg half;
    reg [15:0] four_re;
    wire odd = quarter[0], other = half ^ odd, minus = quarter[1] ^ (half && odd);
    wire [31:0] d = data;
    wire [15:0] near_x = half ? a[31:16] : a[15:0], near_y = half ? b[31:16] : b[15:0];
    wire [15:0] far_x = other ? c[31:16] : c[15:0], far_y = other ? d[31:16] : d[15:0];
    wire [17:0] near, far, four;
    kv_add #(.BITS(18)) add_near (
        .x({{2{near_x[15]}}, near_x}), .y({{2{near_y[15]}}, near_y}), .minus(odd), .carry(1'b1), .sum(near)
    );
    kv_add #(.BITS(18)) add_far (
        .x({{2{far_x[15]}}, far_x}), .y({{2{far_y[15]}}, far_y}), .minus(odd), .carry(odd && !minus), .sum(far)
    );
    kv_add #(.BITS(18)) add (.x(near), .y(far), .minus(minus), .carry(odd || minus), .sum(four));

    // Places of a butterfly: a 0 put into j at bit `stage`. Of the power: j and 128 - j.
    wire [6:0] below = ~(7'h7F << stage);
    wire [6:0] near_place = of_power ? j : ((j & ~below) << 1) | (j & below);
    wire [6:0] far_place = of_power ? -j : near_place | (7'd1 << stage);
    wire [6:0] angle = of_power ? j : (j & below) << (3'd7 - stage);

    wire [15:0] table_data;
    kv_rom #(.WIDTH(16), .DEPTH(192), .FILE(FILE)) table_of_sine (
        .clk(clk),
        .address(state == B ? {1'b0, angle} + 8'd64 : {1'b0, angle}),
        .data(table_data)
    );

    // Of the power: 2 E = a + conj(b), 2 O = -j (a - conj(b)), and one bit more to shift.
    wire turn_busy, turn_mul_start;
    wire signed [16:0] turn_mul_a, turn_mul_b;
    wire signed [15:0] sum_re, sum_im, difference_re, difference_im;
    kv_butterfly butterfly (
        .clk(clk), .reset(reset), .start(state == TURN), .busy(turn_busy),
        .of_power(of_power), .x_re(a[15:0]), .x_im(a[31:16]), .y_re(b[15:0]), .y_im(b[31:16]),
        .cosine(c[15:0]), .sine(c[31:16]), .shift(of_power ? shift + 2'd1 : shift),
        .sum_re(sum_re), .sum_im(sum_im), .difference_re(difference_re), .difference_im(difference_im),
        .mul_start(turn_mul_start), .mul_a(turn_mul_a), .mul_b(turn_mul_b), .mul_busy(mul_busy), .mul_product(mul_product)
    );

    // Four squares: of the difference, then of the sum.
    reg [1:0] part;
    reg [31:0] power;
    wire signed [15:0] to_square = part[1] ? (part[0] ? sum_im : sum_re) : part[0] ? difference_im : difference_re;
    assign mul_start = state == SQUARE || turn_mul_start;
    assign mul_a = state == SQUARE ? {to_square[15], to_square} : turn_mul_a;
    assign mul_b = state == SQUARE ? {to_square[15], to_square} : turn_mul_b;

    assign busy = state != IDLE;
    assign address = state == FOUR || state == FOUR_READ ? {j[4:0], quarter} : state == FOUR_WRITE ? {j[4:0], 2'd3} :
        state == A ? near_place : far_place;
    assign write = (state == FOUR_WRITE && half) || state == STORE_SUM || state == STORE_DIFFERENCE || state == STORE_HIGH ||
        state == STORE_LOW;
    assign write_address = state == FOUR_WRITE ? {j[4:0], quarter} :
        state == STORE_SUM || state == STORE_LOW ? near_place : far_place;
    assign write_data = state == FOUR_WRITE ? {four[17:2], four_re} :
        state == STORE_SUM ? {sum_im, sum_re} : state == STORE_DIFFERENCE ? {difference_im, difference_re} : power;
    wire unused = &{1'b0, four[1:0]};

    // Neighbouring bits of an int16 that differ say how large it is.
    wire [1:0] beyond_14 = {write_data[31] ^ write_data[30], write_data[15] ^ write_data[14]};
    wire [1:0] beyond_13 = {write_data[30] ^ write_data[29], write_data[14] ^ write_data[13]};
    wire [1:0] next_shift = wider ? 2'd2 : wide ? 2'd1 : 2'd0;

    always @(posedge clk) begin
        if (write) begin
            wider <= wider || beyond_14 != 0;
            wide <= wide || beyond_13 != 0;
        end
        case (state)
            IDLE: if (start) begin
                j <= 0;
                quarter <= 0;
                half <= 0;
                wide <= 0;
                wider <= 0;
                of_power <= 0;
                stage <= 2;
                exponent <= 2;
                state <= FOUR;
            end
            // d stays what the memory gives: the last of the four addresses is held.
            FOUR: begin
                quarter <= 1;
                state <= FOUR_READ;
            end
            FOUR_READ: begin
                a <= b;
                b <= c;
                c <= data;
                quarter <= quarter + 2'd1;
                if (quarter == 3) begin
                    quarter <= 0;
                    state <= FOUR_WRITE;
                end
            end
            FOUR_WRITE: begin
                half <= !half;
                four_re <= four[17:2];
                quarter <= quarter + {1'b0, half};
                if (half && quarter == 3) begin
                    j <= j + 7'd1;
                    state <= FOUR;
                    if (j == 31) begin
                        j <= 0;
                        state <= A;
                    end
                end
            end
            A: begin
                if (j == 0 || (of_power && j == 1)) begin
                    shift <= next_shift;
                    exponent <= exponent + {2'b0, next_shift};
                    wide <= 0;
                    wider <= 0;
                end
                state <= B;
            end
            B: begin
                a <= data;
                c[31:16] <= table_data;
                state <= TWIDDLE;
            end
            TWIDDLE: begin
                b <= data;
                c[15:0] <= table_data;
                state <= TURN;
            end
            TURN: state <= TURNING;
            TURNING: if (!turn_busy) begin
                part <= 0;
                power <= 0;
                state <= of_power ? SQUARE : STORE_SUM;
            end
            STORE_SUM: state <= STORE_DIFFERENCE;
            STORE_DIFFERENCE: begin
                j <= j + 7'd1;
                state <= A;
                if (j == 63) begin
                    j <= 0;
                    stage <= stage + 3'd1;
                    if (stage == 6) begin
                        j <= 1;
                        of_power <= 1;
                    end
                end
            end
            SQUARE: state <= SQUARED;
            SQUARED: if (!mul_busy) begin
                power <= power + mul_product[31:0];
                part <= part + 2'd1;
                state <= !part[0] ? SQUARE : part[1] ? STORE_LOW : STORE_HIGH;
            end
            STORE_HIGH: begin
                power <= 0;
                state <= SQUARE;
            end
            // Bin 64 is both: the sum is the one that counts, and is written last.
            default: begin
                j <= j + 7'd1;
                state <= j == 64 ? IDLE : A;
            end
        endcase
        if (reset)
            state <= IDLE;
    end
endmodule

`default_nettype wire
