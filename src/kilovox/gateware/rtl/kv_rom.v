// A table: DEPTH words of WIDTH bits out of FILE ($readmemh), read in the cycle after the address.
`default_nettype none

module kv_rom #(
    parameter WIDTH = 8,
    parameter DEPTH = 2,
    parameter FILE = ""
) (
    input wire clk,
    input wire [$clog2(DEPTH)-1:0] address,
    output reg [WIDTH-1:0] data
);
    // Block RAM, of which chips have more to spare than of logic, for all but a few words.
    generate
        if (WIDTH * DEPTH > 256) begin : block
            (* ram_style = "block" *) reg [WIDTH-1:0] words [0:DEPTH-1];
            initial $readmemh(FILE, words);
            always @(posedge clk) data <= words[address];
        end else begin : logic_cells
            reg [WIDTH-1:0] words [0:DEPTH-1];
            initial $readmemh(FILE, words);
            always @(posedge clk) data <= words[address];
        end
    endgenerate
endmodule

`default_nettype wire
