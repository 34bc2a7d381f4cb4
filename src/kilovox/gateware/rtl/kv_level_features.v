// Levels to features, where no cepstra are made of them: from Q8 to Q7, rounded down, and the quantisation to what the network reads.
`default_nettype none

module kv_level_features #(
    parameter BANDS = 32,
    parameter signed [16:0] DECAY = 5,
    parameter signed [16:0] FLOOR = -5102,
    parameter ABSOLUTE = 0,
    parameter signed [16:0] ABSOLUTE_FLOOR = -11520,
    parameter FEATURE_SHIFT = 16,
    parameter NORMALISATION_FILE = ""
) (
    input wire clk,
    input wire reset,
    input wire forget,
    input wire start,
    output wire busy,
    input wire silent,
    input wire signed [15:0] loudest,
    output reg [$clog2(BANDS)-1:0] band,
    input wire signed [15:0] level,
    output wire feature_valid,
    output wire [$clog2(BANDS)-1:0] feature_index,
    output wire signed [15:0] cepstrum,  // what stands in its place: the level in Q7
    output wire signed [7:0] feature,
    output wire mul_start,
    output wire signed [16:0] mul_a,
    output wire signed [16:0] mul_b,
    input wire mul_busy,
    input wire signed [33:0] mul_product
);
    localparam INDEX = $clog2(BANDS);
    localparam [INDEX-1:0] LAST = BANDS[INDEX-1:0] - 1'b1;
    localparam [1:0] IDLE = 0, READ = 1, QUANTISE = 2, QUANTISED = 3;

    reg [1:0] state;
    wire signed [16:0] heard;
    kv_relative #(.DECAY(DECAY), .FLOOR(FLOOR), .ABSOLUTE(ABSOLUTE), .ABSOLUTE_FLOOR(ABSOLUTE_FLOOR)) relative (
        .clk(clk), .forget(reset || forget), .advance(state == IDLE && start), .silent(silent), .loudest(loudest), .level(level),
        .heard(heard)
    );
    wire [29:0] normalisation;
    kv_rom #(.WIDTH(30), .DEPTH(BANDS), .FILE(NORMALISATION_FILE)) scales (
        .clk(clk), .address(band), .data(normalisation)
    );
    wire quantise_busy;
    kv_quantise #(.SHIFT(FEATURE_SHIFT)) quantise (
        .clk(clk), .reset(reset), .start(state == QUANTISE), .x(cepstrum),
        .offset(normalisation[29:14]), .multiplier(normalisation[13:0]), .busy(quantise_busy), .value(feature),
        .mul_start(mul_start), .mul_a(mul_a), .mul_b(mul_b), .mul_busy(mul_busy), .mul_product(mul_product)
    );
    assign busy = state != IDLE;
    assign cepstrum = heard[16:1];
    assign feature_valid = state == QUANTISED && !mul_busy;
    assign feature_index = band;
    wire unused = &{1'b0, quantise_busy, heard[0]};

    always @(posedge clk) begin
        case (state)
            IDLE: if (start) begin
                band <= 0;
                state <= READ;
            end
            READ: state <= QUANTISE;
            QUANTISE: state <= QUANTISED;
            default: if (!mul_busy) begin
                band <= band + 1'b1;
                state <= band == LAST ? IDLE : READ;
            end
        endcase
        if (reset)
            state <= IDLE;
    end
endmodule

`default_nettype wire
