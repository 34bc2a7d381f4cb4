// A frame of samples to features: window, transform, mel levels, then cepstra of them or the levels themselves, one after the other,
// with one memory and one multiplier between them.
`default_nettype none

module kv_front_end #(
    parameter BANDS = 32,
    parameter FEATURES = 13,
    parameter LEVELS = 0,  // features are these, not cepstra of them
    parameter FIRST_BIN = 2,
    parameter BINS = 126,
    parameter LEVEL_EXPONENT = 41,
    parameter signed [16:0] DECAY = 5,
    parameter signed [16:0] FLOOR = -5102,
    parameter ABSOLUTE = 0,
    parameter signed [16:0] ABSOLUTE_FLOOR = -11520,
    parameter FEATURE_SHIFT = 16,
    parameter WINDOW_FILE = "",
    parameter SINE_FILE = "",
    parameter MEL_FILE = "",
    parameter MANTISSA_FILE = "",
    parameter DCT_FILE = "",
    parameter NORMALISATION_FILE = ""
) (
    input wire clk,
    input wire reset,
    input wire forget,
    // A window of samples, taken when it was heard.
    input wire frame_valid,
    output wire frame_take,
    output wire [7:0] index,
    input wire signed [15:0] sample,
    // Features one after the other, once features_ready; done with the last of a frame.
    input wire features_ready,
    output wire feature_valid,
    output wire [$clog2(FEATURES)-1:0] feature_index,
    output wire signed [15:0] cepstrum,
    output wire signed [7:0] feature,
    output wire done,
    output wire signed [15:0] loudest,  // of the frame's bands
    output wire silent,  // its samples are all equal
    output wire busy
);
    localparam BAND_BITS = $clog2(BANDS);
    localparam [3:0] IDLE = 0, WINDOW = 1, WINDOWED = 2, TRANSFORM = 3, TRANSFORMED = 4, MEL = 5, LEVELLED = 6, FEATURE = 7,
        TOLD = 8;

    reg [3:0] state;
    assign busy = state != IDLE;

    wire mul_busy;
    wire signed [33:0] mul_product;

    wire window_busy, window_write, window_mul_start;
    wire [6:0] window_write_address;
    wire [31:0] window_write_data;
    wire signed [16:0] window_mul_a, window_mul_b;
    wire signed [5:0] window_exponent;
    kv_window #(.FILE(WINDOW_FILE)) to_values (
        .clk(clk), .reset(reset), .start(state == WINDOW), .busy(window_busy), .silent(silent), .exponent(window_exponent),
        .index(index), .sample(sample),
        .write(window_write), .write_address(window_write_address), .write_data(window_write_data),
        .mul_start(window_mul_start), .mul_a(window_mul_a), .mul_b(window_mul_b), .mul_busy(mul_busy),
        .mul_product(mul_product)
    );

    wire transform_busy, transform_write, transform_mul_start;
    wire [6:0] transform_address, transform_write_address;
    wire [31:0] transform_write_data, spectrum;
    wire signed [16:0] transform_mul_a, transform_mul_b;
    wire [3:0] transform_exponent;
    kv_transform #(.FILE(SINE_FILE)) to_bins (
        .clk(clk), .reset(reset), .start(state == TRANSFORM), .busy(transform_busy), .exponent(transform_exponent),
        .address(transform_address), .data(spectrum),
        .write(transform_write), .write_address(transform_write_address), .write_data(transform_write_data),
        .mul_start(transform_mul_start), .mul_a(transform_mul_a), .mul_b(transform_mul_b), .mul_busy(mul_busy),
        .mul_product(mul_product)
    );

    wire mel_busy, mel_write, mel_mul_start;
    wire [6:0] mel_address;
    wire [BAND_BITS-1:0] mel_band, band;
    wire signed [15:0] mel_level, level, mel_loudest;
    wire signed [16:0] mel_mul_a, mel_mul_b;
    wire signed [6:0] exponent = {window_exponent[5], window_exponent} + {3'b0, transform_exponent};
    kv_mel #(
        .BANDS(BANDS), .FIRST_BIN(FIRST_BIN), .BINS(BINS), .LEVEL_EXPONENT(LEVEL_EXPONENT), .WEIGHTS_FILE(MEL_FILE),
        .MANTISSA_FILE(MANTISSA_FILE)
    ) to_levels (
        .clk(clk), .reset(reset), .start(state == MEL), .busy(mel_busy), .exponent(exponent),
        .address(mel_address), .power(spectrum),
        .write(mel_write), .band(mel_band), .level(mel_level), .loudest(mel_loudest),
        .mul_start(mel_mul_start), .mul_a(mel_mul_a), .mul_b(mel_mul_b), .mul_busy(mul_busy), .mul_product(mul_product)
    );

    wire features_busy, features_mul_start;
    wire signed [16:0] features_mul_a, features_mul_b;
    wire features_start = state == FEATURE && features_ready;
    generate
        if (LEVELS != 0) begin : levels_themselves
            kv_level_features #(
                .BANDS(BANDS), .DECAY(DECAY), .FLOOR(FLOOR), .ABSOLUTE(ABSOLUTE), .ABSOLUTE_FLOOR(ABSOLUTE_FLOOR),
                .FEATURE_SHIFT(FEATURE_SHIFT), .NORMALISATION_FILE(NORMALISATION_FILE)
            ) to_features (
                .clk(clk), .reset(reset), .forget(forget), .start(features_start), .busy(features_busy),
                .silent(silent), .loudest(mel_loudest), .band(band), .level(level),
                .feature_valid(feature_valid), .feature_index(feature_index), .cepstrum(cepstrum), .feature(feature),
                .mul_start(features_mul_start), .mul_a(features_mul_a), .mul_b(features_mul_b), .mul_busy(mul_busy),
                .mul_product(mul_product)
            );
        end else begin : cepstra
            kv_cepstra #(
                .BANDS(BANDS), .FEATURES(FEATURES), .DECAY(DECAY), .FLOOR(FLOOR), .ABSOLUTE(ABSOLUTE),
                .ABSOLUTE_FLOOR(ABSOLUTE_FLOOR), .FEATURE_SHIFT(FEATURE_SHIFT), .DCT_FILE(DCT_FILE),
                .NORMALISATION_FILE(NORMALISATION_FILE)
            ) to_features (
                .clk(clk), .reset(reset), .forget(forget), .start(features_start), .busy(features_busy),
                .silent(silent), .loudest(mel_loudest), .band(band), .level(level),
                .feature_valid(feature_valid), .feature_index(feature_index), .cepstrum(cepstrum), .feature(feature),
                .mul_start(features_mul_start), .mul_a(features_mul_a), .mul_b(features_mul_b), .mul_busy(mul_busy),
                .mul_product(mul_product)
            );
        end
    endgenerate
    assign loudest = silent ? 16'sh8000 : mel_loudest;

    wire windowing = state == WINDOWED, transforming = state == TRANSFORMED, levelling = state == LEVELLED;
    kv_ram #(.WIDTH(32), .DEPTH(128)) memory (
        .clk(clk),
        .write(window_write || transform_write),
        .write_address(windowing ? window_write_address : transform_write_address),
        .write_data(windowing ? window_write_data : transform_write_data),
        .address(transforming ? transform_address : mel_address), .data(spectrum)
    );
    kv_ram #(.WIDTH(16), .DEPTH(1 << BAND_BITS)) levels (
        .clk(clk),
        .write(mel_write), .write_address(mel_band), .write_data(mel_level),
        .address(band), .data(level)
    );
    kv_multiply #(.BITS(17)) multiply (
        .clk(clk), .reset(reset),
        .start(window_mul_start || transform_mul_start || mel_mul_start || features_mul_start),
        .a(windowing ? window_mul_a : transforming ? transform_mul_a : levelling ? mel_mul_a : features_mul_a),
        .b(windowing ? window_mul_b : transforming ? transform_mul_b : levelling ? mel_mul_b : features_mul_b),
        .busy(mul_busy), .product(mul_product)
    );

    assign frame_take = state == WINDOWED && !window_busy;
    assign done = state == TOLD && !features_busy;

    always @(posedge clk) begin
        case (state)
            IDLE: if (frame_valid) state <= WINDOW;
            WINDOW: state <= WINDOWED;
            WINDOWED: if (!window_busy) state <= silent ? FEATURE : TRANSFORM;
            TRANSFORM: state <= TRANSFORMED;
            TRANSFORMED: if (!transform_busy) state <= MEL;
            MEL: state <= LEVELLED;
            LEVELLED: if (!mel_busy) state <= FEATURE;
            FEATURE: if (features_ready) state <= TOLD;
            default: if (!features_busy) state <= IDLE;
        endcase
        if (reset)
            state <= IDLE;
    end
endmodule

`default_nettype wire
