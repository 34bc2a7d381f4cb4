"""Every target computes the bits of the Python engine, and a wrong bit is seen."""

import re
import shutil
import subprocess

import numpy as np
import pytest

from firmware.models import random_listener, random_model
from kilovox.errors import KilovoxError
from kilovox.firmware.sources import sources
from kilovox.integer.observation import OF_FRAMES, STAGES, Observation
from kilovox.verification import toolchain, verify
from kilovox.verification.avr import Avr, avr_missing
from kilovox.verification.clips import find_clips, synthetic_clips
from kilovox.verification.emulator import SAMPLES, Core
from kilovox.verification.findings import KERNELS
from kilovox.verification.host import NoCompilerError, find_compiler
from kilovox.verification.observation import Difference, first_difference
from kilovox.verification.toolchain import CORES, Image

CLIPS = [(name, samples[:700]) for name, samples in synthetic_clips(10, 8000)]
FEW = [CLIPS[0], CLIPS[4], CLIPS[9]]
CHIP_SIZES = {"HOP": 160, "POW2": 0, "UNITS": 3, "COLUMNS": 16, "LAYERS": 1, "LABELS": 10, "LISTENS": 0}


def needed(target: str) -> None:
    """Skips where what `target` needs is not installed."""
    if target == "host":
        try:
            find_compiler()
        except NoCompilerError as error:
            pytest.skip(str(error))
    if target == "avr" and (reason := avr_missing()):
        pytest.skip(reason)
    for module in {"host": [], "wasm32": ["wasmtime", "ziglang"], "avr": ["elftools"]}.get(
        target, ["unicorn", "capstone", "elftools"]
    ):
        pytest.importorskip(module, reason=f"{module} is not installed")
    if target in CORES and not shutil.which(CORES[target].gcc):
        pytest.importorskip("ziglang", reason="neither GCC for this core nor ziglang is installed")


@pytest.fixture(params=verify.CODE_TARGETS)
def target(request):
    needed(request.param)
    return request.param


@pytest.mark.parametrize("arithmetic", ["int8", "pow2"])
def test_words_are_equal_on(target, arithmetic):
    quiet = np.zeros(1600, np.int16)
    clips = [("two words", np.concatenate([quiet, CLIPS[0][1], quiet, CLIPS[4][1], quiet])), CLIPS[9]]
    model = random_model(arithmetic, 5, words={"buffer": 30, "pause": 3, "margin": 1, "shortest": 2})
    report = verify.verify(model, [target], clips).targets[target]
    assert report.difference is None
    assert report.findings == ()


@pytest.mark.parametrize("arithmetic", ["int8", "pow2"])
def test_equal_on(target, arithmetic):
    report = verify.verify(random_model(arithmetic, 5), [target], FEW).targets[target]
    assert report.difference is None
    assert report.equal
    assert report.findings == ()
    assert (report.clips, report.frames_per_clip) == (3, (3 + 1 + 1) / 3)
    values = report.as_json()
    assert {"equal", "clips", "frames_per_clip", "instructions", "flash", "ram", "stack", "findings"} <= values.keys()
    assert 1000 < values["ram"] < 3000
    if target == "host":
        assert values["instructions"] is None
        return
    assert set(values["flash"]) == {"code", "front_end_tables", "network"}
    if target == "avr":
        assert values["instructions"] is None
        assert 0 < values["modelled_milliseconds"]["atmega1284p, 16 MHz"] < 1000
        assert 100 < values["stack"] < 400
        return
    counted = values["instructions"]
    parts = (counted["front_end"], *counted["layers"], counted["head"], counted["other"])
    assert len(counted["layers"]) == 2
    assert all(part > 0 for part in parts)
    assert counted["clip"] == pytest.approx(sum(parts), abs=4)
    assert counted["per_frame"] < counted["clip"] < counted["per_second"]


LONGER = [(name, samples[:2600]) for name, samples in synthetic_clips(10, 8000)]


