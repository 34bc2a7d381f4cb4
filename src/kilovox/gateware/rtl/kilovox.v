// The recogniser with its weights in a memory on the chip. kv_recogniser says what goes in and out.
`default_nettype none
`include "kilovox_model.vh"

module kilovox (
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
    wire [`KV_WEIGHT_ADDRESS-1:0] weight_address;
    wire [`KV_WEIGHT_BITS-1:0] weight;
    kv_rom #(.WIDTH(`KV_WEIGHT_BITS), .DEPTH(`KV_WEIGHTS), .FILE("kv_weights.hex")) weights (
        .clk(clk), .address(weight_address), .data(weight)
    );
    kv_recogniser recogniser (
        .clk(clk), .reset(reset), .in_valid(in_valid), .in_ready(in_ready), .in_end(in_end), .in_sample(in_sample),
        .out_valid(out_valid), .out_ready(out_ready), .out_last(out_last), .out_label(out_label),
        .out_confidence(out_confidence), .out_outcome(out_outcome), .weight_address(weight_address), .weight(weight),
        .seen_feature(seen_feature), .seen_cepstrum(seen_cepstrum), .seen_quantised(seen_quantised), .seen_frame(seen_frame),
        .seen_level(seen_level), .seen_output(seen_output), .seen_activation(seen_activation), .seen_state(seen_state),
        .seen_hidden(seen_hidden), .seen_cell(seen_cell), .seen_logit(seen_logit), .seen_value(seen_value)
    );
endmodule

`default_nettype wire
