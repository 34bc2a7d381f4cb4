"""Counts, stack and memory of the emulated cores."""

import shutil

import numpy as np
import pytest

from firmware.models import random_model
from kilovox.errors import KilovoxError
from kilovox.firmware.layout import parts_of
from kilovox.firmware.sources import sources
from kilovox.integer.observation import expected
from kilovox.integer.recogniser import Recogniser
from kilovox.verification import costs, emulator
from kilovox.verification.clips import synthetic_clips
from kilovox.verification.emulator import Core, memory
from kilovox.verification.observation import Shape, cut, first_difference
from kilovox.verification.toolchain import CORES, compile_core

unicorn = pytest.importorskip("unicorn", reason="unicorn is not installed")
pytest.importorskip("capstone", reason="capstone is not installed")
pytest.importorskip("elftools", reason="pyelftools is not installed")

MODEL = random_model("int8", 5)
SAMPLES = synthetic_clips(1, 8000)[0][1][:900]


@pytest.fixture(scope="module", params=CORES)
def target(request):
    return request.param


@pytest.fixture(scope="module")
def image(target):
    if not shutil.which(CORES[target].gcc):
        pytest.importorskip("ziglang", reason="neither GCC for this core nor ziglang is installed")
    return compile_core(sources(MODEL), target)


@pytest.fixture(scope="module")
def shape():
    return Shape.of(parts_of(MODEL))


def test_instructions_by_block_are_those_executed(image, target, shape):
    core, single = Core(image, target, shape, counting=True), [0]
    core.run(SAMPLES, ())
    counts = core.counts()

    def on_instruction(*_):
        single[0] += 1

    stepping = Core(image, target, shape)
    stepping._machine.hook_add(unicorn.UC_HOOK_CODE, on_instruction)
    stepping.run(SAMPLES, ())
    # Of a block with IT, those that the condition skips are counted as well: they are fetched, and take their cycle.
    skipped = sum(counts.instructions.values()) - single[0]
    assert 0 <= skipped < single[0] // 50 if target == "cortex-m4" else skipped == 0
    assert set(counts.instructions) == {"front_end", "layer0", "layer1", "head", "other"}
    assert counts.cycles > single[0]
    assert (counts.multiplications > 0) == (target != "riscv32i")


def test_counts_are_of_the_last_run_and_repeat(image, target, shape):
    core = Core(image, target, shape, counting=True)
    core.run(SAMPLES, ())
    first = core.counts()
    core.run(SAMPLES[:300], ())
    assert core.counts().instructions["front_end"] < first.instructions["front_end"]
    core.run(SAMPLES, ())
    assert core.counts() == first


def test_every_stage_whole_and_in_pieces(image, target, shape):
    want, core = expected(Recogniser(MODEL), SAMPLES), Core(image, target, shape)
    for chunks in ((), (1,), (7, 300, 1), (255, 2)):
        assert first_difference(want, core.run(SAMPLES, chunks), "clip", str(chunks)) is None
    assert want.cepstra is not None
    assert len(want.cepstra) == 5


def test_the_stack_is_what_lost_its_paint(image, target, shape):
    core = Core(image, target, shape)
    assert core.stack == 0
    core.run(SAMPLES, ())
    assert 50 < core.stack < 1000
    deepest = emulator.STACK - core.stack
    assert core._machine.mem_read(deepest - 1, 1)[0] == emulator.PAINT


def test_memory(image, target):
    table_bytes = parts_of(MODEL).front_end.table_bytes
    flash, ram, helpers = memory(image, table_bytes)
    weights = sum(tensor.nbytes for name, tensor in MODEL.tensors.items() if not name.startswith("front_end"))
    assert flash["front_end_tables"] == table_bytes
    assert weights <= flash["network"] < weights + 400
    assert 2000 < flash["code"] < 20000
    assert 1000 < ram < 2000
    assert helpers == (["__mulsi3"] if target == "riscv32i" else [])


def test_a_core_that_stops_says_where(image, target, shape):
    core = Core(image, target, shape)
    with pytest.raises(KilovoxError, match="kv_push: the core stopped at 0x"):
        core.call("kv_push", 0x60000000, 0x60000000, 300)


def test_too_long_a_recording(image, target, shape):
    with pytest.raises(KilovoxError, match="2097153 samples; the emulated memory takes 2097152"):
        Core(image, target, shape).run(np.zeros(2097153, np.int16), ())


def test_pieces():
    assert cut(10, ()) == [10]
    assert cut(10, (3, 4)) == [3, 4, 3]
    assert cut(0, ()) == cut(0, (5,)) == [0]


@pytest.mark.parametrize(
    ("instruction", "expected"),
    [("adds r0, r1", 1), ("muls r0, r1", 1), ("ldrb r0, [r1]", 2), ("strh.w r0, [r1]", 2), ("push {r4, r5, lr}", 4),
     ("pop {r4, pc}", 6), ("bne #4", 3), ("bl #8", 4), ("bx lr", 3), ("bics r0, r1", 1), ("smlad r0, r1, r2, r3", 1)],
)  # fmt: skip
def test_cycles(instruction, expected):
    mnemonic, _, operands = instruction.partition(" ")
    assert costs.cycles(mnemonic, operands) == expected


def test_modelled_milliseconds():
    assert costs.modelled_milliseconds("cortex-m0", 48_000, 1_000) == {
        "48 MHz, multiplier of 1 cycle": 1.0, "48 MHz, multiplier of 32 cycles": 79_000 / 48_000,
    }  # fmt: skip
    assert costs.modelled_milliseconds("cortex-m4", 168_000, 0) == {"168 MHz": 1.0}
    assert costs.modelled_milliseconds("riscv32", 1, 1) == {}


def test_the_clock_of_modelled_times_is_an_option():
    usual = costs.modelled_milliseconds("cortex-m0", 48000, 100)
    assert usual == {"48 MHz, multiplier of 1 cycle": 1.0, "48 MHz, multiplier of 32 cycles": 51100 / 48000}
    assert costs.modelled_milliseconds("cortex-m0", 48000, 0, 16)["16 MHz, multiplier of 1 cycle"] == 3.0
    assert costs.modelled_milliseconds("cortex-m4", 84000, 7, 84) == {"84 MHz": 1.0}
    assert costs.modelled_milliseconds("riscv32", 1, 1, 16) == {}
