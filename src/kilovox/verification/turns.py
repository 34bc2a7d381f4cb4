"""Recordings in turn through one recogniser: a fixed script of pushes, ends and questions, whose answers are compared."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from kilovox.audio import Samples
from kilovox.integer.observation import Observation, as_rows, decided_by
from kilovox.integer.recogniser import Recogniser
from kilovox.integer.stream import RecogniserStream

Step = tuple[str, int, int]
"""push, finish, next, result or reset; of a push, the first sample and the one after the last."""

LONGEST = 2400
"""Samples of the recording at hand that the script is played with: emulated cores are slow."""


def script(count: int) -> list[Step]:
    """For `count` samples: nothing, too little, a whole recording twice ended, a part of it, words forgotten, a fresh start."""
    end, result, half = ("finish", 0, 0), ("result", 0, 0), count // 2
    return [
        result, end, result,
        ("push", 0, min(count, 100)), result, end, result,
        ("push", 0, count), result, end, result, end, ("push", 0, 0), result,
        ("push", half, count), end, result,
        ("push", 0, 1), result,
        ("push", 1, half), ("next", 0, 0), result, ("push", half, count), result, end, result,
        ("next", 0, 0), result, end, result,
        ("push", 0, half), ("reset", 0, 0), result, ("push", half, count), end, result,
    ]  # fmt: skip


def expected_of(
    recogniser: Recogniser, samples: Samples, steps: Sequence[Step], input_rate: int | None = None
) -> tuple[list[int], list[Observation]]:
    """What the Python engine answers: the frames of every push and end, the decision of every result and the words so far.

    input_rate: Hz of `samples`; None: the model's rate.
    """
    stream = RecogniserStream(recogniser, input_rate)
    frames, decisions = [], []
    for what, first, end in steps:
        if what == "push":
            frames.append(stream.push(samples[first:end]))
        elif what == "finish":
            frames.append(stream.finish())
        elif what == "result":
            decision = decided_by(stream.result(), recogniser.labels)
            words = as_rows(stream.detected()) if recogniser.listens else None
            decisions.append(replace(decision, detections=words))
        else:
            (stream.next if what == "next" else stream.reset)()
    return frames, decisions


def play(
    call: Callable[..., int], ear: int, samples: int, decision: int, steps: Sequence[Step], read: Callable[[], Observation]
) -> tuple[list[int], list[Observation]]:
    """The same of compiled code: `call` calls a function by name, `ear`, `samples` and `decision` are addresses, and `read`
    reads the decision, and the words that wait."""
    frames, decisions = [], []
    call("kv_reset", ear)
    for what, first, end in steps:
        if what == "push":
            frames.append(call("kv_push", ear, samples + 2 * first, end - first))
        elif what == "finish":
            frames.append(call("kv_finish", ear))
        elif what == "result":
            call("kv_result", ear, decision)
            decisions.append(read())
        else:
            call(f"kv_{what}", ear)
    return frames, decisions
