"""The compiled firmware called function by function, in whatever memory it lives; on this machine, a shared library."""

import ctypes
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from kilovox.audio import Samples
from kilovox.integer.observation import Observation
from kilovox.integer.stream import WAITING
from kilovox.verification.observation import DETECTION, Shape, State, cut
from kilovox.verification.turns import Step, play


class Library(ABC):
    """One recogniser of a model of `shape`, and room for a recording, in the memory of the compiled code."""

    def __init__(self, shape: Shape, samples: int) -> None:
        self.shape = shape
        self._longest = samples

    @abstractmethod
    def call(self, name: str, *arguments: int) -> int:
        """What the function `name` returns."""

    @abstractmethod
    def address(self, name: str) -> int:
        """Where the object `name` lies."""

    @abstractmethod
    def place(self, size: int) -> int:
        """Where `size` bytes of memory are free, aligned to 16; they stay taken."""

    @abstractmethod
    def read(self, address: int, size: int) -> bytes:
        """`size` bytes from `address` on."""

    @abstractmethod
    def write(self, address: int, data: bytes) -> None:
        """`data` to `address`."""

    @cached_property
    def layout(self) -> tuple[int, int, int, int]:
        """Bytes of a kv_recogniser; where in it xh, cell and newest begin."""
        size, xh, cell, newest = np.frombuffer(self.read(self.address("kv_target_layout"), 16), "<u4").tolist()
        return size, xh, cell, newest

    @cached_property
    def ear(self) -> int:
        """Where the recogniser is."""
        return self.place(self.layout[0])

    @cached_property
    def decision(self) -> int:
        """Where the decision is."""
        return self.place(self.shape.decision_bytes)

    @cached_property
    def samples(self) -> int:
        """Where the longest recording has room."""
        return self.place(2 * self._longest)

    @cached_property
    def frames(self) -> int:
        """Where the cepstra of all its frames have room: no more than there are samples, and one."""
        return self.place((self._longest + 1) * 2 * self.shape.features)

    def run(self, samples: Samples, chunks: Sequence[int]) -> Observation:
        """One recording, (samples,) int16, pushed in pieces of `chunks` samples; none: whole.

        Pushed whole, its frames are looked at in a second run, cut where they end, and its cepstra by the front end alone;
        in pieces of which one completed several frames, they are not looked at.
        """
        self.write(self.samples, samples.astype("<i2").tobytes())
        states, words = self._pushed(cut(len(samples), chunks))
        self.call("kv_result", self.ear, self.decision)
        decision = self.read(self.decision, self.shape.decision_bytes)
        if chunks:
            return self.shape.observation(None, states, decision, words)
        states, words_by_frame = self._pushed(self.shape.frame_ends(len(samples)))
        # Pushed whole, no more words wait than can.
        words = words if len(words) < WAITING else words_by_frame
        heard = self._decimated(len(samples))
        return self.shape.observation(self._cepstra(len(heard) // 2), states, decision, words, heard)

    def _pushed(self, pieces: Sequence[int]) -> tuple[list[State] | None, list[bytes]]:
        """The recording at hand in `pieces`: the state after every frame, None where one completed several, and the words."""
        self.call("kv_reset", self.ear)
        states: list[State] = []
        words: list[bytes] = []
        several, where = False, self.samples
        for count in pieces:
            completed = self.call("kv_push", self.ear, where, count)
            several |= completed > 1
            where += 2 * count
            words += self._waiting()
            if completed:
                states.append(self._state())
        if self.call("kv_finish", self.ear):
            states.append(self._state())
        elif states:
            states[-1] = self._state()  # the end may have decided on a word
        return None if several else states, words + self._waiting()

    def _waiting(self) -> list[bytes]:
        """The kv_detections that wait; they come to where the decision is."""
        words = []
        while self.shape.listens and self.call("kv_detected", self.ear, self.decision):
            words.append(self.read(self.decision, DETECTION.itemsize))
        return words

    def play(self, samples: Samples, steps: Sequence[Step]) -> tuple[list[int], list[Observation]]:
        """The frames and the decisions of kilovox.verification.turns."""
        self.write(self.samples, samples.astype("<i2").tobytes())

        def read() -> Observation:
            decision = self.read(self.decision, self.shape.decision_bytes)
            return self.shape.answer(decision, self._waiting())

        return play(self.call, self.ear, self.samples, self.decision, steps, read)

    def _state(self) -> State:
        _, xh, cell, newest = self.layout
        places = ((xh, self.shape.xh_bytes), (cell, self.shape.cell_bytes), (newest, self.shape.heard_bytes))
        xh_found, cell_found, heard = (self.read(self.ear + place, size) for place, size in places)
        return xh_found, cell_found, heard

    def _decimated(self, count: int) -> bytes:
        """The `count` samples at the model's rate, which take their place."""
        if self.shape.factor > 1:
            count = self.call("kv_target_decimate", self.ear, self.samples, count)
        return self.read(self.samples, 2 * count)

    def _cepstra(self, count: int) -> list[bytes]:
        frames = self.call("kv_host_cepstra", self.samples, count, self.frames)
        return [self.read(self.frames, 2 * self.shape.features * frames)]


class SharedLibrary(Library):
    """The library in the file `path` on this machine, made with the shims of kilovox.verification.toolchain."""

    def __init__(self, path: Path, shape: Shape, samples: int) -> None:
        super().__init__(shape, samples)
        self._c = ctypes.CDLL(str(path))
        self._taken: list[ctypes.Array[ctypes.c_char]] = []

    def call(self, name: str, *arguments: int) -> int:
        function = self._c[name]
        function.restype = ctypes.c_size_t
        return int(function(*map(ctypes.c_size_t, arguments)))

    def address(self, name: str) -> int:
        return ctypes.addressof(ctypes.c_char.in_dll(self._c, name))

    def place(self, size: int) -> int:
        self._taken.append(ctypes.create_string_buffer(size + 16))
        return (ctypes.addressof(self._taken[-1]) + 15) & ~15

    def read(self, address: int, size: int) -> bytes:
        return ctypes.string_at(address, size)

    def write(self, address: int, data: bytes) -> None:
        ctypes.memmove(address, data, len(data))
