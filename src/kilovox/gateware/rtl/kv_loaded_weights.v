// Weights in a memory that has no contents when it wakes, in words of 16 bits: to be loaded before anything else, the first word first,
// the first weight of a word in its lowest bits. Then they are read one by one, in the cycle after the address.
`default_nettype none

module kv_loaded_weights #(
    parameter WIDTH = 4,  // 4 or 8
    parameter COUNT = 4,  // of weights
    parameter ADDRESS = 2
) (
    input wire clk,
    input wire reset,
    input wire load_valid,
    input wire [15:0] load_data,
    output wire loaded,
    input wire [ADDRESS-1:0] address,
    output wire [WIDTH-1:0] data
);
    localparam A_WORD = 16 / WIDTH;
    localparam SHIFT = $clog2(A_WORD);
    localparam WORDS = (COUNT + A_WORD - 1) / A_WORD;
    localparam BITS = $clog2(WORDS + 1);

    reg [BITS-1:0] count;
    reg [SHIFT-1:0] part;
    reg [15:0] word;
    (* ram_style = "huge" *) reg [15:0] words [0:WORDS-1];

    wire write = load_valid && !loaded;
    wire [BITS+ADDRESS-1:0] wide = {{BITS{1'b0}}, address} >> SHIFT;
    wire [BITS-1:0] place = loaded ? wide[BITS-1:0] : count;
    wire [15:0] shifted = word >> {part, {(4 - SHIFT){1'b0}}};

    assign loaded = count == WORDS[BITS-1:0];
    assign data = shifted[WIDTH-1:0];
    wire unused = &{1'b0, wide[BITS+ADDRESS-1:BITS], shifted[15:WIDTH]};

    always @(posedge clk) begin
        part <= address[SHIFT-1:0];
        if (write) begin
            words[place] <= load_data;
            count <= count + 1'b1;
        end else
            word <= words[place];
        if (reset)
            count <= 0;
    end
endmodule

`default_nettype wire
