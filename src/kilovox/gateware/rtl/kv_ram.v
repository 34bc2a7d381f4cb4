// A memory of DEPTH words with one port to write and one to read, in the cycle after the address. What is read in the very cycle in which
// it is written is nothing that anyone may use: chips differ there. With KV_POISON it is wrong on purpose, for tests.
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
    (* no_rw_check *) reg [WIDTH-1:0] words [0:DEPTH-1];
    always @(posedge clk) begin
        if (write)
            words[write_address] <= write_data;
`ifdef KV_POISON
        data <= write && write_address == address ? ~words[address] : words[address];
`else
        data <= words[address];
`endif
    end
endmodule

`default_nettype wire