@pytest.mark.parametrize("arithmetic", ["int8", "pow2"])
def test_what_listens_is_equal_on(target, arithmetic):
    report = verify.verify(random_listener(arithmetic), [target], [LONGER[0], LONGER[4], LONGER[2]]).targets[target]
    assert report.difference is None
    assert report.findings == ()
    counted = report.instructions
    if counted is not None:
        parts = (counted.front_end, counted.convolutions, *counted.layers, counted.head, counted.other)
        assert all(part > 0 for part in parts)
        assert counted.clip == pytest.approx(sum(parts), abs=4)
        assert counted.longest_push is None or counted.per_frame < counted.longest_push < counted.clip


@pytest.mark.parametrize(
    ("file", "right", "wrong", "what"),
    [("kv_listen.c", "frame_stride - 1", "frame_stride", {"past", "projection", "hidden"}),
     ("kv_listen.c", "const int32_t bands = block->bands", "const int32_t bands = 1", {"past", "projection"}),
     ("kv_depthwise_int8.c", "place = 0;", "place = block->frame;", {"past", "projection"}),
     ("kv_decide.c", "|| share < d->peak", "", {"detections", "number of detections"}),
     ("kv_decide.c", "d->rival = larger(d->rival, d->before[i]);", ";", {"detections"}),
     ("kv_calibrated.c", "KV_READ16(knot + 1)", "KV_READ16(knot)", {"detections"})],
)  # fmt: skip
def test_a_bit_that_differs_where_it_listens_is_seen(monkeypatch, file, right, wrong, what):
    needed("host")

    def planted(model, **options):
        files = sources(model, **options)
        assert right in files[file]
        return files | {file: files[file].replace(right, wrong)}

    monkeypatch.setattr(verify, "sources", planted)
    difference = verify.verify(random_listener("int8"), ["host"], LONGER).targets["host"].difference
    assert difference is not None
    assert difference.what in what


@pytest.mark.parametrize("arithmetic", ["int8", "pow2"])
def test_levels_are_equal_on(target, arithmetic):
    """With a table less than a model of cepstra, by as many bytes."""
    reports = [
        verify.verify(random_model(arithmetic, 5, 1, **more), [target], FEW).targets[target]
        for more in ({"features": "levels", "mel_bands": 20}, {"mel_bands": 20, "coefficients": 20})
    ]
    assert all(report.equal and report.findings == () for report in reports)
    levels, cepstra = reports
    if target != "host":
        assert cepstra.flash["front_end_tables"] - levels.flash["front_end_tables"] == 20 * 20
        assert cepstra.flash["network"] == levels.flash["network"]
        assert cepstra.flash["code"] > levels.flash["code"]
        assert cepstra.ram == levels.ram
    if levels.instructions is not None:
        assert levels.instructions.front_end < cepstra.instructions.front_end


@pytest.mark.parametrize(("arithmetic", "rate"), [("int8", 16000), ("pow2", 48000)])
def test_what_listens_to_sound_at_other_rates_is_equal_on(target, arithmetic, rate):
    factor = rate // 8000
    clips = [(name, np.repeat(samples[:1400], factor)) for name, samples in (LONGER[0], LONGER[4])]
    report = verify.verify(random_listener(arithmetic), [target], clips, input_rate=rate).targets[target]
    assert report.difference is None
    assert report.findings == ()
    counted = report.instructions
    if counted is not None:
        assert all(0 < part < counted.clip for part in (counted.decimator, counted.convolutions, counted.other))
        frame = counted.front_end / report.frames_per_clip
        assert counted.longest_push is None or frame < counted.longest_push < counted.clip


