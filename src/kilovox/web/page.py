"""The page as files: what is written by hand, the models' modules, and what the page tells of them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from kilovox.errors import KilovoxError
from kilovox.files import make_folder, write_bytes, write_json
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

MANIFEST = "kilovox-demo.json"
"""Lists the files of a page; a folder that has one may be written to again."""


def page_files(models: Sequence[str] = PREBUILT) -> dict[str, bytes]:
    """The files of the page by relative name: the same arguments give the same bytes.

    models: names of bundled models, whose modules come with the package, or model files, whose modules are built by zig; the
    first is heard with first. Raises KilovoxError for a model that is not there, cannot listen, or cannot be built.
    """
    files = {path.name: path.read_bytes() for path in sorted((folder() / "page").iterdir()) if path.is_file()}
    modules: dict[str, bytes] = {}
    told = []
    for name in models:
        model = load_model(resolve_model(name))
        module = (prebuilt(name) if name in bundled_models() else None) or compile_module(model)
        told.append(facts(model, module))
        if told[-1]["module"] in modules:
            raise KilovoxError(f"{name}: two models are called {model.metadata.name!r}; expected one of each name")
        modules[told[-1]["module"]] = module
    files["index.html"] = _filled(files["index.html"].decode(), told).encode()
    listed = {"page_bytes": sum(map(len, files.values())), "models": told}
    files["models.json"] = json.dumps(listed, indent=1).encode()
    return files | modules | {f"examples/{name}.wav": (folder() / "examples" / f"{name}.wav").read_bytes() for name in EXAMPLES}


def _filled(page: str, told: Sequence[Mapping[str, Any]]) -> str:
    """The page with what it offers; names are strangers' text."""
    options = "".join(f"<option value={quoteattr(one['name'])}>{escape(one['name'])} ({one['about']})</option>" for one in told)
    examples = "".join(
        f'<button type="button" data-file="examples/{name}.wav" disabled>{title}</button>'
        for name, (title, *_) in EXAMPLES.items()
    )
    return Template(page).substitute(policy=POLICY, options=options, examples=examples)


def build(where: Path, models: Sequence[str] = PREBUILT) -> list[Path]:
    """Write the page to the folder `where`, for any host of static files. Returns the files, sorted.

    Files of an earlier page there are replaced or removed. Raises KilovoxError as `page_files`, and where the folder holds
    something else.
    """
    earlier = _earlier(where)
    files = page_files(models)
    make_folder(where)
    for name, data in files.items():
        make_folder((where / name).parent)
        write_bytes(where / name, data)
    for name in sorted(earlier - files.keys()):
        (where / name).unlink(missing_ok=True)
    write_json(where / MANIFEST, {"files": sorted(files)})
    return sorted(where / name for name in files)


def _earlier(where: Path) -> set[str]:
    """Files of the page that `where` holds; none where it is empty or not there."""
    if not where.exists():
        return set()
    if not where.is_dir():
        raise KilovoxError(f"{where}: is a file; name a folder")
    manifest = where / MANIFEST
    if not manifest.is_file():
        if any(where.iterdir()):
            raise KilovoxError(f"{where}: holds other files; name a folder that is empty, not there, or an earlier page")
        return set()
    try:
        names = {str(name) for name in json.loads(manifest.read_text())["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        raise KilovoxError(f"{manifest}: not the list of a page; remove the folder, or name another") from None
    inside = where.resolve()
    return {name for name in names if (where / name).resolve().is_relative_to(inside)}
