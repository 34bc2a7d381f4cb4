// Samples of a recording, kept until the frames that they lie in have been heard; and the zeros that belong to it.
//
// A transfer with in_end is the end of the recording, not a sample. Where words are found SILENCE zeros come before a recording and
// after it; one that is shorter than a window is filled up. `ended` holds from when all frames of an ended recording were taken until
// `restart`.
`default_nettype none

module kv_recorder #(
    parameter WINDOW = 256,
    parameter HOP = 160,
    parameter SILENCE = 0,
    parameter DEPTH = 512
) (
    input wire clk,
    input wire reset,
    input wire in_valid,
    output wire in_ready,
    input wire in_end,
    input wire signed [15:0] in_sample,
    // A window; own: of the recording's own samples alone. Sample `index` of it comes in the cycle after.
    output wire frame_valid,
    output wire frame_own,
    input wire frame_take,
    input wire [$clog2(WINDOW)-1:0] index,
    output wire signed [15:0] sample,
    output wire ended,
    input wire restart
);
    localparam BITS = $clog2(DEPTH);
    localparam [BITS:0] WHOLE = WINDOW, ADVANCE = HOP, FULL = DEPTH;
    localparam [BITS-1:0] STEP = HOP;
    localparam [BITS-1:0] QUIET = SILENCE;
    localparam [2:0] BEFORE = 0, LISTEN = 1, DRAIN = 2, AFTER = 3, ENDED = 4;

    reg [2:0] state;
    reg [BITS-1:0] start, next;
    reg [BITS:0] filled;
    reg [BITS-1:0] left;
    reg any, began, complete;

    wire space = filled != FULL;
    wire window_there = filled >= WHOLE;
    wire more = left != 0 || !(complete || window_there);
    wire silence = (state == BEFORE && left != 0) || (state == AFTER && more);
    wire taken = in_valid && in_ready && !in_end;
    wire write = taken || (silence && space);

    assign in_ready = state == LISTEN && space;
    assign frame_valid = window_there;
    assign frame_own = (state == LISTEN || state == DRAIN) && (SILENCE == 0 || began);
    assign ended = state == ENDED && !window_there;

    wire [BITS-1:0] place = start + {{(BITS - $clog2(WINDOW)){1'b0}}, index};
    kv_ram #(.WIDTH(16), .DEPTH(DEPTH)) samples (
        .clk(clk),
        .write(write), .write_address(next), .write_data(silence ? 16'd0 : in_sample),
        .address(place), .data(sample)
    );

    always @(posedge clk) begin
        if (write)
            next <= next + 1'b1;
        if (frame_take) begin
            start <= start + STEP;
            began <= 1;
        end
        filled <= filled + {{BITS{1'b0}}, write} - (frame_take ? ADVANCE : {(BITS + 1){1'b0}});
        if (window_there)
            complete <= 1;
        if (silence && space && left != 0)
            left <= left - 1'b1;
        case (state)
            BEFORE: if (left == 0)
                state <= LISTEN;
            LISTEN: begin
                any <= any || taken;
                if (in_valid && in_ready && in_end)
                    state <= any ? DRAIN : ENDED;
            end
            DRAIN: if (!window_there) begin
                left <= QUIET;
                state <= AFTER;
            end
            AFTER: if (!more)
                state <= ENDED;
            default: ;
        endcase
        if (reset || restart) begin
            state <= BEFORE;
            start <= 0;
            next <= 0;
            filled <= 0;
            left <= QUIET;
            any <= 0;
            began <= 0;
            complete <= 0;
        end
    end
endmodule

`default_nettype wire
