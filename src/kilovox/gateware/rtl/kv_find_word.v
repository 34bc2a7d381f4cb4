// Where a word is in the frames heard last, by the levels of their loudest bands: frame by frame, and at the end of the recording.
//
// A frame is active where it is louder than threshold = max(N + ((P - N) >> 2), P - DEPTH), with P the largest and N the smallest
// level kept. Active frames belong together across PAUSE inactive ones; the loudest such run of SHORTEST frames or more is the word,
// else the loudest. It has ended when more than PAUSE frames follow.
`default_nettype none

module kv_find_word #(
    parameter BUFFER = 100,
    parameter PAUSE = 14,
    parameter MARGIN = 4,
    parameter EDGE = 10,
    parameter DEPTH = 3402,
    parameter PROMINENCE = 765,
    parameter SHORTEST = 5,
    parameter SHARE_BITS = 2,
    parameter PLACE = 7  // bits of a place in the ring, which has room for the frames of a word that is being read besides
) (
    input wire clk,
    input wire reset,
    input wire restart,  // a new recording
    output wire busy,
    // A frame.
    input wire heard,
    input wire signed [15:0] level,
    output reg [PLACE-1:0] place,  // of the next frame
    // The end of the recording; anything: whether something was heard of it.
    input wire finish,
    input wire anything,
    // A word: its frames, and its peak.
    output wire word_valid,
    input wire word_ready,
    output wire [PLACE-1:0] word_place,
    output wire [PLACE:0] word_frames,
    output wire signed [15:0] word_peak
);
    localparam FROM_EDGE = EDGE > MARGIN ? EDGE : MARGIN;
    localparam C = PLACE + 2;  // of counts and their sums
    localparam signed [C:0] PAUSE_FRAMES = PAUSE, MARGIN_FRAMES = MARGIN, EDGE_FRAMES = FROM_EDGE, SHORTEST_FRAMES = SHORTEST,
        BUFFER_FRAMES = BUFFER;
    localparam signed [17:0] LEAST = PROMINENCE, DEEP = DEPTH;
    localparam [2:0] IDLE = 0, EXTREMES = 1, THRESHOLD = 2, RUNS = 3, JUDGE = 4, OFFER = 5;

    reg [2:0] state;
    reg [PLACE-1:0] first_place;
    reg signed [C:0] count, i;
    reg edge_kept, any, ends;
    reg looking;  // a level was asked for in the cycle before

    wire [PLACE-1:0] at = first_place + i[PLACE-1:0];
    wire signed [15:0] kept;
    kv_ram #(.WIDTH(16), .DEPTH(1 << PLACE)) levels (
        .clk(clk), .write(heard), .write_address(place), .write_data(level), .address(at), .data(kept)
    );

    // Of the level that comes now, asked for as number i - 1. The frames with the silence before and after the recording do not tell
    // how quiet it is, unless there are no others.
    wire signed [C:0] number = i - 1;
    wire signed [C:0] from = {{C{1'b0}}, edge_kept}, to = count - {{C{1'b0}}, ends};
    wire tells = from >= to || (number >= from && number < to);

    reg signed [15:0] peak, quietest;
    reg signed [17:0] threshold;
    wire signed [17:0] wide_peak = {{2{peak[15]}}, peak}, wide_quietest = {{2{quietest[15]}}, quietest};
    wire signed [17:0] range = wide_peak - wide_quietest;
    wire signed [17:0] part = wide_quietest + (range >>> SHARE_BITS);
    wire signed [17:0] deep = wide_peak - DEEP;
    wire signed [17:0] higher = part < deep ? deep : part;

    // Runs: the one going on, and the best.
    reg signed [C:0] run_first, last, active, best_first, best_last;
    reg signed [15:0] run_peak, best_peak;
    reg found, best_long;
    wire new_run = active == 0 || number - last > PAUSE_FRAMES + 1;
    wire signed [C:0] now_first = new_run ? number : run_first;
    wire signed [C:0] now_active = new_run ? 1 : active + 1;
    wire signed [15:0] now_peak = new_run || kept > run_peak ? kept : run_peak;
    wire now_long = now_active >= SHORTEST_FRAMES;
    wire better = !found || best_first == now_first || (now_long && !best_long) || (now_long == best_long && now_peak > best_peak);

    wire signed [17:0] rise = {{2{best_peak[15]}}, best_peak} - wide_quietest;
    wire good = best_long && rise >= LEAST;
    wire whole = count - 1 - best_last > PAUSE_FRAMES;
    wire signed [C:0] first = best_first > (edge_kept ? EDGE_FRAMES : MARGIN_FRAMES) ? best_first - MARGIN_FRAMES : 0;
    wire signed [C:0] end_near = best_last + 1 + (ends ? EDGE_FRAMES : MARGIN_FRAMES);
    wire signed [C:0] word_end = end_near < count ? best_last + 1 + MARGIN_FRAMES : count;
    wire signed [C:0] frames = word_end - first;

    assign busy = state != IDLE;
    assign word_valid = state == OFFER;
    assign word_place = first_place + first[PLACE-1:0];
    assign word_frames = frames[PLACE:0];
    assign word_peak = best_peak;
    wire unused = &{1'b0, frames[C:PLACE+1]};

    always @(posedge clk) begin
        case (state)
            IDLE: begin
                i <= 0;
                looking <= 0;
                peak <= 16'sh8000;
                quietest <= 16'sh7FFF;
                found <= 0;
                active <= 0;
                ends <= finish;
                if (heard) begin
                    place <= place + 1'b1;
                    if (count == BUFFER_FRAMES) begin
                        first_place <= first_place + 1'b1;
                        edge_kept <= 0;
                    end else
                        count <= count + 1;
                    state <= EXTREMES;
                end else if (finish && anything && count != 0)
                    state <= EXTREMES;
            end
            EXTREMES: begin
                looking <= i != count;
                if (i != count)
                    i <= i + 1;
                if (looking) begin
                    if (kept > peak)
                        peak <= kept;
                    if (tells && kept < quietest)
                        quietest <= kept;
                    if (number == count - 1)
                        state <= THRESHOLD;
                end
            end
            THRESHOLD: begin
                threshold <= higher == wide_peak ? higher - 1 : higher;  // all are equally loud
                i <= 0;
                looking <= 0;
                state <= RUNS;
            end
            RUNS: begin
                looking <= i != count;
                if (i != count)
                    i <= i + 1;
                if (looking) begin
                    if ({{2{kept[15]}}, kept} > threshold) begin
                        run_first <= now_first;
                        run_peak <= now_peak;
                        active <= now_active;
                        last <= number;
                        if (better) begin
                            found <= 1;
                            best_first <= now_first;
                            best_last <= number;
                            best_peak <= now_peak;
                            best_long <= now_long;
                        end
                    end
                    if (number == count - 1)
                        state <= JUDGE;
                end
            end
            JUDGE: state <= (ends ? good || !any : good && whole) ? OFFER : IDLE;
            default: if (word_ready) begin
                first_place <= first_place + word_end[PLACE-1:0];
                count <= count - word_end;
                edge_kept <= 0;
                any <= 1;
                state <= IDLE;
            end
        endcase
        if (reset || restart) begin
            state <= IDLE;
            place <= 0;
            first_place <= 0;
            count <= 0;
            edge_kept <= 1;
            any <= 0;
        end
    end
endmodule

`default_nettype wire
