// The largest of the logits, the first of equals, and what each weighs in the softmax.
//
// Logits come one after the other; with the last of them it begins. With d = min(largest - logit, 4095) of logits in Q8 and t = (369 d) >>
// 8 octaves, each weighs p = (2^15 - 86 f + ((22 f^2) >> 8)) >> (t >> 8), f the fraction of t; total is the sum of p, from the cycle
// after done on. With KEEP each p may then be read.
`default_nettype none

module kv_softmax #(
    parameter OUTPUTS = 10,
    parameter PLACE = 4,
    parameter ACC_BITS = 24,
    parameter HEAD_SHIFT = 0,
    parameter KEEP = 0,
    parameter [8:0] LOG2_E = 369,
    parameter [11:0] LARGEST_DIFFERENCE = 4095,
    parameter [7:0] LINEAR = 86,
    parameter [7:0] SQUARE = 22
) (
    input wire clk,
    input wire reset,
    input wire logit_valid,
    input wire signed [ACC_BITS-1:0] logit,
    output wire busy,
    output wire done,
    output reg [PLACE-1:0] place,  // of the logit to come
    output reg [PLACE-1:0] likeliest,  // of those that came
    output reg [PLACE+15:0] total,
    // Power `address`, in the cycle after, while not busy.
    input wire [PLACE-1:0] address,
    output wire [15:0] kept,
    // The multiplier.
    output wire mul_start,
    output wire signed [16:0] mul_a,
    output wire signed [16:0] mul_b,
    input wire mul_busy,
    input wire signed [33:0] mul_product
);
    localparam [3:0] COLLECT = 0, READ = 1, COMPARE = 2, OCTAVES = 3, FRACTION = 4, SQUARED = 5, LINEARLY = 6, SHIFT = 7, SUM = 8;
    localparam Q8_BITS = HEAD_SHIFT == 0 ? ACC_BITS : ACC_BITS - HEAD_SHIFT + 1;
    localparam [PLACE-1:0] LAST = OUTPUTS[PLACE-1:0] - 1'b1;

    reg [3:0] state;
    reg signed [ACC_BITS-1:0] largest;
    reg signed [Q8_BITS-1:0] largest_q8;
    reg [11:0] below;
    reg [4:0] octaves;
    reg [7:0] fraction;
    reg [15:0] power;
    reg issued;

    wire signed [Q8_BITS-1:0] logit_q8;
    generate
        if (HEAD_SHIFT != 0) begin : shifted
            kv_rounding_shift #(.IN(ACC_BITS), .SHIFT(HEAD_SHIFT)) round (.x(logit), .y(logit_q8));
        end else begin : as_it_is
            assign logit_q8 = logit;
        end
    endgenerate
    // Logits, and powers in their place.
    wire signed [Q8_BITS-1:0] stored;
    wire keeping = KEEP != 0 && state == SUM;
    kv_ram #(.WIDTH(Q8_BITS), .DEPTH(1 << PLACE)) logits (
        .clk(clk),
        .write(logit_valid || keeping), .write_address(place),
        .write_data(keeping ? {{(Q8_BITS - 16){1'b0}}, power} : logit_q8),
        .address(KEEP != 0 && !busy ? address : place), .data(stored)
    );
    assign kept = stored[15:0];
    // Never negative.
    wire [Q8_BITS:0] difference = {largest_q8[Q8_BITS-1], largest_q8} - {stored[Q8_BITS-1], stored};

    // Four products a logit.
    assign mul_start = !issued && (state == OCTAVES || state == FRACTION || state == SQUARED || state == LINEARLY);
    assign mul_a = state == OCTAVES ? {5'b0, below} : state == SQUARED ? {1'b0, power} : {9'b0, fraction};
    assign mul_b = state == OCTAVES ? {8'b0, LOG2_E} : state == FRACTION ? {9'b0, fraction} :
        state == SQUARED ? {9'b0, SQUARE} : {9'b0, LINEAR};
    wire multiplied = issued && !mul_busy;
    wire unused = &{1'b0, mul_product[33:24], address};

    assign busy = state != COLLECT;
    assign done = state == SUM && place == LAST;

    always @(posedge clk) begin
        if (mul_start)
            issued <= 1;
        else if (multiplied)
            issued <= 0;
        case (state)
            COLLECT: if (logit_valid) begin
                if (place == 0 || logit > largest) begin
                    largest <= logit;
                    largest_q8 <= logit_q8;
                    likeliest <= place;
                end
                total <= 0;
                place <= place == LAST ? {PLACE{1'b0}} : place + 1'b1;
                if (place == LAST)
                    state <= READ;
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
            default: begin
                total <= total + {{PLACE{1'b0}}, power};
                place <= place == LAST ? {PLACE{1'b0}} : place + 1'b1;
                state <= place == LAST ? COLLECT : READ;
            end
        endcase
        if (reset) begin
            place <= 0;
            state <= COLLECT;
            issued <= 0;
        end
    end
endmodule

`default_nettype wire
