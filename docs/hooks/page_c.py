"""The reference of the C library, made from the comments of kilovox.h."""

import re
from dataclasses import dataclass
from pathlib import Path

import kilovox
from kilovox.firmware.emit import sizes
from kilovox.firmware.layout import parts_of
from kilovox.integer.bundled import resolve_model
from kilovox.integer.model_file import load_model

HEADER = Path(kilovox.__file__).parent / "firmware" / "c" / "kilovox.h"

EXAMPLES = ("fsdd-int8", "digits", "listening")
"""Models whose constants are shown: one a kind."""

_NAME = re.compile(r"(?<![`\w])((?:kv|KV)_\w+(?:\.\w+)*|[a-z]+(?:->|\.)[a-z]+(?=[ :,=]))")
"""Of the library, or a member of a struct."""

CONSTANTS = {
    "SAMPLE_RATE": "samples a second that the network reads",
    "INPUT_RATE": "samples a second that `kv_push` takes, where exported with `--input-rate`",
    "DECIMATE": "how many times the former that is",
    "HOP": "samples from frame to frame",
    "WINDOW": "samples of a frame",
    "LABELS": "labels, of `kv_labels`",
    "FEATURES": "numbers a frame of the front end",
    "LAYERS": "layers of the LSTM",
    "UNITS": "units of a layer",
    "POW2": "whether weights are powers of two",
    "WORDS": "whether the model finds words, and hears nothing between them",
    "WORD_BUFFER": "frames that it keeps, the longest word",
    "LISTENS": "whether it tells of words in running sound",
    "DETECTIONS": "words that may wait for `kv_detected`",
    "FRAME_STRIDE": "hops for one frame of the LSTM",
    "NOTHING": "outcome: nothing was heard",
    "UNKNOWN": "outcome: less sure than the label's threshold",
    "LABEL": "outcome: the label",
}

OPENING = """\
# C

What `kilovox export` writes is called through one header, `kilovox.h`. This page is made from its comments. With `--name ear`
every name begins with `ear_` or `EAR_` instead of `kv_` or `KV_`, and the header is `ear.h`.
[CMake and bare metal](../how-to/cmake.md) shows a program.
"""


@dataclass(frozen=True)
class Entry:
    """A declaration: `kind` function, type, variable or constants; `condition`: of the preprocessor, around it."""

    kind: str
    names: tuple[str, ...]
    comment: str
    code: str
    condition: str


def preamble(text: str) -> str:
    """The first comment of a header, without its stars."""
    return plain(text[: text.index("*/") + 2])


def plain(comment: str) -> str:
    """The text of a C comment, lines kept."""
    inner = re.sub(r"^/\*\s?|\s*\*/$", "", comment.strip())
    return "\n".join(re.sub(r"^\s*\* ?", "", line) if number else line for number, line in enumerate(inner.split("\n")))


def entries(text: str) -> list[Entry]:
    """What a header declares, in order, from after its own guards."""
    body = text[text.index('extern "C" {') :]
    body = body[body.index("#endif") + len("#endif") : body.rindex("#ifdef __cplusplus")]
    token = re.compile(
        r"(?P<comment>/\*.*?\*/)|(?P<directive>^#(?:if|ifdef|else|endif)[^\n]*)|(?P<define>^#define[^\n]*\n(?:#define[^\n]*\n)*)"
        r"|(?P<type>typedef (?:struct|union) \{.*?^\} \w+;)|(?P<declaration>^[a-z][^;{#]*;)",
        re.DOTALL | re.MULTILINE,
    )
    found: list[Entry] = []
    conditions: list[str] = []
    comment, end = "", 0
    for match in token.finditer(body):
        kind, code = str(match.lastgroup), match[0].strip()
        if "\n\n" in body[max(0, end - 1) : match.start() + 1]:
            comment = ""  # a comment is of what stands below it, as far as the next empty line
        end = match.end()
        if kind == "comment":
            comment = plain(code)
        elif kind == "directive":
            if code == "#endif":
                conditions.pop()
            else:
                conditions.append(re.sub(r"^#if(def)? ", "", code))
        else:
            names = _names(kind, code)
            found.append(Entry(_kind(kind, code), names, _own(comment, names[0]), code, " and ".join(conditions)))
    return found


def _own(comment: str, name: str) -> str:
    """Of a comment with a line a name, that of `name`; else all of it."""
    lines = [line.removeprefix(f"{name}: ") for line in comment.split("\n") if line.startswith(f"{name}: ")]
    return "\n".join(lines) or comment


def _kind(kind: str, code: str) -> str:
    if kind in ("type", "define"):
        return {"type": "type", "define": "constants"}[kind]
    return "variable" if code.startswith("extern") else "function"


def _names(kind: str, code: str) -> tuple[str, ...]:
    if kind == "define":
        return tuple(re.findall(r"#define (\w+)", code))
    if kind == "type":
        return (re.findall(r"\} (\w+);$", code)[0],)
    return (re.findall(r"(\w+)(?:\(|\[)", code)[0],)


def page() -> str:
    """The page, Markdown."""
    text = HEADER.read_text()
    found = entries(text)
    parts = [OPENING, "## How it is used\n", _prose(preamble(text))]
    for title, kind in (("Functions", "function"), ("Types", "type"), ("Constants and labels", "constants")):
        parts.append(f"## {title}\n")
        for entry in found:
            if entry.kind == kind or (kind == "constants" and entry.kind == "variable"):
                parts.append(_entry(entry))
    return "\n".join([*parts, _constants()])


def _entry(entry: Entry) -> str:
    title = ", ".join(f"`{name}`" for name in entry.names)
    where = f"Where `{entry.condition}`.\n\n" if entry.condition else ""
    return f"### {title}\n\n{where}{_prose(entry.comment)}\n```c\n{entry.code}\n```\n"


def _prose(text: str) -> str:
    """A comment as Markdown: indented lines are code, and names of the library too."""
    lines = []
    for line in text.split("\n"):
        if line.startswith("    "):
            # After a paragraph Markdown wants an empty line before code.
            if lines and lines[-1].strip() and not lines[-1].startswith("    "):
                lines.append("")
            lines.append(line)
        else:
            if lines and lines[-1].startswith("    ") and line.strip():
                lines.append("")
            lines.append(_NAME.sub(r"`\1`", line.replace("<", "&lt;").replace("*", "\\*")))
    return "\n".join(lines) + "\n"


def _constants() -> str:
    """Of the bundled models, one a kind."""
    values = {name: sizes(parts_of(load_model(resolve_model(name)))) for name in EXAMPLES}
    head = " | ".join(f"`{name}`" for name in EXAMPLES)
    rows = [f"| constant | {head} | what it is |", "|---|" + "---|" * (len(EXAMPLES) + 1)]
    for name, meaning in CONSTANTS.items():
        cells = " | ".join(f"{values[model][name]:,}" if name in values[model] else "" for model in EXAMPLES)
        rows.append(f"| `KV_{name}` | {cells} | {meaning} |")
    about = (
        "`kilovox_model.h` is generated and defines these, and the widths and shifts that the kernels need. Of three models:"
    )
    return f"### The model's sizes\n\n{about}\n\n" + "\n".join(rows) + "\n"
