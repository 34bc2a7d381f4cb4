// The decision: the largest logit, the first of equals, and its share in the softmax, 0 to 255.
//
// Logits come one after the other, from clear on. Then start: with d = min(largest - logit, 4095) of logits in Q8 and t = (369 d) >> 8
// octaves, each weighs p = (2^15 - 86 f + ((22 f^2) >> 8)) >> (t >> 8), f the fraction of t; the share is 255 2^15 / (sum of p).
`default_nettype none

module kv_confidence #(
    parameter LABELS = 10,
    parameter LABEL_BITS = 4,
    parameter ACC_BITS = 24,
    parameter HEAD_SHIFT = 0,
    parameter [8:0] LOG2_E = 369,
    parameter [11:0] LARGEST_DIFFERENCE = 4095,
    parameter [7:0] LINEAR = 86,
    parameter [7:0] SQUARE = 22
) (
    input wire clk,
    input wire reset,
    input wire clear,
    input wire logit_valid,
    input wire signed [ACC_BITS-1:0] logit,
    input wire start,
    output wire busy,
    output reg [LABEL_BITS-1:0] label,
    output wire [7:0] confidence,
    // The multiplier.
    output wire mul_start,
    output wire signed [16:0] mul_a,
    output wire signed [16:0] mul_b,
    input wire mul_busy,
    input wire signed [33:0] mul_product
);
    localparam [3:0] IDLE = 0, READ = 1, COMPARE = 2, OCTAVES = 3, FRACTION = 4, SQUARED = 5, LINEARLY = 6, SUM = 7, SHIFT = 8,
        DIVIDE = 9;
    localparam Q8_BITS = HEAD_SHIFT == 0 ? ACC_BITS : ACC_BITS - HEAD_SHIFT + 1;
    localparam SUM_BITS = 16 + LABEL_BITS;
    localparam [LABEL_BITS:0] COUNT = LABELS;
    localparam [LABEL_BITS:0] ONE = 1;

    reg [3:0] state;
    reg [LABEL_BITS:0] place;
    reg signed [ACC_BITS-1:0] largest;
    reg signed [Q8_BITS-1:0] largest_q8;
    reg [11:0] below;
    reg [4:0] octaves;
    reg [7:0] fraction;
    reg [15:0] power;
    reg [SUM_BITS-1:0] total;
    reg issued;

    wire signed [Q8_BITS-1:0] logit_q8;
    generate
        if (HEAD_SHIFT != 0) begin : shifted
            kv_rounding_shift #(.IN(ACC_BITS), .SHIFT(HEAD_SHIFT)) round (.x(logit), .y(logit_q8));
        end else begin : as_it_is
            assign logit_q8 = logit;
        end
    endgenerate
    wire signed [Q8_BITS-1:0] stored;
    kv_ram #(.WIDTH(Q8_BITS), .DEPTH(1 << LABEL_BITS)) logits (
        .clk(clk),
        .write(logit_valid), .write_address(place[LABEL_BITS-1:0]), .write_data(logit_q8),
        .address(place[LABEL_BITS-1:0]), .data(stored)
    );
    // Never negative.
    wire [Q8_BITS:0] difference = {largest_q8[Q8_BITS-1], largest_q8} - {stored[Q8_BITS-1], stored};

    // Four products a label.
    assign mul_start = !issued && (state == OCTAVES || state == FRACTION || state == SQUARED || state == LINEARLY);
    assign mul_a = state == OCTAVES ? {5'b0, below} : state == SQUARED ? {1'b0, power} : {9'b0, fraction};
    assign mul_b = state == OCTAVES ? {8'b0, LOG2_E} : state == FRACTION ? {9'b0, fraction} :
        state == SQUARED ? {9'b0, SQUARE} : {9'b0, LINEAR};
    wire multiplied = issued && !mul_busy;

    // The division: eight steps of compare, subtract and halve. 255 2^15 is below 2^23.
    localparam REST_BITS = SUM_BITS + 7 > 23 ? SUM_BITS + 7 : 23;
    reg [REST_BITS-1:0] rest, divisor;
    reg [2:0] bits;
    reg [7:0] share;
    wire [REST_BITS:0] left = {1'b0, rest} - {1'b0, divisor};
    wire enough = !left[REST_BITS];
    wire [SUM_BITS-1:0] next_total = total + {{LABEL_BITS{1'b0}}, power};
    wire unused = &{1'b0, mul_product[33:24]};

    assign busy = state != IDLE;
    assign confidence = share;

    always @(posedge clk) begin
        if (mul_start)
            issued <= 1;
        else if (multiplied)
            issued <= 0;
        case (state)
            IDLE: begin
                if (clear)
                    place <= 0;
                else if (logit_valid) begin
                    place <= place + ONE;
                    if (place == 0 || logit > largest) begin
                        largest <= logit;
                        largest_q8 <= logit_q8;
                        label <= place[LABEL_BITS-1:0];
                    end
                end
                if (start) begin
                    place <= 0;
                    total <= 0;
                    state <= READ;
                end
            end
            READ: state <= COMPARE;
            COMPARE: begin
                below <= difference > {{(Q8_BITS - 11){1'b0}}, LARGEST_DIFFERENCE} ? LARGEST_DIFFERENCE : difference[11:0];
                state <= OCTAVES;
            end
            OCTAVES: if (multiplied) begin
                octaves <= mul_product[20:16];
                fraction <= mul_product[15:8];
                state <= FRACTION;
            end
            FRACTION: if (multiplied) begin
                power <= mul_product[15:0];
                state <= SQUARED;
            end
            SQUARED: if (multiplied) begin
                power <= 16'h8000 + mul_product[23:8];
                state <= LINEARLY;
            end
            LINEARLY: if (multiplied) begin
                power <= power - mul_product[15:0];
                state <= SHIFT;
            end
            SHIFT: if (octaves == 0)
                state <= SUM;
            else begin
                power <= power >> 1;
                octaves <= octaves - 1'b1;
            end
            SUM: begin
                total <= next_total;
                place <= place + ONE;
                rest <= {{(REST_BITS - 23){1'b0}}, 8'd255, 15'd0};
                divisor <= {{(REST_BITS - SUM_BITS){1'b0}}, next_total} << 7;
                bits <= 7;
                state <= place == COUNT - ONE ? DIVIDE : READ;
            end
            default: begin
                share <= {share[6:0], enough};
                if (enough)
                    rest <= left[REST_BITS-1:0];
                divisor <= divisor >> 1;
                bits <= bits - 1'b1;
                if (bits == 0)
                    state <= IDLE;
            end
        endcase
        if (reset) begin
            state <= IDLE;
            issued <= 0;
        end
    end
endmodule

`default_nettype wire
