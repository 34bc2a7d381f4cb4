// Mel bands and their levels. In the segment between two corners a bin gives w of its power to the upper band and 256 - w to the
// lower one: each bin's word in the table is its w, and above it whether a segment begins. Sums are exact.
`default_nettype none

module kv_mel #(
    parameter BANDS = 32,
    parameter FIRST_BIN = 2,
    parameter BINS = 126,
    parameter LEVEL_EXPONENT = 41,
    parameter WEIGHTS_FILE = "",
    parameter MANTISSA_FILE = ""
) (
    input wire clk,
    input wire reset,
    input wire start,
    output wire busy,
    input wire signed [6:0] exponent,  // all shifts before
    output wire [6:0] address,
    input wire [31:0] power,
    output wire write,
    output wire [$clog2(BANDS)-1:0] band,
    output wire signed [15:0] level,
    output reg signed [15:0] loudest,
    output wire mul_start,
    output wire signed [16:0] mul_a,
    output wire signed [16:0] mul_b,
    input wire mul_busy,
    input wire signed [33:0] mul_product
);
    localparam SUM = 38 + $clog2(BINS + 1);  // 256 times a power below 2^30, of all bins
    localparam BAND_BITS = $clog2(BANDS);
    localparam signed [6:0] FULL_SCALE = LEVEL_EXPONENT;
    localparam [6:0] FIRST = FIRST_BIN, LAST = FIRST_BIN + BINS - 1;
    localparam [2:0] IDLE = 0, READ = 1, LOOK = 2, MULTIPLY = 3, PRODUCT = 4, LEVEL = 5, LEVELLED = 6;

    reg [2:0] state;
    reg [6:0] bin;
    reg [1:0] part;  // bit 0: the lower band; bit 1: the high half of the power
    reg opened;  // the segment's begin was seen
    reg last;
    reg [BAND_BITS:0] segment;
    reg [SUM-1:0] rising, falling;

    wire [6:0] place = bin - FIRST;
    wire [8:0] word;
    kv_rom #(.WIDTH(9), .DEPTH(BINS), .FILE(WEIGHTS_FILE)) weights (.clk(clk), .address(place), .data(word));

    assign busy = state != IDLE;
    assign address = bin;
    wire own = state == MULTIPLY;
    wire [8:0] weight = part[0] ? 9'd256 - {1'b0, word[7:0]} : {1'b0, word[7:0]};
    wire [15:0] half = part[1] ? power[31:16] : power[15:0];
    wire [SUM-1:0] product = state != PRODUCT ? {SUM{1'b0}} :
        part[1] ? {{(SUM - 41){1'b0}}, mul_product[24:0], 16'b0} : {{(SUM - 25){1'b0}}, mul_product[24:0]};
    // The two change places with every product, so that the adder has its fixed place.
    wire [SUM-1:0] sum = rising + product;

    wire up, log_busy, log_mul_start;
    wire signed [16:0] log_mul_a, log_mul_b;
    wire signed [15:0] logarithm;
    kv_log2 #(.BITS(SUM), .FILE(MANTISSA_FILE)) log2 (
        .clk(clk), .reset(reset), .start(state == LEVEL), .x(falling), .up(up), .busy(log_busy), .value(logarithm),
        .mul_start(log_mul_start), .mul_a(log_mul_a), .mul_b(log_mul_b), .mul_busy(mul_busy), .mul_product(mul_product)
    );
    assign mul_start = own || log_mul_start;
    assign mul_a = own ? {1'b0, half} : log_mul_a;
    assign mul_b = own ? {8'b0, weight} : log_mul_b;

    wire signed [6:0] octaves = exponent - FULL_SCALE;
    assign level = logarithm + {octaves, 9'b0};
    assign write = state == LEVELLED && !log_busy && segment != 0;
    wire [BAND_BITS:0] of_segment = segment - 1'b1;
    assign band = of_segment[BAND_BITS-1:0];
    wire unused = &{1'b0, mul_product[33:25], of_segment[BAND_BITS]};

    always @(posedge clk) begin
        case (state)
            IDLE: if (start) begin
                bin <= FIRST;
                opened <= 1;
                last <= 0;
                segment <= 0;
                rising <= 0;
                falling <= 0;
                loudest <= 16'sh8000;
                state <= READ;
            end
            READ: state <= LOOK;
            LOOK: begin
                part <= 0;
                opened <= 0;
                // A segment begins: the one before is whole, and with it a band, but for the first.
                if (word[8] && !opened)
                    state <= LEVEL;
                else
                    state <= MULTIPLY;
            end
            MULTIPLY: state <= PRODUCT;
            PRODUCT: if (!mul_busy) begin
                rising <= falling;
                falling <= sum;
                part <= part + 2'd1;
                state <= MULTIPLY;
                if (part == 3) begin
                    bin <= bin + 7'd1;
                    last <= bin == LAST;
                    state <= bin == LAST ? LEVEL : READ;
                end
            end
            LEVEL: state <= LEVELLED;
            default: if (up)
                falling <= falling << 1;
            else if (!log_busy) begin
                if (segment != 0 && level > loudest)
                    loudest <= level;
                falling <= sum;
                rising <= 0;
                segment <= segment + 1'b1;
                opened <= 1;
                state <= last ? IDLE : READ;
            end
        endcase
        if (reset)
            state <= IDLE;
    end
endmodule

`default_nettype wire
