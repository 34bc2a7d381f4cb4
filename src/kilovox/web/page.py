"""The page as files: what is written by hand, the models' modules, and what the page tells of them."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from kilovox.config.vocabulary import UNKNOWN
from kilovox.corpus.vocabulary import digits
from kilovox.errors import KilovoxError
from kilovox.files import Written
from kilovox.integer.bundled import bundled_models, resolve_model
from kilovox.integer.model_file import load_model
from kilovox.web.facts import facts
from kilovox.web.module import PREBUILT, compile_module, folder, prebuilt
from kilovox.web.speak_examples import EXAMPLES

POLICY = "; ".join((
    "default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "style-src 'self'", "img-src 'self'", "connect-src 'self'",
    "worker-src 'self'", "base-uri 'none'", "form-action 'none'",
))  # fmt: skip
"""Content-Security-Policy, level 3: what the page may load, from where it came and nowhere else."""

MOST_WORDS = 12
"""That are named; a page of more says so."""

MANIFEST = "kilovox-demo.json"
"""Lists the files of a page; a folder that has one may be written to again."""

PAGE = Written(MANIFEST, "a page", re.compile(r"(examples/)?[A-Za-z0-9_.-]+\.(css|html|json|mjs|svg|txt|wasm|wav)"))


def page_files(models: Sequence[str] = PREBUILT) -> dict[str, bytes]:
    """The files of the page by relative name: the same arguments give the same bytes.

    models: names of bundled models, whose modules come with the package, or model files, whose modules are built by zig; the
    first is heard with first. Raises KilovoxError for a model that is not there, cannot listen, or cannot be built.
    """
    files = {path.name: path.read_bytes() for path in sorted((folder() / "page").iterdir()) if path.is_file()}
    modules: dict[str, bytes] = {}
    told: list[dict[str, Any]] = []
    labels: list[tuple[str, ...]] = []
    for name in models:
        one, module, said = _recogniser(name)
        labels.append(said)
        if one["name"] in (other["name"] for other in told):
            raise KilovoxError(f"{name}: two models are called {one['name']!r}; expected one of each name")
        if one["module"].lower() in map(str.lower, modules):  # of other letters, or the same file where case does not count
            one["module"] = f"{one['module'].removesuffix('.wasm')}.{len(modules)}.wasm"
        told.append(one)
        modules[one["module"]] = module
    examples = EXAMPLES if any(map(_knows_digits, labels)) else {}
    files["index.html"] = _filled(files["index.html"].decode(), told, greeting(labels[0]), examples).encode()
    listed = {"page_bytes": sum(map(len, files.values())), "models": told}
    files["models.json"] = json.dumps(listed, indent=1, allow_nan=False).encode()
    return files | modules | {f"examples/{name}.wav": (folder() / "examples" / f"{name}.wav").read_bytes() for name in examples}


def _recogniser(name: str) -> tuple[dict[str, Any], bytes, tuple[str, ...]]:
    """What is told of a model, its module, its labels. Raises KilovoxError, naming the file, for one that cannot be used."""
    path = resolve_model(name)
    try:
        model = load_model(path)
        module = (prebuilt(name) if name in bundled_models() else None) or compile_module(model)
        return facts(model, module), module, tuple(model.metadata.labels)
    except KilovoxError as error:
        raise KilovoxError(str(error) if name in str(error) else f"{name}: {error}") from None


def greeting(labels: Sequence[str]) -> str:
    """What may be said to a model of these labels."""
    if _knows_digits(labels):
        return "Say a digit"
    words = [label for label in labels if label != UNKNOWN] or list(labels)
    if len(words) > MOST_WORDS:
        return f"Say {', '.join(words[:MOST_WORDS])}, ..."
    return f"Say {', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else f"Say {words[0]}"


def _knows_digits(labels: Sequence[str]) -> bool:
    return set(digits().labels or ()) <= set(labels)


def _filled(page: str, told: Sequence[Mapping[str, Any]], said: str, offered: Mapping[str, tuple[Any, ...]]) -> str:
    """The page with what it offers: the models `told`, what may be `said`, examples; names are strangers' text."""
    options = "".join(f"<option value={quoteattr(one['name'])}>{escape(one['name'])} ({one['about']})</option>" for one in told)
    examples = "".join(
        f'<button type="button" data-file="examples/{name}.wav" disabled>{title}</button>'
        for name, (title, *_) in offered.items()
    )
    return Template(page).substitute(policy=POLICY, options=options, examples=examples, greeting=escape(said))


def build(where: Path, models: Sequence[str] = PREBUILT) -> list[Path]:
    """Write the page to the folder `where`, for any host of static files. Returns the files, sorted.

    Files of an earlier page there are replaced or removed. Raises KilovoxError as `page_files`, and where the folder holds
    something else.
    """
    return PAGE.write(where, page_files(models))
