// Bits of a microphone to one number for every FACTOR of them: ORDER integrators, then ORDER combs (E. Hogenauer, 1981).
//
// All states lie in one memory and go through one adder, a state a cycle: bits must be 2 ORDER + 3 cycles apart or more. Sums may run
// over: what comes out is 0 to FACTOR^ORDER, which BITS hold. The states are made 0 while reset is 1, for which it is to stay so
// for 8 cycles.
`default_nettype none

module kv_cic #(
    parameter ORDER = 3,  // up to 3
    parameter FACTOR = 30,
    parameter BITS = 16
) (
    input wire clk,
    input wire reset,
    input wire in_valid,
    input wire in_bit,
    output reg out_valid,
    output reg [BITS-1:0] out
);
    localparam COUNT = $clog2(FACTOR);
    localparam [COUNT-1:0] LAST = FACTOR - 1;
    localparam [2:0] TURN = ORDER, END = 2 * ORDER;

    reg busy, carry;
    reg [2:0] step;  // integrators, a cycle to keep the last, combs; all of them while reset is 1
    initial step = 0;
    reg [COUNT-1:0] heard;

    // A state is read while the one before it is added. An integrator keeps what it has added, a cycle later; a comb what came to it.
    wire comb = step > TURN;
    wire tell = heard == LAST;
    wire over = step == (tell ? END : TURN);
    wire [2:0] coming = !busy ? 3'd0 : step + 3'd1;
    wire [BITS-1:0] state, sum;
    kv_add #(.BITS(BITS)) add (.x(out), .y(state), .minus(comb), .carry(carry || comb), .sum(sum));
    kv_ram #(.WIDTH(BITS), .DEPTH(8)) states (
        .clk(clk), .write((busy && step != 0) || reset), .write_address(comb || reset ? step : step - 3'd1),
        .write_data(reset ? {BITS{1'b0}} : out), .address(coming), .data(state)
    );

    always @(posedge clk) begin
        out_valid <= busy && over && tell;
        carry <= 0;
        step <= busy && over ? 3'd0 : coming;
        if (busy) begin
            if (step != TURN)
                out <= sum;
            if (over) begin
                busy <= 0;
                heard <= tell ? {COUNT{1'b0}} : heard + 1'b1;
            end
        end else if (in_valid) begin
            out <= 0;
            carry <= in_bit;
            busy <= 1;
        end
        if (reset) begin
            busy <= 0;
            out_valid <= 0;
            heard <= 0;
            step <= step + 3'd1;
        end
    end
endmodule

`default_nettype wire