@pytest.mark.parametrize(("rate", "words"), [(16000, None), (48000, {"buffer": 30, "pause": 3, "margin": 1, "shortest": 2})])
def test_sound_at_other_rates_is_equal_on(target, rate, words):
    clips = [(name, np.repeat(samples, rate // 8000)) for name, samples in FEW]
    report = verify.verify(random_model("int8", 5, words=words), [target], clips, input_rate=rate).targets[target]
    assert report.difference is None
    assert report.findings == ()
    assert report.frames_per_clip == ((3 + 1 + 1) / 3 if words is None else 8 / 3)
    if target != "host":
        assert report.flash["front_end_tables"] == 1410 + 2 * (14 if rate == 16000 else 14 + 11)
    if report.instructions is not None:
        assert 0 < report.instructions.decimator < report.instructions.clip


def test_a_wrong_tap_is_a_difference_of_samples(target, monkeypatch):
    def corrupted(model, **options):
        files = sources(model, **options)
        wrong = files["kilovox_model.c"].replace(" 10386, 16384,", " 10387, 16384,")
        assert wrong != files["kilovox_model.c"]
        return files | {"kilovox_model.c": wrong}

    monkeypatch.setattr(verify, "sources", corrupted)
    clips = [(name, np.repeat(samples, 2)) for name, samples in FEW]
    difference = verify.verify(random_model("int8", 5), [target], clips, input_rate=16000).targets[target].difference
    assert difference is not None
    assert difference.what == "samples"


def test_a_rate_that_is_not_supported_is_refused():
    with pytest.raises(KilovoxError, match="input rate 44100 Hz; expected 8000, 16000, 24000, 32000 or 48000"):
        verify.verify(random_model("int8", 5), ["host"], FEW, input_rate=44100)


def test_an_avr_takes_the_clips_that_it_has_room_for():
    task = verify.Task(random_model("int8", 5), {}, CLIPS)
    assert [name for name, samples in task.some(None, 600)] == [name for name, samples in CLIPS if len(samples) <= 600]
    with pytest.raises(KilovoxError, match="recordings of 700 samples; expected some of at most 0"):
        task.some(None, 0)


@pytest.mark.parametrize("target", CORES)
def test_equal_by_zig(target):
    for module in ("ziglang", "unicorn", "capstone", "elftools"):
        pytest.importorskip(module, reason=f"{module} is not installed")
    report = verify.verify(random_model("int8", 5), [target], FEW, use_gcc=False).targets[target]
    assert report.equal
    assert "clang" in report.compiler


def test_a_wrong_weight_is_the_first_difference(target, monkeypatch):
    def corrupted(model, **options):
        files = sources(model, **options)
        text = files["kilovox_model.c"]
        start = text.index("lstm1_weights[] KV_TABLE = {")
        wrong = re.sub(r"KV_4\((-?\d+),", lambda match: f"KV_4({-int(match[1])},", text[start:], count=1)
        assert text[start:] != wrong
        return files | {"kilovox_model.c": text[:start] + wrong}

    monkeypatch.setattr(verify, "sources", corrupted)
    result = verify.verify(random_model("int8", 5), [target], FEW)
    difference = result.targets[target].difference
    assert not result.passed
    assert difference is not None
    # The first layer is as it should be; in the second, the input gate of unit 0.
    assert difference.what in {"hidden", "cell"}
    assert difference.index == (1, 0)
    assert difference.expected != difference.found
    assert "expected" in str(difference)
    assert result.as_json()["targets"][target]["difference"]["what"] == difference.what


def test_a_model_that_avr_has_no_room_for_is_refused_before_and_while_it_is_compiled(tmp_path):
    large = random_model("int8", 85, 1)
    with pytest.raises(KilovoxError, match="weights of a layer take 33,320 bytes, an array there no more than 32,767"):
        verify.verify(large, ["avr"], FEW[:1])
    if reason := avr_missing():
        pytest.skip(reason)
    for name, text in sources(large).items():
        (tmp_path / name).write_text(text)
    command = ["avr-gcc", "-mmcu=atmega2560", "-std=gnu99", "-c", "kv_reset.c"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "take more than 32,767 bytes" in done.stderr


def test_a_division_on_avr_is_a_finding():
    needed("avr")
    files = sources(random_model("int8", 3, 1))
    planted = (
        files["kv_head.c"] + "\nextern int32_t f(int32_t a, int32_t b);\nint32_t f(int32_t a, int32_t b) { return a / b; }\n"
    )
    chip = Avr({**files, "kv_head.c": planted}, verify.Task(random_model("int8", 3, 1), files, FEW).shape, CHIP_SIZES)
    assert chip.findings() == ("kv_head.c: __divmodsi4 (call of a helper for division)",)


@pytest.mark.parametrize("arithmetic", ["int8", "pow2"])
@pytest.mark.parametrize("target", ["cortex-m0", "cortex-m4"])
@pytest.mark.parametrize("level", ["-O3", "-Os"])
def test_a_core_gives_the_same_decision_where_the_whole_program_is_optimised(target, arithmetic, level, tmp_path):
    """What assembly alone names, or reads behind the optimiser's back, would be lost here."""
    needed(target)
    core = CORES[target]
    if not shutil.which(core.gcc):
        pytest.skip(f"{core.gcc} is not installed")
    model = random_model(arithmetic, 5)
    own = toolchain.own_files("kv_target.c", "kv_helpers.c", "kv_target.ld")
    for name, text in {**sources(model), **own}.items():
        (tmp_path / name).write_text(text)
    units = [name for name in [*sources(model), *own] if name.endswith(".c")]
    flags = [*core.gcc_flags, "-std=c99", level, "-flto", "-ffreestanding", "-Wall", "-Wextra", "-Werror"]
    names = [f"kv_{name}" for name in ("reset", "push", "finish", "result", "quantise", "front_end_frame", "layer_step")]
    names += [f"kv_target_{name}" for name in ("ear", "decision", "layout")]
    link = ["-nostdlib", "-T", "kv_target.ld", "-Wl,--no-warn-rwx-segments", *(f"-Wl,-u,{name}" for name in names)]
    command = [core.gcc, *flags, *units, *link, "-o", "linked.elf", "-lgcc"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    task = verify.Task(model, {}, FEW)
    machine = Core(Image((tmp_path / "linked.elf").read_bytes(), {}, ""), target, task.shape)
    for clip in FEW:
        samples, want = clip[1], task.expected(clip)
        machine._machine.mem_write(SAMPLES, samples.astype("<i2").tobytes())
        ear, decision = machine._address("kv_target_ear"), machine._address("kv_target_decision")
        machine.call("kv_reset", ear)
        machine.call("kv_push", ear, SAMPLES, len(samples))
        machine.call("kv_finish", ear)
        machine.call("kv_result", ear, decision)
        found = task.shape.decided(machine._read("kv_target_decision", task.shape.decision_bytes))
        np.testing.assert_array_equal(found[0], want.logits)
        assert (found[1][0], found[2][0]) == (want.label[0], want.confidence[0])


def test_a_planted_multiplication_fails_a_pow2_model(monkeypatch):
    needed("cortex-m0")
    kernel = "kv_pow2_matvec.c"
    assert kernel in KERNELS

    def planted(model, **options):
        files = sources(model, **options)
        return files | {kernel: files[kernel] + "\nextern int f(int a, int b);\nint f(int a, int b) { return a * b; }\n"}

    monkeypatch.setattr(verify, "sources", planted)
    result = verify.verify(random_model("pow2", 5), ["cortex-m0"], FEW[:1])
    (finding,) = result.targets["cortex-m0"].findings
    assert finding.startswith(f"{kernel}: f: muls ")
    assert result.targets["cortex-m0"].equal
    assert not result.passed


def observation(**changes):
    values = {
        "cepstra": np.zeros((2, 3), np.int16), "features": np.zeros((2, 3), np.int8),
        "hidden": np.zeros((2, 2, 4), np.int8), "cell": np.zeros((2, 2, 4), np.int16),
        "logits": np.zeros(5, np.int32), "label": np.zeros(1, np.uint16), "confidence": np.zeros(1, np.uint8),
        "outcome": np.zeros(1, np.uint8), "past": np.zeros((2, 6), np.int8), "projection": np.zeros((2, 4), np.int8),
        "detections": np.zeros((1, 4), np.int64), "samples": np.zeros(9, np.int16),
    }  # fmt: skip
    return Observation(**(values | changes))


@pytest.mark.parametrize("stage", STAGES)
def test_one_bit_of_any_stage_is_seen(stage):
    changed = getattr(observation(), stage).copy()
    changed.flat[-1] = 1
    found = first_difference(observation(), observation(**{stage: changed}), "clip", "whole")
    assert found is not None
    assert (found.what, found.expected, found.found) == (stage, 0, 1)
    assert found.frame == (1 if stage in OF_FRAMES else None)


def test_the_first_difference_is_the_first_in_time():
    cell, cepstra = np.zeros((2, 2, 4), np.int16), np.zeros((2, 3), np.int16)
    cell[0, 1, 2], cepstra[1, 0] = 7, 9
    found = first_difference(observation(), observation(cell=cell, cepstra=cepstra), "clip", "in ragged chunks")
    assert found == Difference("cell", "clip", "in ragged chunks", 0, (1, 2), 0, 7)
    assert str(found) == "clip pushed in ragged chunks, frame 0: cell[1, 2] is 7; expected 0"


def test_a_sample_is_different_before_what_is_made_of_it():
    samples, cepstra = np.zeros(9, np.int16), np.zeros((2, 3), np.int16)
    samples[7], cepstra[0, 0] = 5, 6
    found = first_difference(observation(), observation(cepstra=cepstra, samples=samples), "clip", "whole")
    assert found == Difference("samples", "clip", "whole", None, (7,), 0, 5)


def test_a_frame_too_few_is_a_difference():
    found = first_difference(observation(), observation(cepstra=np.zeros((1, 3), np.int16)), "clip", "whole")
    assert found is not None
    assert (found.what, found.expected, found.found) == ("frames of cepstra", 2, 1)


def test_what_was_not_looked_at_is_no_difference():
    assert first_difference(observation(), observation(cepstra=None, hidden=None), "clip", "whole") is None


@pytest.mark.parametrize(
    ("targets", "clips", "message"),
    [(["esp32"], FEW, "target esp32; expected some of host, cortex-m0"), ([], FEW, "target none"),
     (["host"], [], "no recording: no samples"), (["host"], [("x", np.zeros(0, np.int16))], "x: no samples")],
)  # fmt: skip
def test_bad_input(targets, clips, message):
    with pytest.raises(KilovoxError, match=message):
        verify.verify(random_model("int8", 5), targets, clips)


def test_a_missing_package_names_the_extra(monkeypatch):
    monkeypatch.setattr(toolchain.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setitem(__import__("sys").modules, "ziglang", None)
    with pytest.raises(KilovoxError, match=r"needs ziglang, which is not installed; expected the extra verify"):
        toolchain.zig()


def test_clips_are_evenly_spread():
    task = verify.Task(random_model("int8", 5), {}, CLIPS)
    assert [name for name, _ in task.some(3)] == ["synthetic-000", "synthetic-004", "synthetic-009"]
    assert task.some(None) == task.some(99) == CLIPS
    assert task.some(1) == CLIPS[:1]


def test_synthetic_clips_where_no_corpus_is_at_hand():
    clips, about = find_clips(None, 8000)
    assert about == "60 synthetic recordings; --corpus names real ones"
    assert len({name for name, _ in clips}) == len(clips) == 60
    assert all(len(samples) for _, samples in clips)
    again = find_clips(None, 8000)[0]
    assert all(np.array_equal(a, b) for (_, a), (_, b) in zip(clips, again, strict=True))


def test_clips_of_a_corpus(synthetic_folder, monkeypatch):
    clips, about = find_clips(synthetic_folder, 8000)
    assert about == "18 recordings of fsdd, split random"
    assert clips[0][0].endswith(".wav")
    monkeypatch.setenv("KILOVOX_FSDD", str(synthetic_folder))
    assert find_clips(None, 8000)[1] == about
