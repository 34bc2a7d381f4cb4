// The LSTM and its head: features of a frame in, states kept; on demand, or with EVERY after each frame, the logits that the last state
// comes to. The sums are made elsewhere (kv_rows).
//
// One memory holds the vectors: two banks of the features and all layers' hidden states, the old and the new ones. A layer reads
// its inputs out of the new bank and its own state out of the old one, which is 0 of a fresh frame, the first of a recording.
`default_nettype none

module kv_network #(
    parameter EVERY = 0,
    parameter OUTPUTS = 10,
    parameter INPUTS = 13,
    parameter LAYERS = 1,
    parameter UNITS = 123,
    parameter ROW_ADDRESS = 9,
    parameter COLUMN_BITS = 8,
    parameter ACC_BITS = 24,
    parameter TANH_ENTRIES = 129,
    parameter TANH_FILE = ""
) (
    input wire clk,
    input wire reset,
    output wire busy,
    // Features of the frame to come, while not busy.
    input wire feature_write,
    input wire [$clog2(INPUTS)-1:0] feature_index,
    input wire signed [7:0] feature,
    // One frame through all layers; fresh: from a state of zeros.
    input wire step,
    input wire step_fresh,
    // The head. Right after a step only.
    input wire decide,
    // Rows of weights: those of the next layer, or of the head.
    output wire rows_start,
    output wire [ROW_ADDRESS:0] rows,
    output wire [COLUMN_BITS-1:0] columns,
    input wire rows_busy,
    input wire [COLUMN_BITS-1:0] column,
    output wire signed [7:0] x,  // in the cycle after the column
    input wire sum_valid,
    output wire sum_ready,
    input wire signed [ACC_BITS-1:0] sum,
    // The multiplier is lent while not busy.
    input wire guest_start,
    input wire signed [16:0] guest_a,
    input wire signed [16:0] guest_b,
    output wire mul_busy,
    output wire signed [33:0] mul_product,
    // To be looked at: new states unit by unit, and the logits.
    output wire state_valid,
    output wire signed [7:0] hidden,
    output wire signed [15:0] cell_state,
    output wire logit_valid,
    output wire signed [ACC_BITS-1:0] logit
);
    localparam STATES = LAYERS * UNITS;
    localparam INDEX = $clog2(INPUTS + STATES);
    localparam UNIT_BITS = $clog2(STATES + 1);
    localparam [ROW_ADDRESS:0] LAYER_ROWS = 4 * UNITS, HEAD_ROWS = OUTPUTS;
    localparam [COLUMN_BITS-1:0] FIRST_INPUTS = INPUTS, LATER_INPUTS = UNITS;
    localparam [COLUMN_BITS-1:0] FIRST_COLUMNS = INPUTS + UNITS, LATER_COLUMNS = 2 * UNITS;
    localparam [INDEX-1:0] STATES_AT = INPUTS, UNITS_INDEX = UNITS, HEAD_AT = INPUTS + (LAYERS - 1) * UNITS;
    localparam [UNIT_BITS-1:0] ALL_STATES = STATES, UNITS_COUNT = UNITS;
    localparam [2:0] IDLE = 0, LAYER = 1, ROWS_RUN = 2, HEAD = 3, HEAD_RUN = 4;

    reg [2:0] state;
    reg bank, fresh, first_layer;
    reg [INDEX-1:0] base;
    reg [UNIT_BITS-1:0] target;

    wire in_head = state == HEAD || state == HEAD_RUN;
    wire stepping = state == LAYER || state == ROWS_RUN;
    wire new_bank = in_head ? bank : ~bank;

    wire z_ready;
    wire [COLUMN_BITS-1:0] inputs;
    wire signed [15:0] z;
    wire signed [7:0] vector;
    assign rows_start = state == LAYER || state == HEAD;
    assign rows = in_head ? HEAD_ROWS : LAYER_ROWS;
    assign columns = in_head ? LATER_INPUTS : first_layer ? FIRST_COLUMNS : LATER_COLUMNS;
    assign sum_ready = in_head || z_ready;

    // The vector.
    assign inputs = first_layer && !in_head ? FIRST_INPUTS : LATER_INPUTS;
    wire own = column >= inputs;
    wire [INDEX+COLUMN_BITS-1:0] place = {{COLUMN_BITS{1'b0}}, base} + {{INDEX{1'b0}}, column};
    wire [UNIT_BITS-1:0] unit;
    wire [INDEX+UNIT_BITS-1:0] unit_place = {{UNIT_BITS{1'b0}}, STATES_AT} + {{INDEX{1'b0}}, unit};
    wire [INDEX+$clog2(INPUTS)-1:0] feature_place = {{INDEX{1'b0}}, feature_index};
    reg zero;
    always @(posedge clk) zero <= own && fresh;
    assign x = zero ? 8'sd0 : vector;

    kv_ram #(.WIDTH(8), .DEPTH(2 << INDEX)) vectors (
        .clk(clk),
        .write(feature_write || state_valid),
        .write_address({~bank, feature_write ? feature_place[INDEX-1:0] : unit_place[INDEX-1:0]}),
        .write_data(feature_write ? feature : hidden),
        .address({own ? ~new_bank : new_bank, place[INDEX-1:0]}),
        .data(vector)
    );

    kv_saturate #(.IN(ACC_BITS), .OUT(16)) saturate_z (.x(sum), .y(z));

    // The units. Their multiplier serves guests when they rest.
    wire signed [15:0] old_cell;
    kv_ram #(.WIDTH(16), .DEPTH(1 << UNIT_BITS)) cells (
        .clk(clk),
        .write(state_valid), .write_address(unit), .write_data(cell_state),
        .address(unit), .data(old_cell)
    );
    wire cell_mul_start;
    wire signed [16:0] cell_mul_a, cell_mul_b;
    kv_cell #(.UNIT_BITS(UNIT_BITS), .ENTRIES(TANH_ENTRIES), .FILE(TANH_FILE)) units (
        .clk(clk), .reset(reset), .rewind(state == IDLE && step), .fresh(fresh),
        .z_valid(sum_valid && stepping), .z_ready(z_ready), .z(z),
        .unit(unit), .cell_data(old_cell), .write(state_valid), .cell_state(cell_state), .hidden(hidden),
        .mul_start(cell_mul_start), .mul_a(cell_mul_a), .mul_b(cell_mul_b), .mul_busy(mul_busy), .mul_product(mul_product)
    );

    assign logit_valid = sum_valid && in_head;
    assign logit = sum;

    kv_multiply #(.BITS(17)) multiply (
        .clk(clk), .reset(reset),
        .start(cell_mul_start || guest_start),
        .a(stepping ? cell_mul_a : guest_a),
        .b(stepping ? cell_mul_b : guest_b),
        .busy(mul_busy), .product(mul_product)
    );

    assign busy = state != IDLE;

    always @(posedge clk) begin
        case (state)
            IDLE: begin
                first_layer <= 1;
                base <= 0;
                target <= UNITS_COUNT;
                if (step) begin
                    fresh <= step_fresh;
                    state <= LAYER;
                end else if (decide) begin
                    base <= HEAD_AT;
                    state <= HEAD;
                end
            end
            LAYER: state <= ROWS_RUN;
            ROWS_RUN: if (!rows_busy && unit == target) begin
                first_layer <= 0;
                base <= first_layer ? STATES_AT : base + UNITS_INDEX;
                target <= target + UNITS_COUNT;
                state <= LAYER;
                if (unit == ALL_STATES) begin
                    bank <= ~bank;
                    base <= HEAD_AT;
                    state <= EVERY != 0 ? HEAD : IDLE;
                end
            end
            HEAD: state <= HEAD_RUN;
            default: if (!rows_busy)
                state <= IDLE;
        endcase
        if (reset) begin
            bank <= 0;
            fresh <= 0;
            state <= IDLE;
        end
    end
    wire unused = &{1'b0, place, unit_place, feature_place};
endmodule

`default_nettype wire
