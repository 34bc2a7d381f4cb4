"""kilovox new: a folder to begin with."""

import json
import shlex
from pathlib import Path
from typing import cast

import click

from kilovox.config.project import Project, Voices, make_project
from kilovox.config.words import checked_words


@click.command("new")
@click.argument("name")
@click.argument("words", metavar="WORD...", nargs=-1, required=True)
@click.option("--out", type=click.Path(path_type=Path), help="Folder to make.  [default: NAME]")
@click.option("--memory", default="36KB", show_default=True, help="Bytes that the whole network must fit.")
@click.option(
    "--voices",
    type=click.Choice(["both", "people", "synthetic"]),
    default="both",
    show_default=True,
    help="Who is trained on: people, synthetic voices, or both.",
)
@click.option("--one-by-one", is_flag=True, help="Words said one by one, a pause after each: trains in minutes.")
@click.option(
    "--language", default="en-us", show_default=True, help="Of the synthetic voices, as espeak-ng calls it: de, fr, ..."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def command(
    name: str,
    words: tuple[str, ...],
    out: Path | None,
    memory: str,
    voices: str,
    one_by_one: bool,
    language: str,
    as_json: bool,
) -> None:
    """Make a folder NAME for a recogniser of the words WORD...: a configuration, the vocabulary, and a README of next steps.

    Everything that is none of the words is one more label, unknown. The network follows running sound, unless --one-by-one.
    """
    from kilovox.corpus.languages import checked_language

    folder = out or Path(name)
    project = Project(name, checked_words(words), memory, cast(Voices, voices), not one_by_one, checked_language(language))
    config = make_project(folder, project)
    files = sorted(project.files())
    if as_json:
        facts = {
            "folder": str(folder), "configuration": str(folder / project.configuration_file), "files": files,
            "labels": [*project.words, "unknown"], "hidden": config.hidden,
        }  # fmt: skip
        click.echo(json.dumps(facts))
        return
    click.echo(f"{folder}: {', '.join(files)}")
    said = shlex.quote(",".join(project.words))
    first = f"kilovox data synthesise --out synthetic --words {said} --others 40"
    if voices != "synthetic":
        first = f"kilovox data record --out recordings --words {said}"
    click.echo(f"next: cd {shlex.quote(str(folder))}, then {first}; README.md has the rest")
