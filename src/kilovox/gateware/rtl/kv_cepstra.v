// Levels to features: the DCT-II of them, relative to the running maximum (even rows symmetric, odd rows antisymmetric), and the
// quantisation to what the network reads.
`default_nettype none

module kv_cepstra #(
    parameter BANDS = 32,
    parameter FEATURES = 13,
    parameter signed [16:0] DECAY = 5,
    parameter signed [16:0] FLOOR = -5102,
    parameter ABSOLUTE = 0,
    parameter signed [16:0] ABSOLUTE_FLOOR = -11520,
    parameter FEATURE_SHIFT = 16,
    parameter DCT_FILE = "",
    parameter NORMALISATION_FILE = ""
) (
    input wire clk,
    input wire reset,
    input wire forget,  // the running maximum, before a recording
    input wire start,
    output wire busy,
    input wire silent,  // the frame's levels are all the lowest
    input wire signed [15:0] loudest,
    output wire [$clog2(BANDS)-1:0] band,
    input wire signed [15:0] level,
    output wire feature_valid,
    output wire [$clog2(FEATURES)-1:0] feature_index,
    output wire signed [15:0] cepstrum,
    output wire signed [7:0] feature,
    output wire mul_start,
    output wire signed [16:0] mul_a,
    output wire signed [16:0] mul_b,
    input wire mul_busy,
    input wire signed [33:0] mul_product
);
    localparam HALF = BANDS / 2;
    localparam BAND_BITS = $clog2(BANDS);
    localparam INDEX = $clog2(FEATURES);
    localparam TERMS = FEATURES * HALF;
    localparam TERM_BITS = $clog2(TERMS);
    localparam [BAND_BITS-1:0] LAST = BANDS[BAND_BITS-1:0] - 1'b1, LAST_TERM = HALF[BAND_BITS-1:0] - 1'b1;
    localparam [INDEX-1:0] LAST_FEATURE = FEATURES - 1;
    localparam signed [31:0] HALF_UNIT = 32'sd16384;
    localparam [2:0] IDLE = 0, LEFT = 1, RIGHT = 2, BOTH = 3, MULTIPLY = 4, PRODUCT = 5, QUANTISE = 6, QUANTISED = 7;

    reg [2:0] state;
    reg [BAND_BITS-1:0] i;
    reg [INDEX-1:0] row;
    reg [TERM_BITS-1:0] term;
    reg signed [16:0] left, sum;
    reg signed [31:0] total;

    // A level as the DCT reads it.
    wire signed [16:0] heard;
    kv_relative #(.DECAY(DECAY), .FLOOR(FLOOR), .ABSOLUTE(ABSOLUTE), .ABSOLUTE_FLOOR(ABSOLUTE_FLOOR)) relative (
        .clk(clk), .forget(reset || forget), .advance(state == IDLE && start), .silent(silent), .loudest(loudest), .level(level),
        .heard(heard)
    );

    wire signed [15:0] weight;
    kv_rom #(.WIDTH(16), .DEPTH(TERMS), .FILE(DCT_FILE)) dct (.clk(clk), .address(term), .data(weight));
    wire [29:0] normalisation;
    kv_rom #(.WIDTH(30), .DEPTH(FEATURES), .FILE(NORMALISATION_FILE)) scales (
        .clk(clk), .address(row), .data(normalisation)
    );

    assign busy = state != IDLE;
    assign band = state == LEFT ? i : LAST - i;

    // The sum begins with the half unit.
    kv_saturate #(.IN(17), .OUT(16)) saturate (.x(total[31:15]), .y(cepstrum));
    wire [16:0] mirrored;
    kv_add #(.BITS(17)) mirror (.x(left), .y(heard), .minus(row[0]), .carry(row[0]), .sum(mirrored));

    wire quantise_busy, quantise_mul_start;
    wire signed [16:0] quantise_mul_a, quantise_mul_b;
    kv_quantise #(.SHIFT(FEATURE_SHIFT)) quantise (
        .clk(clk), .reset(reset), .start(state == QUANTISE), .x(cepstrum),
        .offset(normalisation[29:14]), .multiplier(normalisation[13:0]), .busy(quantise_busy), .value(feature),
        .mul_start(quantise_mul_start), .mul_a(quantise_mul_a), .mul_b(quantise_mul_b), .mul_busy(mul_busy),
        .mul_product(mul_product)
    );
    assign feature_valid = state == QUANTISED && !mul_busy;
    assign feature_index = row;
    assign mul_start = state == MULTIPLY || quantise_mul_start;
    assign mul_a = state == MULTIPLY ? sum : quantise_mul_a;
    assign mul_b = state == MULTIPLY ? {weight[15], weight} : quantise_mul_b;

    always @(posedge clk) begin
        case (state)
            IDLE: if (start) begin
                i <= 0;
                row <= 0;
                term <= 0;
                total <= HALF_UNIT;
                state <= LEFT;
            end
            LEFT: state <= RIGHT;
            RIGHT: begin
                left <= heard;
                state <= BOTH;
            end
            BOTH: begin
                sum <= mirrored;
                state <= MULTIPLY;
            end
            MULTIPLY: state <= PRODUCT;
            PRODUCT: if (!mul_busy) begin
                total <= total + mul_product[31:0];
                term <= term + 1'b1;
                i <= i + 1'b1;
                state <= i == LAST_TERM ? QUANTISE : LEFT;
            end
            QUANTISE: state <= QUANTISED;
            default: if (!mul_busy) begin
                i <= 0;
                total <= HALF_UNIT;
                row <= row + 1'b1;
                state <= row == LAST_FEATURE ? IDLE : LEFT;
            end
        endcase
        if (reset)
            state <= IDLE;
    end
    wire unused = &{1'b0, quantise_busy, mul_product[33:32]};
endmodule

`default_nettype wire
