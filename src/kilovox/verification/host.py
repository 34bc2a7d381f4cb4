"""The exported C of one model on this machine: compiled once, kept in the cache, called through ctypes.

What it computes is what the NumPy engine computes, bit for bit; it is there to prove that. What runs models here is
kilovox.native, which compiles nothing of a model.
"""

import atexit
import ctypes
import functools
import shlex
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kilovox.audio import Samples
from kilovox.errors import KilovoxError
from kilovox.firmware.layout import parts_of
from kilovox.firmware.sources import sources
from kilovox.frontend.fixed_point import check_samples
from kilovox.integer.decider import Detection
from kilovox.integer.model_file import Model
from kilovox.integer.outcome import FULL_CONFIDENCE, NOTHING
from kilovox.integer.recogniser import Decisions
from kilovox.integer.stream import Result
from kilovox.native import compiler
from kilovox.native.compiler import NoCompilerError
from kilovox.native.keeping import Untrusted, keep, kept, trusted_folder
from kilovox.native.library import key_of
from kilovox.verification.observation import DETECTION

__all__ = [
    "FLAGS",
    "HostRecogniser",
    "HostStream",
    "NoCompilerError",
    "Trace",
    "compile_library",
    "find_compiler",
    "run_compiler",
]

FLAGS = ("-std=c99", "-O3", "-march=native", "-fPIC", "-shared", "-Wno-psabi")
PORTABLE_FLAGS = ("-std=c99", "-O3", "-fPIC", "-shared", "-Wno-psabi")
"""Where a compiler does not know this processor."""
COMPILE_SECONDS = 300

Array = npt.NDArray[Any]


def find_compiler() -> str:
    """The C compiler of kilovox.native.compiler, its words joined as a shell would split them. Raises NoCompilerError."""
    return shlex.join(compiler.find_compiler())


def run_compiler(arguments: Sequence[str], where: Path) -> str:
    """What `arguments` printed, run in `where`. Raises KilovoxError, with what the compiler said, where it fails."""
    return compiler.run_compiler(arguments, where, COMPILE_SECONDS)


