// Every FACTOR-th value of a filter whose taps are sums of powers of two, without a multiplier: FILE is what is done, word by word,
// {double, minus, index}: double what there is; else add, or subtract, the sample that came `index` before the newest. It begins with
// FIRST. The result, without its SHIFT lowest bits and saturated, stays until the next one is begun.
//
// Samples must be WORDS + 4 cycles apart or more. They are made 0 while reset is 1, for which it is to stay so for 128 cycles.
`default_nettype none

module kv_fir #(
    parameter IN = 16,
    parameter FACTOR = 5,
    parameter WORDS = 255,
    parameter SUM = 30,  // bits
    parameter signed [SUM-1:0] FIRST = 0,
    parameter SHIFT = 9,
    parameter FILE = ""
) (
    input wire clk,
    input wire reset,
    input wire in_valid,
    input wire [IN-1:0] in_sample,
    output reg out_valid,
    output wire signed [15:0] out
);
    localparam COUNT = $clog2(FACTOR), PLACE = $clog2(WORDS + 1);
    localparam [COUNT-1:0] LAST = FACTOR - 1;
    localparam [PLACE-1:0] END = WORDS;

    reg [6:0] next;  // goes through all places while reset is 1
    initial next = 0;
    reg [COUNT-1:0] heard;
    reg [PLACE-1:0] place;
    reg running, read, add, double, minus;
    reg [SUM-1:0] sum;

    // A word, the sample that it names, and the sum: each a cycle after the other.
    wire [8:0] word;
    kv_rom #(.WIDTH(9), .DEPTH(WORDS), .FILE(FILE)) plan (.clk(clk), .address(place[$clog2(WORDS)-1:0]), .data(word));
    wire [IN-1:0] sample;
    kv_ram #(.WIDTH(IN), .DEPTH(128)) samples (
        .clk(clk), .write(in_valid || reset), .write_address(next), .write_data(reset ? {IN{1'b0}} : in_sample),
        .address(next + ~word[6:0]), .data(sample)
    );
    wire [SUM-1:0] term = double ? sum : {{(SUM - IN){1'b0}}, sample} ^ {SUM{minus}};
    wire [SUM:0] with_carry = {sum, 1'b1} + {term, minus};
    kv_saturate #(.IN(SUM - SHIFT), .OUT(16)) saturate (.x(sum[SUM-1:SHIFT]), .y(out));
    wire unused = &{1'b0, with_carry[0]};

    always @(posedge clk) begin
        if (in_valid || reset)
            next <= next + 7'd1;
        if (in_valid)
            heard <= heard == LAST ? {COUNT{1'b0}} : heard + 1'b1;
        read <= running && place != END;
        add <= read;
        {double, minus} <= word[8:7];
        out_valid <= add && !read;
        if (in_valid && heard == LAST) begin
            running <= 1;
            place <= 0;
        end else if (place == END)
            running <= 0;
        else
            place <= place + 1'b1;
        if (in_valid && heard == LAST)
            sum <= FIRST;
        else if (add)
            sum <= with_carry[SUM:1];
        if (reset) begin
            heard <= 0;
            running <= 0;
            read <= 0;
            add <= 0;
            out_valid <= 0;
        end
    end
endmodule

`default_nettype wire
