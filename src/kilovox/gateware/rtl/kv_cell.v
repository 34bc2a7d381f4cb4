// The units of a layer: four pre-activations each (input, forget, candidate, output) to cell and hidden state.
//
//     c' = sat16((f c + ((i g) >> 3) + 2^14) >> 15),  h' = sat8((o tanh(c') + 2^22) >> 23)
//
// One table and one multiplier, in turn, while the rows of the next gates are summed.
`default_nettype none

module kv_cell #(
    parameter UNIT_BITS = 7,
    parameter ENTRIES = 129,
    parameter FILE = ""
) (
    input wire clk,
    input wire reset,
    input wire rewind,
    input wire fresh,
    input wire z_valid,
    output wire z_ready,
    input wire signed [15:0] z,
    // Cell states, over all layers; 0 where the state is fresh. The new ones come with `write`, unit after unit.
    output reg [UNIT_BITS-1:0] unit,
    input wire signed [15:0] cell_data,
    output wire write,
    output wire signed [15:0] cell_state,
    output wire signed [7:0] hidden,
    // The multiplier.
    output wire mul_start,
    output wire signed [16:0] mul_a,
    output wire signed [16:0] mul_b,
    input wire mul_busy,
    input wire signed [33:0] mul_product
);
    localparam [2:0] TAKE = 0, CURVE = 1, CURVED = 2, MULTIPLY = 3, MULTIPLIED = 4, WRITE = 5;
    localparam [2:0] INPUT = 0, FORGET = 1, CANDIDATE = 2, OUTPUT = 3, HIDDEN = 4;

    reg [2:0] state, step;
    reg signed [16:0] gate;  // i, then o
    reg signed [31:0] kept;  // f c in Q27
    reg signed [15:0] next_cell;
    reg signed [7:0] next_hidden;

    wire curve_busy, curve_mul_start;
    wire signed [16:0] curve, curve_mul_a, curve_mul_b;
    kv_activation #(.ENTRIES(ENTRIES), .FILE(FILE)) activation (
        .clk(clk), .reset(reset),
        .start(state == CURVE),
        .sigmoid(step != CANDIDATE && step != HIDDEN),
        .z(step == HIDDEN ? next_cell : z),
        .busy(curve_busy), .value(curve),
        .mul_start(curve_mul_start), .mul_a(curve_mul_a), .mul_b(curve_mul_b),
        .mul_busy(mul_busy), .mul_product(mul_product)
    );

    // f c; i g; o tanh(c').
    reg signed [16:0] curved;
    wire signed [15:0] old_cell = fresh ? 16'sd0 : cell_data;
    wire own = state == MULTIPLY;
    assign mul_start = own || curve_mul_start;
    assign mul_a = own ? curved : curve_mul_a;
    assign mul_b = !own ? curve_mul_b : step == FORGET ? {old_cell[15], old_cell} : gate;

    wire signed [31:0] sum = kept + {{1{mul_product[33]}}, mul_product[33:3]};
    wire signed [17:0] cell_rounded;
    wire signed [15:0] cell_saturated;
    kv_rounding_shift #(.IN(32), .SHIFT(15)) round_cell (.x(sum), .y(cell_rounded));
    kv_saturate #(.IN(18), .OUT(16)) saturate_cell (.x(cell_rounded), .y(cell_saturated));

    wire signed [11:0] hidden_rounded;
    wire signed [7:0] hidden_saturated;
    kv_rounding_shift #(.IN(34), .SHIFT(23)) round_hidden (.x(mul_product), .y(hidden_rounded));
    kv_saturate #(.IN(12), .OUT(8)) saturate_hidden (.x(hidden_rounded), .y(hidden_saturated));

    // z is held while it is not taken: the table reads it in the cycle before.
    assign z_ready = state == CURVE && step != HIDDEN;
    assign write = state == WRITE;
    assign cell_state = next_cell;
    assign hidden = next_hidden;

    always @(posedge clk) begin
        case (state)
            TAKE: if (z_valid)
                state <= CURVE;
            CURVE: state <= CURVED;
            CURVED: if (!curve_busy) begin
                curved <= curve;
                if (step == INPUT || step == OUTPUT)
                    gate <= curve;
                case (step)
                    INPUT: begin
                        step <= FORGET;
                        state <= TAKE;
                    end
                    OUTPUT: begin
                        step <= HIDDEN;
                        state <= CURVE;
                    end
                    default: state <= MULTIPLY;
                endcase
            end
            MULTIPLY: state <= MULTIPLIED;
            MULTIPLIED: if (!mul_busy) begin
                state <= TAKE;
                case (step)
                    FORGET: begin
                        kept <= mul_product[31:0];
                        step <= CANDIDATE;
                    end
                    CANDIDATE: begin
                        next_cell <= cell_saturated;
                        step <= OUTPUT;
                    end
                    default: begin
                        next_hidden <= hidden_saturated;
                        state <= WRITE;
                    end
                endcase
            end
            default: begin
                unit <= unit + 1'b1;
                step <= INPUT;
                state <= TAKE;
            end
        endcase
        if (rewind)
            unit <= 0;
        if (reset) begin
            state <= TAKE;
            step <= INPUT;
        end
    end
endmodule

`default_nettype wire
