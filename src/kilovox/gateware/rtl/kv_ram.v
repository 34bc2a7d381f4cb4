// A memory of DEPTH words with one port to write and one to read, in the cycle after the address. What is written in the very
// cycle in which it is read is read the next time only.
`default_nettype none

module kv_ram #(
    parameter WIDTH = 8,
    parameter DEPTH = 2
) (
    input wire clk,
    input wire write,
    input wire [$clog2(DEPTH)-1:0] write_address,
    input wire [WIDTH-1:0] write_data,
    input wire [$clog2(DEPTH)-1:0] address,
    output reg [WIDTH-1:0] data
);
    reg [WIDTH-1:0] words [0:DEPTH-1];
    always @(posedge clk) begin
        if (write)
            words[write_address] <= write_data;
        data <= words[address];
    end
endmodule

`default_nettype wire
