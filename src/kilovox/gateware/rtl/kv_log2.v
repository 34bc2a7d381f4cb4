// log2 of x in Q8, of 0 as of 1: shifted up until its highest bit is at the top, then 33 entries in Q12, linear between them. Whoever holds
// x shifts it by a bit in every cycle in which `up` is 1, and holds it still else.
`default_nettype none

module kv_log2 #(
    parameter BITS = 47,
    parameter FILE = ""
) (
    input wire clk,
    input wire reset,
    input wire start,
    input wire [BITS-1:0] x,
    output wire up,
    output wire busy,
    output wire signed [15:0] value,
    output wire mul_start,
    output wire signed [16:0] mul_a,
    output wire signed [16:0] mul_b,
    input wire mul_busy,
    input wire signed [33:0] mul_product
);
    localparam [2:0] IDLE = 0, SHIFT = 1, LOW = 2, HIGH = 3, MULTIPLY = 4, WAIT = 5;
    localparam [5:0] TOP = BITS[5:0] - 6'd1;

    reg [2:0] state;
    reg [5:0] octaves;
    reg [15:0] entry;
    wire [15:0] data;

    wire [4:0] index = x[BITS-2:BITS-6];
    wire [9:0] fraction = x[BITS-7:BITS-16];
    kv_rom #(.WIDTH(16), .DEPTH(33), .FILE(FILE)) mantissa (
        .clk(clk), .address(state == LOW ? {1'b0, index} : {1'b0, index} + 6'd1), .data(data)
    );

    assign busy = state != IDLE;
    assign up = state == SHIFT && !x[BITS-1] && octaves != 0;
    assign mul_start = state == MULTIPLY;
    assign mul_a = {1'b0, data - entry};
    assign mul_b = {7'b0, fraction};

    // (entry 2^10 + rise + 2^13) >> 14, at most 2^8.
    wire [26:0] sum = {1'b0, entry, 10'b0} + mul_product[26:0] + 27'd8192;
    assign value = {2'b0, octaves, 8'b0} + {3'b0, sum[26:14]};
    wire unused = &{1'b0, sum[13:0], mul_product[33:27], x[BITS-17:0]};

    always @(posedge clk) begin
        case (state)
            IDLE: if (start) begin
                octaves <= TOP;
                state <= SHIFT;
            end
            SHIFT: begin
                if (up)
                    octaves <= octaves - 6'd1;
                else
                    state <= LOW;
            end
            LOW: state <= HIGH;
            HIGH: begin
                entry <= data;
                state <= MULTIPLY;
            end
            MULTIPLY: state <= WAIT;
            default: if (!mul_busy) state <= IDLE;
        endcase
        if (reset)
            state <= IDLE;
    end
endmodule

`default_nettype wire
