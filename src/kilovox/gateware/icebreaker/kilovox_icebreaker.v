// The iCEBreaker (iCE40 UP5K, 12 MHz) as a recogniser: a PDM microphone on PMOD 1B, the seven-segment PMOD on 1A, decisions as text on the
// serial port of the USB plug, 115,200 baud. Its weights come out of the board's flash. README.md says how it is wired and built.
//
// The red LED: no weights yet, or sound was lost since the last decision. The green one: the last word was understood. Of a model
// that hears whole recordings one is as long as the button is held.
`default_nettype none
`include "kilovox_model.vh"
`include "kilovox_board.vh"

module kilovox_icebreaker (
    input wire CLK,
    input wire BTN_N,
    output wire TX,
    output wire LEDR_N,
    output wire LEDG_N,
    output wire FLASH_SCK,
    output wire FLASH_SSB,
    output wire FLASH_IO0,
    input wire FLASH_IO1,
    output wire P1A1, P1A2, P1A3, P1A4, P1A7, P1A8, P1A9, P1A10,
    output wire P1B1,
    input wire P1B2,
    output wire P1B3
);
    localparam [1:0] LABEL = `KV_LABEL;

    // Until 256 cycles after power came; registers of an iCE40 wake as 0.
    reg [8:0] awake;
    initial awake = 0;
    wire reset = !awake[8];
    always @(posedge CLK)
        if (reset)
            awake <= awake + 9'd1;

    wire load_valid, loaded;
    wire [15:0] load_data;
    kv_flash #(.ADDRESS(`KV_FLASH_ADDRESS), .MARK(`KV_FLASH_MARK)) flash (
        .clk(CLK), .reset(reset), .stop(loaded), .valid(load_valid), .data(load_data), .flash_select_n(FLASH_SSB),
        .flash_clock(FLASH_SCK), .flash_out(FLASH_IO0), .flash_in(FLASH_IO1)
    );

    // The microphone: a bit with every rising edge of its clock, 12 MHz / 10; SELECT low, so that it speaks while the clock is low.
    reg [3:0] phase;
    reg microphone_clock, heard_bit, bit_valid;
    always @(posedge CLK) begin
        phase <= phase == 4'd9 || reset ? 4'd0 : phase + 4'd1;
        microphone_clock <= phase >= 4'd5;
        bit_valid <= phase == 4'd5;
        if (phase == 4'd5)
            heard_bit <= P1B2;
    end
    assign P1B1 = microphone_clock;
    assign P1B3 = 0;

    wire value_valid, sample_valid;
    wire [`KV_CIC_BITS-1:0] value;
    wire signed [15:0] sample;
    kv_cic #(.ORDER(`KV_CIC_ORDER), .FACTOR(`KV_CIC_FACTOR), .BITS(`KV_CIC_BITS)) integrate (
        .clk(CLK), .reset(reset), .in_valid(bit_valid), .in_bit(heard_bit), .out_valid(value_valid), .out(value)
    );
    kv_fir #(
        .IN(`KV_CIC_BITS), .FACTOR(`KV_FIR_FACTOR), .WORDS(`KV_FIR_WORDS), .SUM(`KV_FIR_SUM), .FIRST(`KV_FIR_FIRST),
        .SHIFT(`KV_FIR_SHIFT), .FILE("kv_fir.hex")
    ) filter (
        .clk(CLK), .reset(reset), .in_valid(value_valid), .in_sample(value), .out_valid(sample_valid), .out(sample)
    );

    // A sample waits until it is taken, or the next is there.
    reg waiting, lost;
    wire in_ready, in_end, listening;
    wire out_valid, out_ready;
    wire taken = waiting && listening && in_ready && !in_end;
    always @(posedge CLK) begin
        if (sample_valid)
            waiting <= listening;
        else if (taken)
            waiting <= 0;
        if (sample_valid && waiting && !taken)
            lost <= 1;
        if (out_valid && out_ready)
            lost <= 0;
        if (reset || !loaded) begin
            waiting <= 0;
            lost <= 0;
        end
    end

`ifdef KV_WORDS
    assign listening = 1;
    assign in_end = 0;
    wire unused = &{1'b0, BTN_N};
`else
    reg [1:0] pressed;
    reg recording;
    always @(posedge CLK) begin
        pressed <= {pressed[0], !BTN_N};
        if (pressed[1])
            recording <= 1;
        else if (in_ready)
            recording <= 0;
        if (reset || !loaded)
            recording <= 0;
    end
    assign listening = pressed[1];
    assign in_end = recording && !pressed[1];
`endif

    wire [`KV_LABEL_BITS-1:0] label;
    wire [7:0] confidence;
    wire [1:0] outcome;
    // What there is to be looked at is left open.
    /* verilator lint_off PINCONNECTEMPTY */
    kilovox_loaded recogniser (
        .clk(CLK), .reset(reset), .load_valid(load_valid), .load_data(load_data), .loaded(loaded),
        .in_valid((waiting && listening) || in_end), .in_ready(in_ready), .in_end(in_end), .in_sample(sample),
        .out_valid(out_valid), .out_ready(out_ready), .out_last(), .out_label(label), .out_confidence(confidence),
        .out_outcome(outcome), .seen_feature(), .seen_cepstrum(), .seen_quantised(), .seen_frame(), .seen_level(), .seen_output(),
        .seen_activation(), .seen_state(), .seen_hidden(), .seen_cell(), .seen_logit(), .seen_value()
    );
    /* verilator lint_on PINCONNECTEMPTY */

    wire [`KV_LABEL_BITS+7:0] wide_label = {8'b0, label};
    wire unused_label = &{1'b0, wide_label[`KV_LABEL_BITS+7:8]};
    kv_line #(.CLOCKS(104), .NOTHING(`KV_NOTHING), .LABEL(LABEL)) tell (
        .clk(CLK), .reset(reset), .valid(out_valid), .ready(out_ready), .label(wide_label[7:0]), .confidence(confidence),
        .outcome(outcome), .line(TX)
    );

    // The last decision: a hexadecimal digit, or the bar in the middle where it was no label.
    reg understood;
    reg [3:0] shown;
    reg [6:0] segments;  // {g, f, e, d, c, b, a}
    always @(posedge CLK) begin
        if (out_valid && out_ready) begin
            understood <= outcome == LABEL;
            shown <= wide_label[3:0];
        end
        if (reset)
            understood <= 0;
    end
    always @* begin
        case (shown)
            4'h0: segments = 7'b0111111;
            4'h1: segments = 7'b0000110;
            4'h2: segments = 7'b1011011;
            4'h3: segments = 7'b1001111;
            4'h4: segments = 7'b1100110;
            4'h5: segments = 7'b1101101;
            4'h6: segments = 7'b1111101;
            4'h7: segments = 7'b0000111;
            4'h8: segments = 7'b1111111;
            4'h9: segments = 7'b1101111;
            4'hA: segments = 7'b1110111;
            4'hB: segments = 7'b1111100;
            4'hC: segments = 7'b0111001;
            4'hD: segments = 7'b1011110;
            4'hE: segments = 7'b1111001;
            default: segments = 7'b1110001;
        endcase
        if (!understood)
            segments = 7'b1000000;
    end
    assign {P1A9, P1A8, P1A7, P1A4, P1A3, P1A2, P1A1} = ~segments;
    assign P1A10 = 1;  // the digit on the right
    assign LEDR_N = loaded && !lost;
    assign LEDG_N = !understood;
endmodule

`default_nettype wire
