// The convolutions of a network that listens: features of a frame in; where all blocks have a new output, the projection of the last one
// out. The sums are made elsewhere (kv_rows).
//
// A block is a full convolution, the first, or a depthwise and a pointwise one, band after band. One memory holds, from 0 on: what the
// depthwise layer says of one band; at FRAME_AT a frame of the projection; and of each block, at RING, as many frames as its kernel has,
// in a ring, each by band, then channel. What is of a block stands in parameters of 16 bits a block, that of the first lowest, negative
// numbers in two's complement.
`default_nettype none

module kv_convolutions #(
    parameter BLOCKS = 1,
    parameter MEMORY = 16,
    parameter FRAME_AT = 0,
    parameter FRAME = 1,  // numbers of the projection's frame
    parameter PROJECTION = 4,  // its rows
    parameter ROW_ADDRESS = 9,
    parameter COLUMN_BITS = 8,
    parameter ACC_BITS = 24,
    parameter [16*BLOCKS-1:0] RING = 0,
    parameter [16*BLOCKS-1:0] HEARD = 1,  // numbers of a frame in the ring
    parameter [16*BLOCKS-1:0] FRAMES = 1,  // of the kernel, and of the ring
    parameter [16*BLOCKS-1:0] BANDS = 1,  // of the kernel
    parameter [16*BLOCKS-1:0] HEARD_BANDS = 1,
    parameter [16*BLOCKS-1:0] CHANNELS = 1,  // of what is heard
    parameter [16*BLOCKS-1:0] ROWS = 4,  // channels that come out
    parameter [16*BLOCKS-1:0] FRAME_STRIDE = 1,
    parameter [16*BLOCKS-1:0] BAND_STRIDE = 1,
    parameter [16*BLOCKS-1:0] TAPS = 1,  // frames times bands of the kernel
    parameter [16*BLOCKS-1:0] FIRST_BAND = 0,  // that the kernel begins with: of the first output, and of the last
    parameter [16*BLOCKS-1:0] LAST_BAND = 0,
    parameter [16*BLOCKS-1:0] BEGIN = 0,  // where it begins, from a frame's begin on
    parameter [16*BLOCKS-1:0] ONWARD = 0,  // to the next output's, after the rows of one
    parameter [16*BLOCKS-1:0] NEXT_FRAME = 0,  // from its last band to its first one in the next frame
    parameter [16*BLOCKS-1:0] WRAP = 0  // likewise, from the last frame of the ring to the first
) (
    input wire clk,
    input wire reset,
    input wire restart,  // a recording: all is 0 again, after some time
    output wire busy,
    // Features of the frame to come, in order, while not busy; then start.
    input wire feature_valid,
    input wire signed [7:0] feature,
    input wire start,
    // Rows of weights, from the first on.
    output wire rows_rewind,
    output wire rows_mark,
    output wire rows_again,
    output wire active,  // uses them
    output wire rows_start,
    output wire [ROW_ADDRESS:0] rows,
    output wire [COLUMN_BITS-1:0] columns,
    input wire rows_busy,
    input wire reading,
    output wire signed [7:0] x,  // in the cycle after `reading`
    input wire sum_valid,
    output wire sum_ready,
    input wire signed [ACC_BITS-1:0] sum,
    // Any layer's output, to be looked at; those of the projection go to the LSTM, and then it steps.
    output wire output_valid,
    output wire signed [7:0] value,
    output wire projected_valid,
    output wire [$clog2(PROJECTION)-1:0] projected_index,
    output wire step
);
    localparam PLACE = $clog2(MEMORY);
    localparam BLOCK = $clog2(BLOCKS + 1);
    localparam FIELD = $clog2(16 * BLOCKS);
    localparam [BLOCK-1:0] LAST_BLOCK = BLOCKS - 1, OF_PROJECTION = BLOCKS;
    localparam [PLACE-1:0] LAST_PLACE = MEMORY - 1, PROJECTION_AT = FRAME_AT;
    localparam [ROW_ADDRESS:0] PROJECTION_ROWS = PROJECTION;
    localparam [COLUMN_BITS-1:0] PROJECTION_COLUMNS = FRAME;
    localparam ROWS_BITS = ROW_ADDRESS + 1;
    localparam [3:0] CLEAR = 0, EMPTY = 1, FETCH = 2, FETCHED = 3, IDLE = 4, OPEN = 5, OUTPUT = 6, KERNEL = 7, KERNEL_RUN = 8,
        POINT = 9, POINT_RUN = 10, BAND = 11, LOOK = 12, PROJECT = 13, PROJECT_RUN = 14, STEP = 15;

    reg [3:0] state;
    reg [BLOCK-1:0] block;
    wire [BLOCK+3:0] field = {block, 4'b0};
    wire [FIELD-1:0] of_block = field[FIELD-1:0];
    wire depthwise = block != 0;

    // Of each block: where the next frame is to be written, which of the ring's that is, and how many are to be passed over then. Of the
    // projection: where its frame is.
    reg [PLACE-1:0] next_at;
    reg [3:0] next_frame;
    reg [2:0] next_skip;
    wire [PLACE-1:0] at;
    wire [3:0] ring_frame;
    wire [2:0] skip;
    kv_ram #(.WIDTH(PLACE + 7), .DEPTH(1 << BLOCK)) rings (
        .clk(clk),
        .write(state == EMPTY || state == OPEN), .write_address(block), .write_data({next_skip, next_frame, next_at}),
        .address(state == OPEN ? block + 1'b1 : block), .data({skip, ring_frame, at})
    );
    wire [3:0] frames = FRAMES[of_block+:4];
    wire last_frame = ring_frame == frames - 1'b1;
    wire [PLACE-1:0] ring = RING[of_block+:PLACE];
    always @* begin
        if (state == EMPTY) begin
            next_at = block == OF_PROJECTION ? PROJECTION_AT : ring;
            next_frame = 0;
            next_skip = 0;
        end else begin
            next_at = last_frame ? ring : at + HEARD[of_block+:PLACE];
            next_frame = last_frame ? 4'd0 : ring_frame + 4'd1;
            next_skip = skip != 0 ? skip - 1'b1 : FRAME_STRIDE[of_block+:3] - 1'b1;
        end
    end

    // What is read: the kernel, from `origin` on, over bands and frames; or numbers one after the other.
    reg [PLACE-1:0] origin, address;
    reg [3:0] first_frame, frame, band;
    reg signed [7:0] first_band, place;
    wire gather = state == KERNEL || state == KERNEL_RUN;
    wire last_band = band == BANDS[of_block+:4] - 1'b1;
    wire outside = gather && $unsigned(place) >= HEARD_BANDS[of_block+:8];
    wire [PLACE-1:0] advance = !gather ? {{(PLACE - 1){1'b0}}, 1'b1} : !last_band ? CHANNELS[of_block+:PLACE] :
        frame == frames - 1'b1 ? WRAP[of_block+:PLACE] : NEXT_FRAME[of_block+:PLACE];
    reg zero;
    wire signed [7:0] kept;
    assign x = zero ? 8'sd0 : kept;

    // What is written.
    reg [PLACE-1:0] out;
    reg [15:0] row;
    reg taken;
    wire projecting = state == PROJECT || state == PROJECT_RUN;
    wire signed [7:0] narrow;
    kv_saturate #(.IN(ACC_BITS), .OUT(8)) saturate (.x(sum), .y(narrow));
    assign value = narrow[7] && !projecting ? 8'sd0 : narrow;
    assign output_valid = active && sum_valid && !taken;
    assign sum_ready = taken;  // a cycle later, so that the next row's first place is known
    assign projected_valid = output_valid && projecting;
    assign projected_index = row[$clog2(PROJECTION)-1:0];
    wire beside = gather && depthwise;
    kv_ram #(.WIDTH(8), .DEPTH(MEMORY)) past (
        .clk(clk),
        .write(state == CLEAR || feature_valid || (output_valid && !projecting)),
        .write_address(state == CLEAR ? address : beside ? row[PLACE-1:0] : out),
        .write_data(state == CLEAR ? 8'sd0 : feature_valid ? feature : value),
        .address(address), .data(kept)
    );

    assign busy = state != IDLE;
    assign active = gather || state == POINT || state == POINT_RUN || projecting;
    assign rows_rewind = state == IDLE && start;
    assign rows_mark = state == OUTPUT;
    assign rows_again = state == BAND && first_band != LAST_BAND[of_block+:8];
    assign rows_start = state == KERNEL || state == POINT || state == PROJECT;
    assign rows = projecting ? PROJECTION_ROWS : beside ? CHANNELS[of_block+:ROWS_BITS] : ROWS[of_block+:ROWS_BITS];
    assign columns = projecting ? PROJECTION_COLUMNS : gather ? TAPS[of_block+:COLUMN_BITS] : CHANNELS[of_block+:COLUMN_BITS];
    assign step = state == STEP;

    always @(posedge clk) begin
        zero <= outside;
        taken <= active && sum_valid && !taken;
        if (reading) begin
            address <= address + advance;
            band <= last_band ? 4'd0 : band + 4'd1;
            place <= last_band ? first_band : place + 8'sd1;
            if (last_band)
                frame <= frame == frames - 1'b1 ? 4'd0 : frame + 4'd1;
        end else begin
            address <= state == CLEAR ? address + 1'b1 : gather ? origin : projecting ? PROJECTION_AT : {PLACE{1'b0}};
            band <= 0;
            frame <= first_frame;
            place <= first_band;
        end
        if (output_valid) begin
            row <= row + 1'b1;
            if (beside)
                origin <= origin + 1'b1;
            else
                out <= out + 1'b1;
        end
        if (rows_start)
            row <= 0;
        case (state)
            CLEAR: begin
                block <= 0;
                if (address == LAST_PLACE)
                    state <= EMPTY;
            end
            EMPTY: begin
                block <= block + 1'b1;
                if (block == OF_PROJECTION) begin
                    block <= 0;
                    state <= FETCH;
                end
            end
            FETCH: state <= FETCHED;
            FETCHED: begin
                out <= at;
                state <= IDLE;
            end
            IDLE: begin
                if (feature_valid)
                    out <= out + 1'b1;
                if (start)
                    state <= OPEN;
            end
            // Written is what the ring knows after this frame; of the frames in it the oldest is where the next one goes.
            OPEN: begin
                origin <= next_at + BEGIN[of_block+:PLACE];
                first_frame <= next_frame;
                first_band <= FIRST_BAND[of_block+:8];
                state <= OUTPUT;
                if (skip != 0) begin
                    block <= 0;
                    state <= FETCH;
                end
            end
            OUTPUT: begin
                out <= at;
                state <= KERNEL;
            end
            KERNEL: state <= KERNEL_RUN;
            KERNEL_RUN: if (!rows_busy)
                state <= depthwise ? POINT : BAND;
            POINT: state <= POINT_RUN;
            POINT_RUN: if (!rows_busy)
                state <= BAND;
            BAND: begin
                origin <= origin + ONWARD[of_block+:PLACE];
                first_band <= first_band + BAND_STRIDE[of_block+:8];
                state <= KERNEL;
                if (!rows_again) begin
                    block <= block + 1'b1;
                    state <= block == LAST_BLOCK ? PROJECT : LOOK;
                end
            end
            LOOK: state <= OPEN;
            PROJECT: state <= PROJECT_RUN;
            PROJECT_RUN: if (!rows_busy)
                state <= STEP;
            default: begin
                block <= 0;
                state <= FETCH;
            end
        endcase
        if (reset || restart) begin
            address <= 0;
            state <= CLEAR;
        end
    end
    wire unused = &{1'b0, row, field};
endmodule

`default_nettype wire
