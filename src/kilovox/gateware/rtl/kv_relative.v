// Levels as features are made of them: less the running maximum, which falls by DECAY a frame and never below the loudest band, and not
// below FLOOR; with ABSOLUTE the maximum is added again, and what is below ABSOLUTE_FLOOR raised to it.
`default_nettype none

module kv_relative #(
    parameter signed [16:0] DECAY = 5,
    parameter signed [16:0] FLOOR = -5102,
    parameter ABSOLUTE = 0,
    parameter signed [16:0] ABSOLUTE_FLOOR = -11520
) (
    input wire clk,
    input wire forget,  // the running maximum, before a recording
    input wire advance,  // a frame, of this loudest band
    input wire silent,  // the frame's levels are all the lowest
    input wire signed [15:0] loudest,
    input wire signed [15:0] level,
    output wire signed [16:0] heard
);
    localparam signed [16:0] LOWEST = -17'sd32768;

    reg signed [16:0] maximum;
    wire signed [16:0] wide_loudest = silent ? LOWEST : {loudest[15], loudest};
    wire signed [16:0] decayed = maximum - DECAY;

    wire signed [16:0] own = silent ? LOWEST : {level[15], level};
    wire signed [17:0] apart = {own[16], own} - {maximum[16], maximum};
    wire signed [17:0] least = {FLOOR[16], FLOOR};
    wire signed [16:0] raised = apart < least ? FLOOR : apart[16:0];
    wire signed [16:0] risen = raised + maximum;
    wire signed [16:0] absolute = risen < ABSOLUTE_FLOOR ? ABSOLUTE_FLOOR : risen;
    assign heard = ABSOLUTE != 0 ? absolute : raised;
    wire unused = &{1'b0, apart[17]};

    always @(posedge clk) begin
        if (advance)
            maximum <= wide_loudest > decayed ? wide_loudest : decayed;
        if (forget)
            maximum <= LOWEST;
    end
endmodule

`default_nettype wire
