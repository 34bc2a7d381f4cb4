// A word through the network: its frames out of the ring, coefficient 0 replaced by the level less the word's peak; then the decision.
// Decisions go out word by word, and at the end of the recording that of the word with the highest peak, of equals the first.
`default_nettype none

module kv_read_word #(
    parameter FEATURES = 13,
    parameter LABEL_BITS = 4,
    parameter FEATURE_SHIFT = 16,
    parameter signed [16:0] OFFSET = 0,  // of coefficient 0
    parameter [13:0] MULTIPLIER = 1,
    parameter PLACE = 7,
    parameter [1:0] NOTHING = 0,
    parameter [1:0] UNKNOWN = 1,
    parameter [1:0] LABEL = 2
) (
    input wire clk,
    input wire reset,
    input wire restart,
    output wire busy,
    // Frames as they are heard.
    input wire feature_valid,
    input wire [$clog2(FEATURES)-1:0] feature_index,
    input wire signed [7:0] feature,
    input wire heard,
    input wire signed [15:0] level,
    input wire [PLACE-1:0] place,
    output wire room,  // at that place
    // The word.
    input wire word_valid,
    output wire word_ready,
    input wire [PLACE-1:0] word_place,
    input wire [PLACE:0] word_frames,
    input wire signed [15:0] word_peak,
    // The network.
    input wire network_busy,
    output wire write,
    output wire [$clog2(FEATURES)-1:0] write_index,
    output wire signed [7:0] write_feature,
    output wire step,
    output wire step_fresh,
    output wire decide,
    input wire [LABEL_BITS-1:0] label,
    input wire [7:0] confidence,
    input wire accepted,
    output wire mul_start,
    output wire signed [16:0] mul_a,
    output wire signed [16:0] mul_b,
    input wire mul_busy,
    input wire signed [33:0] mul_product,
    // The decisions.
    input wire anything,
    input wire finish,  // gives the recording's, once no word is left
    output wire out_valid,
    input wire out_ready,
    output wire out_last,
    output wire [LABEL_BITS-1:0] out_label,
    output wire [7:0] out_confidence,
    output wire [1:0] out_outcome
);
    localparam INDEX = $clog2(FEATURES);
    localparam [INDEX-1:0] LAST = FEATURES - 1;
    localparam [3:0] IDLE = 0, READ = 1, LEVEL = 2, LEVELLED = 3, COPY = 4, STEP = 5, STEPPING = 6, DECIDE = 7, DECIDING = 8,
        GIVE = 9, GIVE_LAST = 10;

    reg [3:0] state;
    reg [PLACE-1:0] at;
    reg [PLACE:0] left;
    reg fresh;
    reg [INDEX-1:0] index;
    reg signed [15:0] peak;

    wire [7:0] kept;
    kv_ram #(.WIDTH(8), .DEPTH(1 << (PLACE + INDEX))) features (
        .clk(clk),
        .write(feature_valid), .write_address({place, feature_index}), .write_data(feature),
        .address({at, index}), .data(kept)
    );
    wire [15:0] kept_level;
    kv_ram #(.WIDTH(16), .DEPTH(1 << PLACE)) levels (
        .clk(clk), .write(heard), .write_address(place), .write_data(level), .address(at), .data(kept_level)
    );
    // Frames of the word are where no new ones may go before they are read.
    wire copying = state == READ || state == LEVEL || state == LEVELLED || state == COPY || state == STEP || state == STEPPING;
    assign room = !(copying && left != 0 && place == at);

    wire signed [16:0] below = {kept_level[15], kept_level} - {peak[15], peak};
    wire quantise_busy;
    wire signed [7:0] quantised;
    kv_quantise #(.SHIFT(FEATURE_SHIFT)) quantise (
        .clk(clk), .reset(reset), .start(state == LEVEL), .x(below[16:1]), .offset(OFFSET[15:0]), .multiplier(MULTIPLIER),
        .busy(quantise_busy), .value(quantised),
        .mul_start(mul_start), .mul_a(mul_a), .mul_b(mul_b), .mul_busy(mul_busy), .mul_product(mul_product)
    );

    wire of_level = state == LEVELLED && !mul_busy;
    assign write = of_level || state == COPY;
    assign write_index = of_level ? {INDEX{1'b0}} : index - 1'b1;
    assign write_feature = of_level ? quantised : kept;
    assign step = state == STEP;
    assign step_fresh = fresh;
    assign decide = state == DECIDE;

    // The loudest word so far.
    reg any;
    reg signed [15:0] best_peak;
    reg [LABEL_BITS-1:0] best_label;
    reg [7:0] best_confidence;
    reg best_accepted;
    wire told = state == GIVE_LAST ? any && anything : anything;

    assign busy = state != IDLE;
    assign word_ready = state == IDLE;
    assign out_valid = state == GIVE || state == GIVE_LAST;
    assign out_last = state == GIVE_LAST;
    assign out_label = !told ? {LABEL_BITS{1'b0}} : out_last ? best_label : label;
    assign out_confidence = !told ? 8'd0 : out_last ? best_confidence : confidence;
    assign out_outcome = !told ? NOTHING : (out_last ? best_accepted : accepted) ? LABEL : UNKNOWN;
    wire unused = &{1'b0, quantise_busy, below[0]};

    always @(posedge clk) begin
        case (state)
            IDLE: begin
                fresh <= 1;
                index <= 1;
                at <= word_place;
                left <= word_frames;
                peak <= word_peak;
                if (word_valid)
                    state <= READ;
                else if (finish)
                    state <= GIVE_LAST;
            end
            READ: state <= LEVEL;
            LEVEL: state <= LEVELLED;
            LEVELLED: if (!mul_busy) begin
                index <= 2;
                state <= COPY;
            end
            // Feature index - 1 comes now, the next is asked for.
            COPY: begin
                index <= index + 1'b1;
                if (index - 1'b1 == LAST) begin
                    at <= at + 1'b1;
                    left <= left - 1'b1;
                    state <= STEP;
                end
            end
            STEP: state <= STEPPING;
            STEPPING: if (!network_busy) begin
                fresh <= 0;
                index <= 1;
                state <= left == 0 ? DECIDE : READ;
            end
            DECIDE: state <= DECIDING;
            DECIDING: if (!network_busy) begin
                if (!any || peak > best_peak) begin
                    best_peak <= peak;
                    best_label <= label;
                    best_confidence <= confidence;
                    best_accepted <= accepted;
                end
                any <= 1;
                state <= GIVE;
            end
            default: if (out_ready)
                state <= IDLE;
        endcase
        if (reset || restart) begin
            state <= IDLE;
            any <= 0;
        end
    end
endmodule

`default_nettype wire
