"""The firmware as WebAssembly, in wasmtime."""

from collections import Counter
from typing import Any

import numpy as np

from kilovox.audio import Samples
from kilovox.verification.library import Library
from kilovox.verification.observation import Shape
from kilovox.verification.toolchain import Image, need
from kilovox.verification.wasm_code import CODE, DATA, sections

PAGE = 0x10000
FUEL = 1 << 60
"""More than any run takes; what is gone afterwards is the number of instructions."""


class WasmModule(Library):
    """The module `image`. counting: whether instructions are counted, in `executed`.

    Raises KilovoxError where wasmtime is not installed.
    """

    def __init__(self, image: Image, shape: Shape, samples: int, counting: bool = False) -> None:
        super().__init__(shape, samples)
        wasmtime: Any = need("wasmtime", "wasmtime")
        config = wasmtime.Config()
        config.consume_fuel = counting
        engine = wasmtime.Engine(config)
        self._store = wasmtime.Store(engine)
        self._counting = counting
        if counting:
            self._store.set_fuel(FUEL)
        self._exports = wasmtime.Instance(self._store, wasmtime.Module(engine, image.linked), []).exports(self._store)
        self._memory = self._exports["memory"]
        self._free = self.address("__heap_base")

    @property
    def executed(self) -> int:
        """Instructions so far: wasmtime's fuel, which all of them take but those that only mark a place."""
        return FUEL - int(self._store.get_fuel()) if self._counting else 0

    def call(self, name: str, *arguments: int) -> int:
        return int(self._exports[name](self._store, *arguments) or 0)

    def address(self, name: str) -> int:
        return int(self._exports[name].value(self._store))

    def place(self, size: int) -> int:
        start = (self._free + 15) & ~15
        self._free = start + size
        missing = self._free - int(self._memory.data_len(self._store))
        if missing > 0:
            self._memory.grow(self._store, (missing + PAGE - 1) // PAGE)
        return start

    def read(self, address: int, size: int) -> bytes:
        return bytes(self._memory.read(self._store, address, address + size))

    def write(self, address: int, data: bytes) -> None:
        self._memory.write(self._store, data, address)

    def counts(self, samples: Samples, window: int, hop: int, steps: int | None = None) -> dict[str, int]:
        """Instructions of one recording by part: decimator, front_end, convolutions, layer0 ..., head and other (taking
        samples). Needs `counting`.

        Parts are run one by one, on the features of every frame; the layers `steps` times, where words are found. Where a
        network listens, its head, at every frame, counts with the convolutions; with the decimator, taking the samples that
        go through it.
        """
        self.write(self.samples, samples.astype("<i2").tobytes())
        states, _ = self._pushed(self.shape.frame_ends(len(samples)))
        result: Counter[str] = Counter()
        begin = self.executed
        heard = np.frombuffer(self._decimated(len(samples)), "<i2")
        if self.shape.factor > 1:
            result["decimator"] = self.executed - begin - self._took("kv_reset", self.ear)
        padded = heard if steps is None else np.pad(heard, hop)
        self.call("kv_reset", self.ear)
        for frame, (read, _, _) in enumerate(states or []):
            piece = padded[frame * hop : frame * hop + window]
            self.write(self.ear, np.pad(piece, (0, window - len(piece))).astype("<i2").tobytes())  # its first field
            result["front_end"] += self._took("kv_front_end_frame", self.ear, self.frames)
            result["front_end"] += self._took("kv_quantise", self.frames, self.frames)
            if self.shape.listens:
                self._count_listening(result)
                continue
            self.write(self.ear + self.layout[1], read[: self.shape.features])
            for layer in range(self.shape.layers if steps is None or frame < steps else 0):
                result[f"layer{layer}"] += self._took("kv_layer_step", self.ear, layer)
        result["head"] = self._took("kv_result", self.ear, self.decision)
        self.write(self.samples, samples.astype("<i2").tobytes())
        begin = self.executed
        self.call("kv_reset", self.ear)
        self.call("kv_push", self.ear, self.samples, len(samples))
        self.call("kv_finish", self.ear)
        self.call("kv_result", self.ear, self.decision)
        return {**result, "other": self.executed - begin - sum(result.values())}

    def _count_listening(self, result: Counter[str]) -> None:
        """One frame of the features at `frames`: all of it, and of that the layers, run again on a state that is put back."""
        projected = self.layout[2], self.shape.cell_bytes
        before = self.read(self.ear + projected[0], projected[1])
        all_of_it = self._took("kv_listen", self.ear, self.frames)
        after = self.read(self.ear, self.layout[0])
        if self.read(self.ear + projected[0], projected[1]) != before:
            for layer in range(self.shape.layers):
                took = self._took("kv_layer_step", self.ear, layer)
                result[f"layer{layer}"] += took
                all_of_it -= took
            self.write(self.ear, after)
        result["convolutions"] += all_of_it

    def _took(self, name: str, *arguments: int) -> int:
        begin = self.executed
        self.call(name, *arguments)
        return self.executed - begin


def module_sizes(image: Image, table_bytes: int) -> dict[str, int]:
    """Bytes of code, front-end tables (from their definition) and network (all other constants) of a module."""
    found = sections(image.linked)
    return {"code": found[CODE][1], "front_end_tables": table_bytes, "network": found[DATA][1] - table_bytes}
