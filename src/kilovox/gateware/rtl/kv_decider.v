// When a word was said, of a network that listens, and how sure that is: logits of a frame in, detections out, as soon as a run of frames
// with the same likeliest label grows less sure, or ends; and at the end the one word of the whole recording.
//
// Shares are of the softmax, of 255: that of the likeliest label asked for, and that of other words (OTHERS; LABELS where a model has no
// such label), which is the last label. How sure a label is: its share of itself and other words; what that is worth is read from the
// knots, linear between. Python: integer/decider.py, integer/calibration.py.
`default_nettype none

module kv_decider #(
    parameter LABELS = 11,
    parameter PLACE = 4,  // bits of an output's number; the last output is the blank
    parameter OTHERS = 10,
    parameter REFRACTORY = 3,
    parameter ACC_BITS = 24,
    parameter HEAD_SHIFT = 0,
    parameter THRESHOLDS_FILE = "",
    parameter KNOTS_FILE = "",
    parameter [1:0] NOTHING = 0,
    parameter [1:0] UNKNOWN = 1,
    parameter [1:0] LABEL = 2
) (
    input wire clk,
    input wire reset,
    input wire restart,
    output wire busy,
    // The logits of a frame, one after the other.
    input wire logit_valid,
    input wire signed [ACC_BITS-1:0] logit,
    // The end of the recording, while not busy, until out_last; anything: whether there was anything to hear.
    input wire finish,
    input wire anything,
    output wire out_valid,
    input wire out_ready,
    output wire out_last,
    output wire [PLACE-1:0] out_label,
    output wire [7:0] out_confidence,
    output wire [1:0] out_outcome,
    // The multiplier.
    output wire mul_start,
    output wire signed [16:0] mul_a,
    output wire signed [16:0] mul_b,
    input wire mul_busy,
    input wire signed [33:0] mul_product
);
    localparam [PLACE-1:0] BLANK = LABELS, OTHER = OTHERS;
    localparam [1:0] SOON = REFRACTORY;
    localparam [3:0] IDLE = 0, READ = 1, SHARE = 2, SHARED = 3, OTHERS_SHARE = 4, OTHERS_SHARED = 5, JUDGE = 6, COMPARE = 7,
        COMPARED = 8, LOW = 9, HIGH = 10, MULTIPLY = 11, MULTIPLIED = 12, GIVE = 13, UPDATE = 14;

    reg [3:0] state;
    reg ending, last;

    wire softmax_busy, softmax_done, softmax_mul_start;
    wire signed [16:0] softmax_mul_a, softmax_mul_b;
    wire [PLACE-1:0] place, likeliest;
    wire [PLACE+15:0] total;
    wire [15:0] power;
    reg [PLACE-1:0] best;
    kv_softmax #(.OUTPUTS(LABELS + 1), .PLACE(PLACE), .ACC_BITS(ACC_BITS), .HEAD_SHIFT(HEAD_SHIFT), .KEEP(1)) softmax (
        .clk(clk), .reset(reset), .logit_valid(logit_valid), .logit(logit), .busy(softmax_busy), .done(softmax_done),
        .place(place), .likeliest(likeliest), .total(total), .address(state == READ ? best : OTHER), .kept(power),
        .mul_start(softmax_mul_start), .mul_a(softmax_mul_a), .mul_b(softmax_mul_b), .mul_busy(mul_busy),
        .mul_product(mul_product)
    );

    // The run, and the whole recording.
    reg [PLACE-1:0] run, before_run, one_label;
    reg [7:0] share, others, peak, rival, one_share, one_others;
    reg [15:0] earlier;  // the shares of other words in the two frames before
    reg [1:0] since;
    reg decided, said, any;
    wire [PLACE-1:0] heard = ending ? BLANK : likeliest;
    wire same = heard == run;
    wire speaking = run != BLANK;
    wire [7:0] earlier_most = earlier[15:8] > earlier[7:0] ? earlier[15:8] : earlier[7:0];
    wire [7:0] so_far = same ? rival : earlier_most;
    wire [1:0] now_since = !same && speaking ? 2'd0 : since;
    wire told = said && anything;

    // Divisions.
    wire share_busy;
    wire [7:0] value;
    wire comparing = state == COMPARE || state == COMPARED;
    wire [7:0] sure_of = last ? one_share : peak;
    wire [8:0] both = {1'b0, sure_of} + {1'b0, last ? one_others : rival};
    kv_share #(.BITS(PLACE + 16)) divide (
        .clk(clk), .reset(reset), .start(state == SHARE || state == OTHERS_SHARE || state == COMPARE),
        .part(comparing ? {8'b0, sure_of} : power),
        .whole(!comparing ? total : both == 0 ? {{(PLACE + 15){1'b0}}, 1'b1} : {{(PLACE + 7){1'b0}}, both}),
        .busy(share_busy), .value(value)
    );

    // What it is worth: low + ((rise beyond + 8) >> 4).
    wire [8:0] knot;
    reg [8:0] low;
    kv_rom #(.WIDTH(9), .DEPTH(17), .FILE(KNOTS_FILE)) knots (
        .clk(clk), .address(state == LOW ? {1'b0, value[7:4]} : {1'b0, value[7:4]} + 5'd1), .data(knot)
    );
    wire own = state == MULTIPLY;
    assign mul_start = own || softmax_mul_start;
    assign mul_a = own ? {8'b0, knot} - {8'b0, low} : softmax_mul_a;
    assign mul_b = own ? {13'b0, value[3:0]} : softmax_mul_b;
    wire [12:0] rise = mul_product[12:0] + 13'd8;
    wire [8:0] worth = low + rise[12:4];

    wire [7:0] threshold;
    kv_rom #(.WIDTH(8), .DEPTH(1 << PLACE), .FILE(THRESHOLDS_FILE)) thresholds (
        .clk(clk), .address(last ? one_label : run), .data(threshold)
    );
    wire accepted = value >= threshold && (last || run != OTHER);

    assign busy = softmax_busy || state != IDLE;
    assign out_valid = state == GIVE;
    assign out_last = last;
    assign out_label = !last ? run : told ? one_label : {PLACE{1'b0}};
    assign out_confidence = last && !told ? 8'd0 : worth[7:0];
    assign out_outcome = last && !told ? NOTHING : accepted ? LABEL : UNKNOWN;
    wire unused = &{1'b0, mul_product[33:13], rise[3:0], worth[8]};

    always @(posedge clk) begin
        if (logit_valid && place == OTHER)
            best <= likeliest;
        case (state)
            IDLE: if (softmax_done)
                state <= READ;
            else if (finish && !softmax_busy) begin
                ending <= 1;
                share <= 0;
                others <= 0;
                state <= JUDGE;
            end
            READ: state <= SHARE;
            SHARE: state <= SHARED;
            SHARED: if (!share_busy) begin
                share <= value;
                state <= OTHERS_SHARE;
            end
            OTHERS_SHARE: state <= OTHERS_SHARED;
            OTHERS_SHARED: if (!share_busy) begin
                others <= OTHERS == LABELS ? 8'd0 : value;
                state <= JUDGE;
            end
            JUDGE: state <= speaking && !decided && (!same || share < peak) ? COMPARE : UPDATE;
            COMPARE: state <= COMPARED;
            COMPARED: if (!share_busy)
                state <= LOW;
            LOW: state <= HIGH;
            HIGH: begin
                low <= knot;
                state <= MULTIPLY;
            end
            MULTIPLY: state <= MULTIPLIED;
            MULTIPLIED: if (!mul_busy)
                state <= GIVE;
            GIVE: if (out_ready) begin
                decided <= 1;
                state <= last ? IDLE : UPDATE;
            end
            default: begin
                if (!same) begin
                    if (speaking)
                        before_run <= run;
                    // Right after another label it is another word.
                    decided <= !speaking && heard == before_run && since < SOON;
                    run <= heard;
                end
                if (!same || share > peak)
                    peak <= share;
                rival <= others > so_far ? others : so_far;
                earlier <= {earlier[7:0], others};
                since <= heard == BLANK && now_since < SOON ? now_since + 1'b1 : now_since;
                if (!any || share > one_share) begin
                    one_share <= share;
                    one_label <= best;
                end
                if (others > one_others)
                    one_others <= others;
                if (heard != BLANK)
                    said <= 1;
                any <= 1;
                last <= ending;
                state <= ending ? COMPARE : IDLE;
            end
        endcase
        if (reset || restart) begin
            state <= IDLE;
            ending <= 0;
            last <= 0;
            run <= BLANK;
            before_run <= BLANK;
            decided <= 0;
            since <= SOON;
            earlier <= 0;
            one_others <= 0;
            said <= 0;
            any <= 0;
        end
    end
endmodule

`default_nettype wire
