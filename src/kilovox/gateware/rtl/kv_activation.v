// tanh and sigmoid of z in Q3.12, in Q0.15: a table of tanh(i / 16), linear between its entries, and sigmoid(z) = 1/2 + 1/2
// tanh(z / 2). Start with z, wait while busy, read value.
`default_nettype none

module kv_activation #(
    parameter ENTRIES = 129,
    parameter FILE = ""
) (
    input wire clk,
    input wire reset,
    input wire start,
    input wire sigmoid,
    input wire signed [15:0] z,
    output wire busy,
    output wire signed [16:0] value,
    // The multiplier.
    output wire mul_start,
    output wire signed [16:0] mul_a,
    output wire signed [16:0] mul_b,
    input wire mul_busy,
    input wire signed [33:0] mul_product
);
    localparam [2:0] IDLE = 0, LOW = 1, HIGH = 2, MULTIPLY = 3, WAIT = 4;
    localparam ADDRESS = $clog2(ENTRIES);

    reg [2:0] state;
    reg negative, of_sigmoid;
    reg [14:0] size, entry;
    wire [15:0] data;

    wire [14:0] magnitude = z == 16'sh8000 ? 15'h7FFF : z[15] ? -z[14:0] : z[14:0];
    // An entry every 2^8 units of tanh's argument, every 2^9 of sigmoid's. Of tanh the fraction is doubled: (d 2f + 2^8) >> 9 is
    // (d f + 2^7) >> 8.
    wire [6:0] index = of_sigmoid ? {1'b0, size[14:9]} : size[14:8];
    wire [8:0] fraction = of_sigmoid ? size[8:0] : {size[7:0], 1'b0};
    wire [ADDRESS-1:0] low = {{(ADDRESS - 7){1'b0}}, index};

    kv_rom #(.WIDTH(16), .DEPTH(ENTRIES), .FILE(FILE)) table_of_tanh (
        .clk(clk),
        .address(state == LOW ? low : low + 1'b1),
        .data(data)
    );

    assign busy = state != IDLE;
    assign mul_start = state == MULTIPLY;
    assign mul_a = {1'b0, data} - {2'b0, entry};
    assign mul_b = {8'b0, fraction};

    wire signed [25:0] rise;
    kv_rounding_shift #(.IN(34), .SHIFT(9)) rounded (.x(mul_product), .y(rise));
    // At most 32767, for the table rises; of sigmoid plus 1, before it is halved.
    wire [15:0] tangent;
    kv_add #(.BITS(16)) add (.x({1'b0, entry}), .y(rise[15:0]), .minus(1'b0), .carry(of_sigmoid), .sum(tangent));
    wire [16:0] part = {1'b0, of_sigmoid ? {1'b0, tangent[15:1]} : tangent};
    wire [16:0] with_sign;
    kv_add #(.BITS(17)) negate (
        .x(of_sigmoid ? 17'd16384 : 17'd0), .y(part), .minus(negative), .carry(negative), .sum(with_sign)
    );
    assign value = with_sign;
    wire unused = &{1'b0, rise[25:16]};

    always @(posedge clk) begin
        case (state)
            IDLE: if (start) begin
                negative <= z[15];
                of_sigmoid <= sigmoid;
                size <= magnitude;
                state <= LOW;
            end
            LOW: state <= HIGH;
            HIGH: begin
                entry <= data[14:0];
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
