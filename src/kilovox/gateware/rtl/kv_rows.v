// Rows of a matrix times the vector [x; h], one weight a cycle: (W [x; h] + b) >> shift of each row, in order.
//
// Weights lie in memory in the order in which they are read, row by row, of all layers and then of the head, and so do the rows'
// biases (2^(shift - 1) is in them, so that the shift rounds) and shifts: both addresses only count up, from rewind on, or again from
// where they were at mark.
`default_nettype none

module kv_rows #(
    parameter POW2 = 1,
    parameter WEIGHT_BITS = 4,
    parameter WEIGHT_ADDRESS = 17,
    parameter ROW_ADDRESS = 9,
    parameter ACC_BITS = 24,
    parameter SHIFT_BITS = 5,
    parameter COLUMN_BITS = 8
) (
    input wire clk,
    input wire reset,
    input wire rewind,
    input wire mark,
    input wire again,
    input wire start,
    input wire [ROW_ADDRESS:0] rows,
    input wire [COLUMN_BITS-1:0] columns,
    output wire busy,
    // The memories: data in the cycle after the address. The vector's is 0 where it is to be.
    output reg [WEIGHT_ADDRESS-1:0] weight_address,
    input wire [WEIGHT_BITS-1:0] weight,
    output reg [ROW_ADDRESS-1:0] row_address,
    input wire [SHIFT_BITS+ACC_BITS-1:0] row_data,
    output wire reading,  // this column's, and the next one's in the next cycle; else the first is to be asked for
    output reg [COLUMN_BITS-1:0] column,
    input wire signed [7:0] x,
    // A row's result, held until taken.
    output wire sum_valid,
    input wire sum_ready,
    output wire signed [ACC_BITS-1:0] sum
);
    localparam [2:0] IDLE = 0, OPEN = 1, RUN = 2, SHIFT = 3, GIVE = 4;

    reg [2:0] state;
    reg [ROW_ADDRESS:0] left;
    reg first;
    reg signed [ACC_BITS-1:0] total;
    reg [SHIFT_BITS-1:0] shift;

    wire signed [15:0] term;
    wire one;
    generate
        if (POW2 != 0) begin : pow2
            kv_term_pow2 product (.weight(weight), .x(x), .term(term), .one(one));
        end else begin : int8
            kv_term_int8 product (.weight(weight), .x(x), .term(term));
            assign one = 0;
        end
    endgenerate

    wire signed [ACC_BITS-1:0] bias = row_data[ACC_BITS-1:0];
    wire signed [ACC_BITS-1:0] next;
    kv_add #(.BITS(ACC_BITS)) add (
        .x(first ? bias : total), .y({{(ACC_BITS - 16){term[15]}}, term}), .minus(1'b0), .carry(one), .sum(next)
    );

    reg [WEIGHT_ADDRESS-1:0] marked_weight;
    reg [ROW_ADDRESS-1:0] marked_row;

    assign busy = state != IDLE;
    assign reading = state == OPEN || state == RUN;
    assign sum_valid = state == GIVE;
    assign sum = total;

    always @(posedge clk) begin
        case (state)
            IDLE: if (start) begin
                left <= rows;
                column <= 0;
                state <= OPEN;
            end
            // The first weight, its x and the bias are being read.
            OPEN: begin
                first <= 1;
                column <= 1;
                weight_address <= weight_address + 1'b1;
                state <= RUN;
            end
            RUN: begin
                total <= next;
                first <= 0;
                shift <= row_data[SHIFT_BITS+ACC_BITS-1:ACC_BITS];
                column <= column + 1'b1;
                if (column == columns)
                    state <= SHIFT;
                else
                    weight_address <= weight_address + 1'b1;
            end
            SHIFT: begin
                if (shift == 0) begin
                    row_address <= row_address + 1'b1;
                    column <= 0;
                    state <= GIVE;
                end else begin
                    total <= total >>> 1;
                    shift <= shift - 1'b1;
                end
            end
            default: if (sum_ready) begin
                left <= left - 1'b1;
                state <= left == 1 ? IDLE : OPEN;
            end
        endcase
        if (mark) begin
            marked_weight <= weight_address;
            marked_row <= row_address;
        end
        if (again) begin
            weight_address <= marked_weight;
            row_address <= marked_row;
        end
        if (rewind) begin
            weight_address <= 0;
            row_address <= 0;
        end
        if (reset)
            state <= IDLE;
    end
endmodule

`default_nettype wire
