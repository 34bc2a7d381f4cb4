"""docs/pictures/listen.svg: what `kilovox listen` shows in a terminal, while it hears two examples of the page.

python docs/hooks/listen_svg.py [FILE]
"""

import io
import sys
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.terminal_theme import MONOKAI

from kilovox.audio import Samples, read_audio
from kilovox.cli.live import View
from kilovox.integer.bundled import open_recogniser
from kilovox.native.fast import fast_detector
from kilovox.web.module import folder

WIDTH, HEIGHT = 84, 21
FONT = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"
FORMAT = """<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img" aria-label="A terminal: level, spectrogram and the digits heard">
<style>
.{unique_id}-matrix {{ font-family: FONT; font-size: {char_height}px; line-height: {line_height}px; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/></clipPath>{lines}</defs>
<rect width="100%" height="100%" rx="8" fill="#0c0c0c"/>
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">{backgrounds}<g class="{unique_id}-matrix">{matrix}</g></g>
</svg>
"""  # noqa: E501


def drawn() -> str:
    """The picture, the same on every machine: no font and nothing else comes from elsewhere."""
    recogniser = open_recogniser("listening")
    sound = np.concatenate(
        [read_audio(folder() / "examples" / f"{name}.wav", recogniser.front_end.sample_rate) for name in ("apart", "together")]
    )
    view = View(recogniser.front_end.sample_rate, "$ kilovox listen")

    def pieces() -> "list[Samples]":
        return [sound[at : at + 160] for at in range(0, len(sound), 160)]

    for piece in pieces():
        view.hear(piece)
    for word in fast_detector(recogniser)(iter(pieces())):
        if word.label is not None:
            view.detect(word)
    console = Console(
        record=True, width=WIDTH, height=HEIGHT, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    console.print(view)
    text = console.export_svg(theme=MONOKAI, code_format=FORMAT.replace("FONT", FONT), unique_id="listen", title="")
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


if __name__ == "__main__":
    default = Path(__file__).parents[1] / "pictures" / "listen.svg"
    (Path(sys.argv[1]) if len(sys.argv) > 1 else default).write_text(drawn(), encoding="utf-8")
