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
    localparam W = PLACE + 1;  // of counts
    localparam [W-1:0] PAUSE_FRAMES = PAUSE, MARGIN_FRAMES = MARGIN, SHORTEST_FRAMES = SHORTEST, BUFFER_FRAMES = BUFFER;
    localparam [W+7:0] EDGE_FRAMES = FROM_EDGE;
    localparam signed [16:0] DEEP = DEPTH;
    localparam [16:0] LEAST = PROMINENCE;
    localparam [2:0] IDLE = 0, EXTREMES = 1, THRESHOLD = 2, RUNS = 3, JUDGE = 4, OFFER = 5;

    reg [2:0] state;
    reg [PLACE-1:0] first_place;
    reg [W-1:0] count, i, number;
    reg edge_kept, any, ends;
    reg looking;  // level `number` comes now

    wire [PLACE-1:0] at = first_place + i[PLACE-1:0];
    wire signed [15:0] kept;
    kv_ram #(.WIDTH(16), .DEPTH(1 << PLACE)) levels (
        .clk(clk), .write(heard), .write_address(place), .write_data(level), .address(at), .data(kept)
    );
    wire all = i == count, last_one = looking && all;

    // The frames with the silence before and after the recording do not tell how quiet it is, unless there are no others.
    wire none_else = count == 1 ? edge_kept || ends : count == 2 && edge_kept && ends;
    wire tells = none_else || !((number == 0 && edge_kept) || (all && ends));

    reg signed [15:0] peak, quietest;
    reg signed [16:0] threshold;
    wire signed [16:0] wide_peak = {peak[15], peak}, wide_quietest = {quietest[15], quietest};
    wire [16:0] range = wide_peak - wide_quietest;
    wire signed [16:0] part = wide_quietest + {{SHARE_BITS{1'b0}}, range[16:SHARE_BITS]};
    wire signed [16:0] deep = wide_peak - DEEP;
    wire signed [16:0] higher = part < deep ? deep : part;
    reg flat;  // all are equally loud, and all active

    // Runs: the one going on, and the best.
    reg [W-1:0] run_first, gap, active, best_first, best_last;
    reg signed [15:0] run_peak, best_peak;
    reg found, best_long, run_is_best;
    wire signed [16:0] wide_kept = {kept[15], kept};
    wire new_run = active == 0 || gap > PAUSE_FRAMES;
    wire [W-1:0] now_active = new_run ? {{PLACE{1'b0}}, 1'b1} : active + 1'b1;
    wire signed [15:0] now_peak = new_run || kept > run_peak ? kept : run_peak;
    wire now_long = now_active >= SHORTEST_FRAMES;
    wire better = !found || (run_is_best && !new_run) || (now_long && !best_long) ||
        (now_long == best_long && now_peak > best_peak);

    wire [16:0] rise = {best_peak[15], best_peak} - wide_quietest;
    wire good = best_long && !rise[16] && rise >= LEAST;
    wire [W-1:0] after_best = best_last + 1'b1;
    wire [W-1:0] quiet_after = count - after_best;
    wire whole = quiet_after > PAUSE_FRAMES;
    wire [W-1:0] first = {8'b0, best_first} > (edge_kept ? EDGE_FRAMES : {8'b0, MARGIN_FRAMES}) ?
        best_first - MARGIN_FRAMES : {W{1'b0}};
    wire [W-1:0] word_end = {8'b0, quiet_after} > (ends ? EDGE_FRAMES : {8'b0, MARGIN_FRAMES}) ?
        after_best + MARGIN_FRAMES : count;
    wire [W-1:0] frames = word_end - first;

    assign busy = state != IDLE;
    assign word_valid = state == OFFER;
    assign word_place = first_place + first[PLACE-1:0];
    assign word_frames = frames;
    assign word_peak = best_peak;
    wire unused = &{1'b0, range[SHARE_BITS-1:0]};

    always @(posedge clk) begin
        case (state)
            IDLE: begin
                i <= 0;
                looking <= 0;
                peak <= 16'sh8000;
                quietest <= 16'sh7FFF;
                found <= 0;
                active <= 0;
                run_is_best <= 0;
                ends <= finish;
                if (heard) begin
                    place <= place + 1'b1;
                    if (count == BUFFER_FRAMES) begin
                        first_place <= first_place + 1'b1;
                        edge_kept <= 0;
                    end else
                        count <= count + 1'b1;
                    state <= EXTREMES;
                end else if (finish && anything && count != 0)
                    state <= EXTREMES;
            end
            EXTREMES: begin
                looking <= !all;
                number <= i;
                if (!all)
                    i <= i + 1'b1;
                if (looking) begin
                    if (kept > peak)
                        peak <= kept;
                    if (tells && kept < quietest)
                        quietest <= kept;
                    if (last_one)
                        state <= THRESHOLD;
                end
            end
            THRESHOLD: begin
                threshold <= higher;
                flat <= higher == wide_peak;
                i <= 0;
                looking <= 0;
                state <= RUNS;
            end
            RUNS: begin
                looking <= !all;
                number <= i;
                if (!all)
                    i <= i + 1'b1;
                if (looking) begin
                    if (wide_kept > threshold || (flat && kept == peak)) begin
                        gap <= 0;
                        if (new_run)
                            run_first <= number;
                        run_peak <= now_peak;
                        active <= now_active;
                        run_is_best <= better;
                        if (better) begin
                            found <= 1;
                            best_first <= new_run ? number : run_first;
                            best_last <= number;
                            best_peak <= now_peak;
                            best_long <= now_long;
                        end
                    end else
                        gap <= gap + 1'b1;
                    if (last_one)
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
