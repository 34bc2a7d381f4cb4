// First difference and window, (x[n] - x[n-1]) w[n], and block floating point: the frame shifted such that its largest value fills
// 15 bits and sign. Twice over the frame: for the number of bits of its peak, then for the values, as pairs in bit-reversed order.
`default_nettype none

module kv_window #(
    parameter FILE = ""
) (
    input wire clk,
    input wire reset,
    input wire start,
    output wire busy,
    output reg silent,  // all samples are equal: there are no values
    output reg signed [5:0] exponent,
    output wire [7:0] index,
    input wire signed [15:0] sample,
    output wire write,
    output wire [6:0] write_address,
    output wire [31:0] write_data,  // {imaginary: odd, real: even}
    output wire mul_start,
    output wire signed [16:0] mul_a,
    output wire signed [16:0] mul_b,
    input wire mul_busy,
    input wire signed [33:0] mul_product
);
    localparam [2:0] IDLE = 0, READ = 1, MULTIPLY = 2, PRODUCT = 3, COUNT = 4, SHIFT = 5, STORE = 6;

    reg [2:0] state;
    reg [7:0] n;
    reg values;  // second time
    reg signed [15:0] previous, even;
    reg [30:0] bits;
    reg signed [31:0] shifted;
    reg [5:0] left;

    wire signed [16:0] difference = n == 0 ? 17'sd0 : {sample[15], sample} - {previous[15], previous};
    wire [15:0] slope;
    kv_rom #(.WIDTH(16), .DEPTH(128), .FILE(FILE)) half_window (
        .clk(clk), .address(n[7] ? ~n[6:0] : n[6:0]), .data(slope)
    );

    assign busy = state != IDLE;
    assign index = n;
    assign mul_start = state == MULTIPLY;
    assign mul_a = difference;
    assign mul_b = {1'b0, slope};

    wire signed [31:0] p = mul_product[31:0];
    wire [6:0] pair = n[7:1];
    assign write = state == STORE && n[0];
    assign write_address = {pair[0], pair[1], pair[2], pair[3], pair[4], pair[5], pair[6]};
    assign write_data = {shifted[15:0], even};

    always @(posedge clk) begin
        case (state)
            IDLE: if (start) begin
                n <= 0;
                values <= 0;
                silent <= 1;
                bits <= 0;
                state <= READ;
            end
            READ: state <= MULTIPLY;
            MULTIPLY: begin
                previous <= sample;
                if (difference != 0)
                    silent <= 0;
                state <= PRODUCT;
            end
            PRODUCT: if (!mul_busy) begin
                shifted <= p;
                left <= exponent[5] ? -exponent : exponent;
                state <= SHIFT;
                if (!values) begin
                    bits <= bits | (p[30:0] ^ {31{p[31]}});
                    n <= n + 1'b1;
                    exponent <= 6'sd16;
                    state <= n == 8'd255 ? COUNT : READ;
                end
            end
            // Bits of the peak less 15.
            COUNT: begin
                if (bits[30] || exponent == -6'sd15) begin
                    values <= 1;
                    state <= silent ? IDLE : READ;
                end else begin
                    bits <= bits << 1;
                    exponent <= exponent - 6'sd1;
                end
            end
            SHIFT: begin
                if (left == 0)
                    state <= STORE;
                else begin
                    shifted <= exponent[5] ? shifted <<< 1 : shifted >>> 1;
                    left <= left - 1'b1;
                end
            end
            default: begin
                even <= shifted[15:0];
                n <= n + 1'b1;
                state <= n == 8'd255 ? IDLE : READ;
            end
        endcase
        if (reset)
            state <= IDLE;
    end
    wire unused = &{1'b0, mul_product[33:32]};
endmodule

`default_nettype wire
