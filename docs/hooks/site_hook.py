"""What mkdocs.yml calls while the site is built: pages made of code, models and measurements, and pictures in place of marks.

A hook of MkDocs, for which no plugin is needed; nothing that it makes is committed. A page asks for a picture by
<!-- picture: NAME -->, and for the list of rooms of CONTRIBUTING.md by <!-- rooms -->.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import page_c
import page_keys
import page_models
import pictures
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

CONTRIBUTING = Path(__file__).parents[2] / "CONTRIBUTING.md"


def generated() -> dict[str, str]:
    """By file name: the Markdown of every page that is made."""
    return {
        "reference/c.md": page_c.page(), "reference/configuration.md": page_keys.page(), **page_models.pages(),
    }  # fmt: skip


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made."""
    for name, text in generated().items():
        files.append(File.generated(config, name, content=text))
    return files


def rooms() -> str:
    """The list of rooms of CONTRIBUTING.md, as a table."""
    found = re.search(r"(?:^    .*\n)+", CONTRIBUTING.read_text(), re.MULTILINE)
    assert found is not None  # noqa: S101 (a test builds the site)
    rows: list[list[str]] = []
    for line in found[0].splitlines():
        parts = re.split(r"\s{2,}", line.strip(), maxsplit=1)
        if line.startswith(" " * 16):
            rows[-1][1] += f" {line.strip()}"  # goes on
        elif len(parts) == 2:
            rows.append([", ".join(f"`{name}`" for name in parts[0].split(", ")), parts[1]])
    return page_models.table(("room", "what is in it"), rows)


MARKS: dict[str, Callable[[], str]] = {
    "rooms": rooms, **{f"picture: {name}": draw for name, draw in pictures.PICTURES.items()},
}  # fmt: skip


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put pictures, and the list of rooms, in the place of their marks."""
    for mark, make in MARKS.items():
        if f"<!-- {mark} -->" in markdown:
            markdown = markdown.replace(f"<!-- {mark} -->", make())
    return markdown


def on_page_content(html: str, **_: Any) -> str:
    """What click has for an option without a default is none that a reader should see."""
    return html.replace("<code>Sentinel.UNSET</code>", "")


def on_post_page(output: str, **_: Any) -> str:
    """Give the dialogue of the search, which the theme leaves without one, a name."""
    return output.replace('role="dialog"', 'role="dialog" aria-label="Search"')


def on_post_template(output_content: str, **_: Any) -> str:
    """The same of pages that are of no Markdown."""
    return on_post_page(output_content)
