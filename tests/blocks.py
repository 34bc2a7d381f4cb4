"""The fenced blocks of Markdown pages, and what their marks say.

A mark is an HTML comment on the line above a block: <!-- not run: REASON -->, <!-- output of: COMMAND --> for what a command
printed, <!-- needs: PROGRAM ... --> for a block that is run where these are installed.
"""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>[\w+-]*)(?P<rest>.*)$")
_MARK = re.compile(r"^ *<!-- (?P<kind>not run|output of|needs): (?P<text>.+) -->$")


@dataclass(frozen=True)
class Block:
    """`line`: of its fence, from 1; `title`: the file that it is, or nothing; `mark`: kind and text, or nothing."""

    page: Path
    line: int
    language: str
    title: str
    text: str
    mark: tuple[str, str] = ("", "")

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def is_run(self) -> bool:
        return self.mark[0] in ("", "needs")


def blocks(page: Path) -> list[Block]:
    """Those of `page`, in order."""
    found: list[Block] = []
    lines = page.read_text().split("\n")
    number = 0
    while number < len(lines):
        fence = _FENCE.match(lines[number])
        if fence is None:
            number += 1
            continue
        end = next(at for at in range(number + 1, len(lines)) if lines[at].strip() == "```")
        above = _MARK.match(lines[number - 1]) if number else None
        title = re.search(r'title="([^"]+)"', fence["rest"])
        text = "\n".join(line.removeprefix(fence["indent"]) for line in lines[number + 1 : end]) + "\n"
        mark = (above["kind"], above["text"]) if above else ("", "")
        found.append(Block(page, number + 1, fence["language"], title[1] if title else "", text, mark))
        number = end + 1
    return found


def commands(text: str) -> list[tuple[str, list[str]]]:
    """The commands of a block after "$ ", and the lines that each is said to print; without "$ ", each line is a command."""
    found: list[tuple[str, list[str]]] = []
    prompts = any(line.startswith("$ ") for line in text.split("\n"))
    for line in text.rstrip("\n").split("\n"):
        if line.startswith("$ ") or (not prompts and line.strip()):
            found.append((line.removeprefix("$ "), []))
        elif found and line != "...":
            found[-1][1].append(line)
    return found


def write_files(page: Path, folder: Path) -> None:
    """Every block with a title, as that file in `folder`."""
    for block in blocks(page):
        if block.title:
            (folder / block.title).parent.mkdir(parents=True, exist_ok=True)
            (folder / block.title).write_text(block.text)


def make_recordings(folder: Path) -> None:
    """What readers are said to have: two sounds, and a folder of recordings with a folder a word."""
    for sound in sorted((ROOT / "docs" / "sounds").glob("*.wav")):
        shutil.copy(sound, folder)
    for digit, word in enumerate(("yes", "no", "stop", "help"), 1):
        (folder / "recordings" / word).mkdir(parents=True)
        for path in sorted((ROOT / "tests" / "data" / "recordings").glob(f"{digit}_*.wav")):
            (folder / "recordings" / word / path.name.partition("_")[2]).symlink_to(path)