@functools.cache
def _temporary() -> Path:
    """A private folder of this process, where libraries cannot be kept."""
    folder = tempfile.mkdtemp(prefix="kilovox-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def compile_library(files: Mapping[str, str], command: str, flags: Sequence[str] = FLAGS) -> Path:
    """The shared library of C `files`, from the cache where the same files were compiled by the same compiler before."""
    words = shlex.split(command)
    name = f"{key_of(words, flags, files)}.so"
    try:
        folder = trusted_folder("firmware")
    except Untrusted:
        folder = _temporary()
    if (library := kept(folder, name)) is not None:
        return library
    with tempfile.TemporaryDirectory(prefix="kilovox-") as temporary:
        build = Path(temporary)
        for file, text in files.items():
            (build / file).write_text(text)
        units = sorted(file for file in files if file.endswith(".c"))
        run_compiler([*words, *flags, "-o", "library.so", *units], build)
        return keep(folder, name, (build / "library.so").read_bytes())


@dataclass(frozen=True)
class Trace:
    """One recording, stage by stage. features: (frames, n) int8; hidden, cell: (frames, layers, units) int8, int16; logits:
    (labels,) int32; label: index; confidence: 0 to 255; outcome: kilovox.integer.outcome."""

    features: npt.NDArray[np.int8]
    hidden: npt.NDArray[np.int8]
    cell: npt.NDArray[np.int16]
    logits: npt.NDArray[np.int32]
    label: int
    confidence: int
    outcome: int


class HostRecogniser:
    """`model` in C. Holds no state between calls, so any number of threads may share one.

    Raises NoCompilerError where there is no compiler, KilovoxError where `model` cannot be firmware or does not compile.
    """

    def __init__(self, model: Model, command: str | None = None, flags: Sequence[str] = FLAGS) -> None:
        self.parts = parts_of(model)
        self.labels = model.metadata.labels
        shim = (files("kilovox.verification") / "host_c" / "kv_host.c").read_text()
        units, chosen = sources(model) | {"kv_host.c": shim}, command or find_compiler()
        try:
            self.library = compile_library(units, chosen, flags)
        except KilovoxError:
            if flags is not FLAGS:
                raise
            self.library = compile_library(units, chosen, PORTABLE_FLAGS)
        self._c = ctypes.CDLL(str(self.library))
        self._c.kv_host_recording.restype = self._c.kv_host_cepstra.restype = ctypes.c_size_t
        found = np.zeros(4, np.uint32)
        self._c.kv_host_sizes(_pointer(found))
        self.state_bytes, *shape = (int(value) for value in found)
        self._layers, self._units = shape[1:]

    def __call__(self, recordings: Sequence[Samples]) -> Decisions:
        """Decisions on recordings, each (samples,) int16, as kilovox.integer.recogniser.Recogniser makes them."""
        logits = np.zeros((len(recordings), len(self.labels)), np.int32)
        decided = np.zeros((len(recordings), 4), np.uint8)
        for index, recording in enumerate(recordings):
            samples = self._checked(recording)
            count, found = ctypes.c_size_t(len(samples)), (_pointer(logits[index]), _pointer(decided[index]))
            self._c.kv_host_recording(_pointer(samples), count, ctypes.c_size_t(0), None, None, None, *found)
        return _decisions(logits, decided)

    def decide(self, features: Sequence[npt.NDArray[np.int8]]) -> Decisions:
        """Decisions of the network alone on int8 features, each (frames, coefficients)."""
        logits = np.zeros((len(features), len(self.labels)), np.int32)
        decided = np.zeros((len(features), 4), np.uint8)
        for index, sequence in enumerate(features):
            frames = self._checked_features(sequence)
            count, found = ctypes.c_size_t(len(frames)), (_pointer(logits[index]), _pointer(decided[index]))
            self._c.kv_host_features(_pointer(frames), count, None, None, *found)
        return _decisions(logits, decided)

    def trace(self, recording: Samples, chunk: int = 0) -> Trace:
        """Every stage of one recording, (samples,) int16, pushed `chunk` samples at a time (0: as many as there are)."""
        samples = self._checked(recording)
        frames = self.parts.front_end.frames(len(samples))
        features = np.zeros((frames, self.parts.front_end.coefficients), np.int8)
        hidden, cell, logits, decided = self._buffers(frames)
        found = self._c.kv_host_recording(
            _pointer(samples), ctypes.c_size_t(len(samples)), ctypes.c_size_t(chunk), _pointer(features), _pointer(hidden),
            _pointer(cell), _pointer(logits), _pointer(decided),
        )  # fmt: skip
        if found != frames:
            raise KilovoxError(f"{len(samples)} samples: C made {found} frames; expected {frames}")
        return Trace(features, hidden, cell, logits, int(decided[0]) | int(decided[1]) << 8, int(decided[2]), int(decided[3]))

    def trace_features(self, sequence: npt.NDArray[np.int8]) -> Trace:
        """Every stage of the network alone on (frames, coefficients) int8."""
        frames = self._checked_features(sequence)
        hidden, cell, logits, decided = self._buffers(len(frames))
        self._c.kv_host_features(
            _pointer(frames),
            ctypes.c_size_t(len(frames)),
            _pointer(hidden),
            _pointer(cell),
            _pointer(logits),
            _pointer(decided),
        )
        return Trace(frames, hidden, cell, logits, int(decided[0]) | int(decided[1]) << 8, int(decided[2]), int(decided[3]))

    def cepstra(self, recording: Samples) -> npt.NDArray[np.int16]:
        """The front end alone: (samples,) int16 -> (frames, coefficients) int16 in Q7 octaves."""
        samples = self._checked(recording)
        result = np.zeros((self.parts.front_end.frames(len(samples)), self.parts.front_end.coefficients), np.int16)
        self._c.kv_host_cepstra(_pointer(samples), ctypes.c_size_t(len(samples)), _pointer(result))
        return result

    def _buffers(self, frames: int) -> tuple[Array, Array, Array, Array]:
        shape = (frames, self._layers, self._units)
        return np.zeros(shape, np.int8), np.zeros(shape, np.int16), np.zeros(len(self.labels), np.int32), np.zeros(4, np.uint8)

    def _checked(self, recording: Samples) -> Samples:
        check_samples(recording)
        return np.ascontiguousarray(recording)

    def _checked_features(self, sequence: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
        columns = self.parts.front_end.coefficients
        if sequence.dtype != np.int8 or sequence.ndim != 2 or sequence.shape[1] != columns:
            raise KilovoxError(f"features {sequence.dtype} {sequence.shape}; expected int8 (frames, {columns})")
        return np.ascontiguousarray(sequence)


class HostStream:
    """Live sound through a model in C: what kilovox.integer.stream.RecogniserStream is in NumPy. Owns its state."""

    def __init__(self, recogniser: HostRecogniser) -> None:
        self._recogniser, self._c = recogniser, recogniser._c
        self._state = ctypes.create_string_buffer(recogniser.state_bytes + 8)
        self._ear = ctypes.c_void_p((ctypes.addressof(self._state) + 7) & ~7)
        self._decision = ctypes.create_string_buffer(4 * len(recogniser.labels) + 4)
        self._c.kv_push.restype = self._c.kv_finish.restype = ctypes.c_size_t
        self.reset()

    def reset(self) -> None:
        """Forget everything heard."""
        self._c.kv_reset(self._ear)
        self._ended = False
        self.frames = 0

    @property
    def words(self) -> int:
        """Words decided on since the recording began or `next`, by a model that finds them; that wait, of one that listens."""
        return int(self._c.kv_host_words(self._ear))

    def detected(self) -> list[Detection]:
        """The words of a model that listens that wait, in order."""
        word, found = np.zeros(1, DETECTION), []
        while self.words and self._c.kv_detected(self._ear, _pointer(word)):
            frame, label, confidence, outcome = word[0].tolist()
            found.append(Detection(frame, label, confidence, outcome))
        return found

    def push(self, samples: Samples) -> int:
        """Hear (samples,) int16; returns the frames that they completed."""
        heard = self._recogniser._checked(samples)
        if self._ended and len(heard):
            self._ended, self.frames = False, 0
        return self._count(self._c.kv_push(self._ear, _pointer(heard), ctypes.c_size_t(len(heard))))

    def finish(self) -> int:
        """End the recording. Returns the frames that this completed."""
        self._ended = True
        return self._count(self._c.kv_finish(self._ear))

    def next(self) -> None:
        """Forget what was decided on, but nothing that was heard since."""
        self._c.kv_next(self._ear)
        parts = self._recogniser.parts
        if parts.front_end.words is None and parts.convolutions is None:
            self._ended, self.frames = False, 0

    def result(self) -> Result:
        """What was heard of the recording; the loudest word of a model that finds them."""
        self._c.kv_result(self._ear, self._decision)
        labels = self._recogniser.labels
        logits = np.frombuffer(self._decision.raw, np.int32, len(labels)).copy()
        label, share, outcome = np.frombuffer(self._decision.raw, np.uint16, 1, 4 * len(labels)), *self._decision.raw[-2:]
        return Result.of(outcome, int(label[0]), share, logits, labels)

    def _count(self, frames: int) -> int:
        self.frames += frames
        return frames


def _decisions(logits: npt.NDArray[np.int32], decided: npt.NDArray[np.uint8]) -> Decisions:
    indices = decided[:, 0].astype(np.int64) | decided[:, 1].astype(np.int64) << 8
    outcomes = decided[:, 3].copy()
    return Decisions(indices, decided[:, 2] / FULL_CONFIDENCE, logits, outcomes, np.where(outcomes == NOTHING, -1, indices))


def _pointer(array: Array) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)
