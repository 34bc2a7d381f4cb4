"""Block diagrams of the gateware: boxes and arrows in the page's own colours, SVG by hand like drawing.py."""

from dataclasses import dataclass
from html import escape

from drawing import figure_of

WIDTH = 704


@dataclass(frozen=True)
class Box:
    """A module: its place and size in units of the drawing, its name and what it does; a memory has a style of its own."""

    x: int
    y: int
    width: int
    height: int
    name: str
    text: str = ""
    style: str = "kv-box"

    @property
    def right(self) -> tuple[int, int]:
        """The middle of the edge on the right."""
        return self.x + self.width, self.y + self.height // 2

    @property
    def left(self) -> tuple[int, int]:
        """The middle of the edge on the left."""
        return self.x, self.y + self.height // 2

    @property
    def top(self) -> tuple[int, int]:
        """The middle of the upper edge."""
        return self.x + self.width // 2, self.y

    @property
    def bottom(self) -> tuple[int, int]:
        """The middle of the lower edge."""
        return self.x + self.width // 2, self.y + self.height

    def svg(self) -> str:
        """The rectangle and its words."""
        middle, lines = (
            self.x + self.width / 2,
            [(self.name, "kv-name"), *((line, "") for line in self.text.split("|") if line)],
        )
        first = self.y + self.height / 2 + 5 - 10 * (len(lines) - 1)
        words = "".join(
            f'<text x="{middle:.0f}" y="{first + 20 * number:.0f}" text-anchor="middle" class="{style}">{escape(line)}</text>'
            for number, (line, style) in enumerate(lines)
        )
        rectangle = f'x="{self.x}" y="{self.y}" width="{self.width}" height="{self.height}" rx="5"'
        return f'<rect class="{self.style}" {rectangle}/>{words}'


def arrow(*points: tuple[int, int]) -> str:
    """A line through points with a head at its end."""
    (x, y), (a, b) = points[-1], points[-2]
    dx, dy = (x > a) - (x < a), (y > b) - (y < b)
    head = f"{x},{y} {x - 8 * dx - 4 * dy},{y - 8 * dy - 4 * dx} {x - 8 * dx + 4 * dy},{y - 8 * dy + 4 * dx}"
    path = " ".join(f"{a},{b}" for a, b in points)
    return f'<polyline class="kv-wire" points="{path}"/><polygon class="kv-head" points="{head}"/>'


def gateware() -> str:
    """From the microphone to the serial port: the board's modules, and those of the recogniser within."""
    microphone = Box(0, 20, 140, 64, "microphone", "PDM, 1.2 MHz")
    cic = Box(180, 20, 140, 64, "kv_cic", "integrate, comb")
    fir = Box(350, 20, 150, 64, "kv_fir", "powers of two")
    recorder = Box(540, 20, 164, 64, "kv_recorder", "512 samples", "kv-memory")
    front_end = Box(350, 150, 354, 96, "kv_front_end", "window, transform, mel, log2, DCT|one multiplier that adds and shifts")
    finder = Box(180, 150, 140, 96, "kv_find_word", "levels: where|a word is")
    reader = Box(0, 150, 140, 96, "kv_read_word", "its frames,|the decision")
    network = Box(0, 310, 310, 96, "kv_network", "rows, cell, head, share|a second such multiplier")
    weights = Box(350, 326, 150, 64, "weights", "4 or 8 bits", "kv-memory")
    flash = Box(540, 326, 164, 64, "kv_flash", "after reset")
    line = Box(0, 460, 310, 48, "kv_line", "label and confidence")
    boxes = (microphone, cic, fir, recorder, front_end, finder, reader, network, weights, flash, line)
    wires = [
        arrow(microphone.right, cic.left), arrow(cic.right, fir.left), arrow(fir.right, recorder.left),
        arrow(recorder.bottom, (recorder.bottom[0], front_end.y)), arrow(front_end.left, finder.right),
        arrow(finder.left, reader.right), arrow(reader.bottom, (reader.bottom[0], network.y)),
        arrow(weights.left, network.right), arrow(flash.left, weights.right), arrow(network.bottom, line.top),
        # Whole recordings.
        arrow((front_end.x + 60, front_end.bottom[1]), (front_end.x + 60, 278), (230, 278), (230, network.y)),
    ]  # fmt: skip
    labels = [(422, 268, "whole recordings: every frame", "start"), (82, 284, "words", "start")]
    words = "".join(f'<text x="{x}" y="{y}" text-anchor="{anchor}">{text}</text>' for x, y, text, anchor in labels)
    caption = (
        "The gateware on the board, module by module; shaded: memories. Within <code>kilovox_loaded</code> is all from "
        "<code>kv_recorder</code> to <code>kv_network</code>."
    )
    inside = "".join(wires) + "".join(box.svg() for box in boxes) + words
    return figure_of(inside, WIDTH, 512, "Block diagram of the gateware from the microphone to the serial port", caption)
