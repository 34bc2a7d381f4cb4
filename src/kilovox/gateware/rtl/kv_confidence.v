// The decision: the largest logit, the first of equals; its share in the softmax, 255 2^15 / (sum of powers), for its own is 2^15; and
// whether that is enough.
`default_nettype none

module kv_confidence #(
    parameter LABELS = 10,
    parameter LABEL_BITS = 4,
    parameter ACC_BITS = 24,
    parameter HEAD_SHIFT = 0,
    parameter THRESHOLDS_FILE = ""
) (
    input wire clk,
    input wire reset,
    // Logits, one after the other; with the last of them it begins.
    input wire logit_valid,
    input wire signed [ACC_BITS-1:0] logit,
    output wire busy,
    output wire [LABEL_BITS-1:0] label,
    output wire [7:0] confidence,
    output wire accepted,
    // The multiplier.
    output wire mul_start,
    output wire signed [16:0] mul_a,
    output wire signed [16:0] mul_b,
    input wire mul_busy,
    input wire signed [33:0] mul_product
);
    wire softmax_busy, softmax_done, share_busy;
    wire [LABEL_BITS-1:0] place;
    wire [LABEL_BITS+15:0] total;
    wire [15:0] kept;
    kv_softmax #(.OUTPUTS(LABELS), .PLACE(LABEL_BITS), .ACC_BITS(ACC_BITS), .HEAD_SHIFT(HEAD_SHIFT)) softmax (
        .clk(clk), .reset(reset), .logit_valid(logit_valid), .logit(logit), .busy(softmax_busy), .done(softmax_done),
        .place(place), .likeliest(label), .total(total), .address({LABEL_BITS{1'b0}}), .kept(kept),
        .mul_start(mul_start), .mul_a(mul_a), .mul_b(mul_b), .mul_busy(mul_busy), .mul_product(mul_product)
    );
    kv_share #(.BITS(LABEL_BITS + 16)) share (
        .clk(clk), .reset(reset), .start(softmax_done), .part(16'h8000), .whole(total), .busy(share_busy), .value(confidence)
    );
    wire [7:0] threshold;
    kv_rom #(.WIDTH(8), .DEPTH(1 << LABEL_BITS), .FILE(THRESHOLDS_FILE)) thresholds (
        .clk(clk), .address(label), .data(threshold)
    );
    assign accepted = confidence >= threshold;
    assign busy = softmax_busy || share_busy;
    wire unused = &{1'b0, place, kept};
endmodule

`default_nettype wire
