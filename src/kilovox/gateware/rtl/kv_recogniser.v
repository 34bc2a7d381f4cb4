// Samples to decisions: one model, whose sizes are in kilovox_model.vh and whose tables in the .hex files beside it.
//
// In: samples, int16, at the model's rate; a transfer with in_end is the end of the recording. Out: decisions; out_last is that of a
// whole recording, one for each in_end; of a model that finds words each word has one besides, as soon as a pause has followed it, and of
// one that listens as soon as it is sure, in running sound as well. While a decision is not taken, nothing more is decided on.
// out_outcome: 0 nothing was heard, 1 unknown, 2 out_label; out_confidence: of 255. Both sides: valid and ready, taken where both are.
// The weights are read through a port: word weight_address is to be there in the next cycle.
`default_nettype none
`include "kilovox_model.vh"

module kv_recogniser (
    input wire clk,
    input wire reset,
    input wire in_valid,
    output wire in_ready,
    input wire in_end,
    input wire signed [15:0] in_sample,
    output wire out_valid,
    input wire out_ready,
    output wire out_last,
    output wire [`KV_LABEL_BITS-1:0] out_label,
    output wire [7:0] out_confidence,
    output wire [1:0] out_outcome,
    output wire [`KV_WEIGHT_ADDRESS-1:0] weight_address,
    input wire [`KV_WEIGHT_BITS-1:0] weight,
    // To be looked at: every frame's features, one after the other, and the last of them; outputs of convolutions; new states; logits.
    output wire seen_feature,
    output wire signed [15:0] seen_cepstrum,
    output wire signed [7:0] seen_quantised,
    output wire seen_frame,
    output wire signed [15:0] seen_level,
    output wire seen_output,
    output wire signed [7:0] seen_activation,
    output wire seen_state,
    output wire signed [7:0] seen_hidden,
    output wire signed [15:0] seen_cell,
    output wire seen_logit,
    output wire signed [`KV_ACC_BITS-1:0] seen_value
);
    localparam INDEX = $clog2(`KV_FEATURES);
    localparam [1:0] NOTHING = `KV_NOTHING, UNKNOWN = `KV_UNKNOWN, LABEL = `KV_LABEL;

    // Front end.
    wire frame_valid, frame_own, frame_take, ended, restart;
    wire [7:0] index;
    wire signed [15:0] sample;
    kv_recorder #(.WINDOW(256), .HOP(`KV_HOP), .SILENCE(`KV_SILENCE), .DEPTH(512)) recorder (
        .clk(clk), .reset(reset), .in_valid(in_valid), .in_ready(in_ready), .in_end(in_end), .in_sample(in_sample),
        .frame_valid(frame_valid), .frame_own(frame_own), .frame_take(frame_take), .index(index), .sample(sample),
        .ended(ended), .restart(restart)
    );

    wire features_ready, feature_valid, frame_done, silent, front_end_busy;
    wire [INDEX-1:0] feature_index;
    wire signed [7:0] feature;
    wire signed [15:0] loudest;
    kv_front_end #(
        .BANDS(`KV_BANDS), .FEATURES(`KV_FEATURES), .LEVELS(`KV_LEVELS), .FIRST_BIN(`KV_FIRST_BIN), .BINS(`KV_MEL_BINS),
        .LEVEL_EXPONENT(`KV_LEVEL_EXPONENT), .DECAY(`KV_DECAY), .FLOOR(`KV_FLOOR), .ABSOLUTE(`KV_ABSOLUTE),
        .ABSOLUTE_FLOOR(`KV_ABSOLUTE_FLOOR), .FEATURE_SHIFT(`KV_FEATURE_SHIFT), .WINDOW_FILE("kv_half_window.hex"),
        .SINE_FILE("kv_sine.hex"), .MEL_FILE("kv_mel_weights.hex"), .MANTISSA_FILE("kv_log2_mantissa.hex"),
        .DCT_FILE("kv_half_dct.hex"), .NORMALISATION_FILE("kv_normalisation.hex")
    ) front_end (
        .clk(clk), .reset(reset), .forget(restart), .frame_valid(frame_valid), .frame_take(frame_take), .index(index),
        .sample(sample), .features_ready(features_ready), .feature_valid(feature_valid), .feature_index(feature_index),
        .cepstrum(seen_cepstrum), .feature(feature), .done(frame_done), .loudest(loudest), .silent(silent),
        .busy(front_end_busy)
    );
    assign seen_feature = feature_valid;
    assign seen_quantised = feature;
    assign seen_frame = frame_done;
    assign seen_level = loudest;

    // Something was heard where a frame of the recording's own samples is not all one value.
    reg anything;
    always @(posedge clk) begin
        if (frame_take && frame_own && !silent)
            anything <= 1;
        if (reset || restart)
            anything <= 0;
    end

    // Sums of weights, for whoever has the next rows.
    wire rows_rewind, rows_start, rows_busy, rows_reading, rows_mark, rows_again, sum_valid, sum_ready;
    wire [`KV_ROW_ADDRESS:0] rows;
    wire [`KV_COLUMN_BITS-1:0] columns, column;
    wire signed [7:0] x;
    wire signed [`KV_ACC_BITS-1:0] sum;
    wire [`KV_ROW_ADDRESS-1:0] row_address;
    wire [`KV_SHIFT_BITS+`KV_ACC_BITS-1:0] row_data;
    kv_rom #(.WIDTH(`KV_SHIFT_BITS + `KV_ACC_BITS), .DEPTH(`KV_ROWS), .FILE("kv_rows.hex")) biases (
        .clk(clk), .address(row_address), .data(row_data)
    );
    kv_rows #(
        .POW2(`KV_POW2), .WEIGHT_BITS(`KV_WEIGHT_BITS), .WEIGHT_ADDRESS(`KV_WEIGHT_ADDRESS), .ROW_ADDRESS(`KV_ROW_ADDRESS),
        .ACC_BITS(`KV_ACC_BITS), .SHIFT_BITS(`KV_SHIFT_BITS), .COLUMN_BITS(`KV_COLUMN_BITS)
    ) sums (
        .clk(clk), .reset(reset), .rewind(rows_rewind), .mark(rows_mark), .again(rows_again), .start(rows_start), .rows(rows),
        .columns(columns), .busy(rows_busy), .weight_address(weight_address), .weight(weight), .row_address(row_address),
        .row_data(row_data), .reading(rows_reading), .column(column), .x(x), .sum_valid(sum_valid), .sum_ready(sum_ready),
        .sum(sum)
    );

    // Network.
`ifdef KV_LISTENS
    localparam EVERY = 1;
`else
    localparam EVERY = 0;
`endif
    localparam INPUT_INDEX = $clog2(`KV_INPUTS);
    wire network_busy, network_write, step, step_fresh, decide, guest_start, mul_busy;
    wire network_rows_start, network_sum_ready;
    wire [`KV_ROW_ADDRESS:0] network_rows;
    wire [`KV_COLUMN_BITS-1:0] network_columns;
    wire signed [7:0] network_x;
    wire [INPUT_INDEX-1:0] network_index;
    wire signed [7:0] network_feature;
    wire signed [16:0] guest_a, guest_b;
    wire signed [33:0] mul_product;
    kv_network #(
        .EVERY(EVERY), .OUTPUTS(`KV_OUTPUTS), .INPUTS(`KV_INPUTS), .LAYERS(`KV_LAYERS), .UNITS(`KV_UNITS),
        .ROW_ADDRESS(`KV_ROW_ADDRESS), .COLUMN_BITS(`KV_COLUMN_BITS), .ACC_BITS(`KV_ACC_BITS), .TANH_ENTRIES(`KV_TANH_ENTRIES),
        .TANH_FILE("kv_tanh.hex")
    ) network (
        .clk(clk), .reset(reset), .busy(network_busy),
        .feature_write(network_write), .feature_index(network_index), .feature(network_feature),
        .step(step), .step_fresh(step_fresh), .decide(decide),
        .rows_start(network_rows_start), .rows(network_rows), .columns(network_columns), .rows_busy(rows_busy), .column(column),
        .x(network_x), .sum_valid(sum_valid), .sum_ready(network_sum_ready), .sum(sum),
        .guest_start(guest_start), .guest_a(guest_a), .guest_b(guest_b), .mul_busy(mul_busy), .mul_product(mul_product),
        .state_valid(seen_state), .hidden(seen_hidden), .cell_state(seen_cell),
        .logit_valid(seen_logit), .logit(seen_value)
    );

`ifdef KV_LISTENS
    // Convolutions before the network, and a decision on each of its frames.
    wire convolutions_busy, convolving, convolutions_start, convolutions_sum_ready, decider_busy;
    wire [`KV_ROW_ADDRESS:0] convolutions_rows;
    wire [`KV_COLUMN_BITS-1:0] convolutions_columns;
    wire signed [7:0] convolutions_x;
    wire chain_busy = convolutions_busy || network_busy || decider_busy;
    assign features_ready = !chain_busy;
    kv_convolutions #(
        .BLOCKS(`KV_BLOCKS), .MEMORY(`KV_PAST_MEMORY), .FRAME_AT(`KV_FRAME_AT), .FRAME(`KV_FRAME), .PROJECTION(`KV_INPUTS),
        .ROW_ADDRESS(`KV_ROW_ADDRESS), .COLUMN_BITS(`KV_COLUMN_BITS), .ACC_BITS(`KV_ACC_BITS), .RING(`KV_BLOCK_RING),
        .HEARD(`KV_BLOCK_HEARD), .FRAMES(`KV_BLOCK_FRAMES), .BANDS(`KV_BLOCK_BANDS), .HEARD_BANDS(`KV_BLOCK_HEARD_BANDS),
        .CHANNELS(`KV_BLOCK_CHANNELS), .ROWS(`KV_BLOCK_ROWS), .FRAME_STRIDE(`KV_BLOCK_FRAME_STRIDE),
        .BAND_STRIDE(`KV_BLOCK_BAND_STRIDE), .TAPS(`KV_BLOCK_TAPS), .FIRST_BAND(`KV_BLOCK_FIRST_BAND),
        .LAST_BAND(`KV_BLOCK_LAST_BAND), .BEGIN(`KV_BLOCK_BEGIN), .ONWARD(`KV_BLOCK_ONWARD),
        .NEXT_FRAME(`KV_BLOCK_NEXT_FRAME), .WRAP(`KV_BLOCK_WRAP)
    ) convolutions (
        .clk(clk), .reset(reset), .restart(restart), .busy(convolutions_busy),
        .feature_valid(feature_valid), .feature(feature), .start(frame_done),
        .rows_rewind(rows_rewind), .rows_mark(rows_mark), .rows_again(rows_again), .active(convolving),
        .rows_start(convolutions_start), .rows(convolutions_rows), .columns(convolutions_columns), .rows_busy(rows_busy),
        .reading(rows_reading), .x(convolutions_x), .sum_valid(sum_valid), .sum_ready(convolutions_sum_ready), .sum(sum),
        .output_valid(seen_output), .value(seen_activation), .projected_valid(network_write), .projected_index(network_index),
        .step(step)
    );
    assign network_feature = seen_activation;
    assign decide = 0;
    reg fresh;
    assign step_fresh = fresh;
    always @(posedge clk) begin
        if (step)
            fresh <= 0;
        if (reset || restart)
            fresh <= 1;
    end
    assign rows_start = convolutions_start || network_rows_start;
    assign rows = convolving ? convolutions_rows : network_rows;
    assign columns = convolving ? convolutions_columns : network_columns;
    assign x = convolving ? convolutions_x : network_x;
    assign sum_ready = convolving ? convolutions_sum_ready : network_sum_ready;
    kv_decider #(
        .LABELS(`KV_LABELS), .PLACE(`KV_LABEL_BITS), .OTHERS(`KV_OTHERS), .REFRACTORY(`KV_REFRACTORY), .ACC_BITS(`KV_ACC_BITS),
        .HEAD_SHIFT(`KV_HEAD_SHIFT), .THRESHOLDS_FILE("kv_thresholds.hex"), .KNOTS_FILE("kv_knots.hex"), .NOTHING(NOTHING),
        .UNKNOWN(UNKNOWN), .LABEL(LABEL)
    ) decider (
        .clk(clk), .reset(reset), .restart(restart), .busy(decider_busy), .logit_valid(seen_logit), .logit(seen_value),
        .finish(ended && !front_end_busy && !chain_busy), .anything(anything),
        .out_valid(out_valid), .out_ready(out_ready), .out_last(out_last), .out_label(out_label),
        .out_confidence(out_confidence), .out_outcome(out_outcome),
        .mul_start(guest_start), .mul_a(guest_a), .mul_b(guest_b), .mul_busy(mul_busy), .mul_product(mul_product)
    );
    assign restart = out_valid && out_ready && out_last;
    wire unused = &{1'b0, feature_index};
`else
    // The likeliest label, when the whole recording, or the word, is heard.
    wire [`KV_LABEL_BITS-1:0] label;
    wire [7:0] confidence;
    wire accepted, confidence_busy, confidence_mul_start;
    wire signed [16:0] confidence_mul_a, confidence_mul_b;
    kv_confidence #(
        .LABELS(`KV_LABELS), .LABEL_BITS(`KV_LABEL_BITS), .ACC_BITS(`KV_ACC_BITS), .HEAD_SHIFT(`KV_HEAD_SHIFT),
        .THRESHOLDS_FILE("kv_thresholds.hex")
    ) decision (
        .clk(clk), .reset(reset), .logit_valid(seen_logit), .logit(seen_value), .busy(confidence_busy), .label(label),
        .confidence(confidence), .accepted(accepted), .mul_start(confidence_mul_start), .mul_a(confidence_mul_a),
        .mul_b(confidence_mul_b), .mul_busy(mul_busy), .mul_product(mul_product)
    );
    wire deciding = network_busy || confidence_busy;
    assign rows_rewind = step;
    assign rows_mark = 0;
    assign rows_again = 0;
    assign rows_start = network_rows_start;
    assign rows = network_rows;
    assign columns = network_columns;
    assign x = network_x;
    assign sum_ready = network_sum_ready;
    assign seen_output = 0;
    assign seen_activation = 0;
    wire unused_rows = &{1'b0, rows_reading};

`ifdef KV_WORDS
    // Every frame is kept; words go through the network when they are over.
    wire finder_busy, reader_busy, room, word_valid, word_ready;
    wire [`KV_PLACE_BITS-1:0] place, word_place;
    wire [`KV_PLACE_BITS:0] word_frames;
    wire signed [15:0] word_peak;
    localparam [1:0] HEARING = 0, FINDING = 1, FOUND = 2, TELLING = 3;
    reg [1:0] state;
    wire at_end = state == HEARING && ended && !front_end_busy && !finder_busy;
    assign features_ready = !finder_busy && room;
    wire reader_mul_start;
    wire signed [16:0] reader_mul_a, reader_mul_b;
    assign guest_start = confidence_mul_start || reader_mul_start;
    assign guest_a = confidence_busy ? confidence_mul_a : reader_mul_a;
    assign guest_b = confidence_busy ? confidence_mul_b : reader_mul_b;
    kv_find_word #(
        .BUFFER(`KV_WORD_BUFFER), .PAUSE(`KV_WORD_PAUSE), .MARGIN(`KV_WORD_MARGIN), .EDGE(`KV_WORD_EDGE), .DEPTH(`KV_WORD_DEPTH),
        .PROMINENCE(`KV_WORD_PROMINENCE), .SHORTEST(`KV_WORD_SHORTEST), .SHARE_BITS(`KV_WORD_SHARE_BITS), .PLACE(`KV_PLACE_BITS)
    ) finder (
        .clk(clk), .reset(reset), .restart(restart), .busy(finder_busy), .heard(frame_done), .level(loudest), .place(place),
        .finish(state == FINDING), .anything(anything),
        .word_valid(word_valid), .word_ready(word_ready), .word_place(word_place), .word_frames(word_frames),
        .word_peak(word_peak)
    );
    kv_read_word #(
        .FEATURES(`KV_FEATURES), .LABEL_BITS(`KV_LABEL_BITS), .FEATURE_SHIFT(`KV_FEATURE_SHIFT), .OFFSET(`KV_FEATURE_OFFSET_0),
        .MULTIPLIER(`KV_FEATURE_MULTIPLIER_0), .PLACE(`KV_PLACE_BITS), .NOTHING(NOTHING), .UNKNOWN(UNKNOWN), .LABEL(LABEL)
    ) reader (
        .clk(clk), .reset(reset), .restart(restart), .busy(reader_busy),
        .feature_valid(feature_valid), .feature_index(feature_index), .feature(feature), .heard(frame_done), .level(loudest),
        .place(place), .room(room),
        .word_valid(word_valid), .word_ready(word_ready), .word_place(word_place), .word_frames(word_frames),
        .word_peak(word_peak),
        .network_busy(deciding), .write(network_write), .write_index(network_index), .write_feature(network_feature),
        .step(step), .step_fresh(step_fresh), .decide(decide), .label(label), .confidence(confidence), .accepted(accepted),
        .mul_start(reader_mul_start), .mul_a(reader_mul_a), .mul_b(reader_mul_b), .mul_busy(mul_busy), .mul_product(mul_product),
        .anything(anything), .finish(state == TELLING),
        .out_valid(out_valid), .out_ready(out_ready), .out_last(out_last), .out_label(out_label),
        .out_confidence(out_confidence), .out_outcome(out_outcome)
    );
    assign restart = out_valid && out_ready && out_last;
    always @(posedge clk) begin
        case (state)
            HEARING: if (at_end) state <= FINDING;
            FINDING: state <= FOUND;
            FOUND: if (!finder_busy) state <= TELLING;
            default: ;
        endcase
        if (reset || restart)
            state <= HEARING;
    end
    wire unused = &{1'b0, reader_busy};
`else
    // Every frame goes through the network; the decision is that of the last state.
    localparam [1:0] HEARING = 0, DECIDE = 1, DECIDING = 2, GIVE = 3;
    reg [1:0] state;
    reg fresh;
    assign features_ready = !deciding;
    assign network_write = feature_valid;
    assign network_index = feature_index;
    assign network_feature = feature;
    assign step = frame_done;
    assign step_fresh = fresh;
    assign decide = state == DECIDE;
    assign guest_start = confidence_mul_start;
    assign guest_a = confidence_mul_a;
    assign guest_b = confidence_mul_b;
    assign out_valid = state == GIVE;
    assign out_last = 1;
    assign out_label = anything ? label : {`KV_LABEL_BITS{1'b0}};
    assign out_confidence = anything ? confidence : 8'd0;
    assign out_outcome = !anything ? NOTHING : accepted ? LABEL : UNKNOWN;
    assign restart = out_valid && out_ready;
    always @(posedge clk) begin
        if (step)
            fresh <= 0;
        case (state)
            HEARING: if (ended && !front_end_busy && !deciding)
                state <= anything ? DECIDE : GIVE;
            DECIDE: state <= DECIDING;
            DECIDING: if (!deciding) state <= GIVE;
            default: ;
        endcase
        if (reset || restart) begin
            state <= HEARING;
            fresh <= 1;
        end
    end
`endif
`endif
endmodule

`default_nettype wire
