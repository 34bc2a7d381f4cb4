"""kilovox data: get the recordings, look at them."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kilovox.cli.record import record
from kilovox.config.words import checked_words
from kilovox.corpus.download import fetch_fsdd
from kilovox.corpus.fsdd import open_fsdd
from kilovox.corpus.inspection import Inspection, inspect_corpus
from kilovox.corpus.languages import ENGLISH, checked_language, is_english, kokoro_letters
from kilovox.corpus.open import open_corpus_at, open_default_corpus
from kilovox.corpus.other_words import read_words
from kilovox.corpus.synthetic import WORDS, default_folder, licences
from kilovox.corpus.synthetic import synthesise as make_synthetic
from kilovox.errors import KilovoxError
from kilovox.text import printable
from kilovox.workers import HERE, MOST

if TYPE_CHECKING:
    from rich.table import Table

    from kilovox.corpus.base import RecordingCorpus
    from kilovox.corpus.utterances import UtteranceCorpus


SHOWN = 10
"""Sounds that occur more than once, listed on a terminal; --json has all of them."""


@click.group("data")
def command() -> None:
    """Get the recordings, look at them."""


command.add_command(record)


CORPORA = ("fsdd", "speech-commands", "speech-commands-test")


@command.command(short_help="Download FSDD or Speech Commands, verified, or check the copy there is.")
@click.argument("name", type=click.Choice(CORPORA), default="fsdd")
@click.option("--out", type=click.Path(path_type=Path), help="Folder to put the recordings into (default: the cache).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def fetch(name: str, out: Path | None, as_json: bool) -> None:
    """Download recordings, verified; or check the copy that is there already.

    fsdd: FSDD v1.0.10. speech-commands: Speech Commands v0.02, 2.4 GB, which takes 4 GB more while it is extracted;
    speech-commands-test: the 4,890 recordings that figures of 12 classes are of. Interrupted, the same command goes on.
    """
    if name != "fsdd":
        _fetch_speech_commands(name, out, as_json)
        return
    folder = fetch_fsdd(out, quiet=as_json)
    corpus = open_fsdd(folder)
    if as_json:
        click.echo(json.dumps({"folder": str(folder), "recordings": len(corpus), "fingerprint": corpus.fingerprint}))
    else:
        click.echo(f"{folder}: {len(corpus):,} recordings, verified")


def _fetch_speech_commands(name: str, out: Path | None, as_json: bool) -> None:
    from kilovox.corpus.fetch_speech_commands import RECORDINGS, TEST_SET, fetch_archive

    archive = RECORDINGS if name == "speech-commands" else TEST_SET
    folder = fetch_archive(archive, out, quiet=as_json)
    count = len(open_corpus_at(folder))
    if as_json:
        click.echo(json.dumps({"folder": str(folder), "recordings": count, "sha256": archive.sha256}))
    else:
        click.echo(f"{folder}: {count:,} recordings; the archive was verified")


@command.command(short_help="Make synthetic voices say the digits, or any words.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder to put the recordings into (default: the cache).")
@click.option("--kokoro", type=click.IntRange(0, 9999), help="Voices blended of Kokoro-82M's.  [default: 700]")
@click.option("--espeak", type=click.IntRange(0, 9999), default=200, show_default=True, help="Voices of espeak-ng.")
@click.option("--flite", type=click.IntRange(0, 9999), help="Voices of flite.  [default: 80]")
@click.option("--words", metavar="WORD,...", default=",".join(WORDS), help="What they say.  [default: the ten digits]")
@click.option("--others", type=click.IntRange(0, 600), default=0, metavar="N", help="So many other words, some by each voice.")
@click.option("--list", "listed", type=click.Path(path_type=Path), help="Other words to draw from: a text file, one a line.")
@click.option("--language", default="en-us", show_default=True, help="As espeak-ng calls it: en-gb, de, fr-fr, pt-br, ...")
@click.option("--seed", type=click.IntRange(0, 2**31), default=1, show_default=True, help="Of the voices.")
@click.option("--workers", type=click.IntRange(1, MOST), help="So many speak side by side.  [default: 1, all with --address]")
@click.option("--address", help="On a Ray cluster: ray://HOST:PORT, HOST:PORT, auto, or local, one of its own.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def synthesise(
    out: Path | None, kokoro: int | None, espeak: int, flite: int | None, words: str, others: int, listed: Path | None,
    language: str, seed: int, workers: int | None, address: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Make voices that nobody owns say the ten digits, or any words: the corpus `synthetic`, to be trained on besides people.

    Kokoro-82M (Apache-2.0) is downloaded once (120 MB), verified; espeak-ng and flite must be installed, or be asked for no
    voice. Kokoro's voices say other words than digits as espeak-ng pronounces them. --others, of English, German, French or
    Spanish, teach what is none of the words. In a language that Kokoro or flite does not speak, none of their voices is the
    default. Interrupted, the same command goes on where it stopped.
    """
    checked_language(language)
    if listed is not None and not others:
        raise KilovoxError("--list: says which other words there are; expected --others with it")
    counts = {
        "kokoro": (700 if kokoro_letters(language) else 0) if kokoro is None else kokoro,
        "espeak": espeak,
        "flite": (80 if is_english(language) else 0) if flite is None else flite,
    }
    asked = checked_words([word.strip() for word in words.split(",")], "--words")
    known = read_words(listed) if listed is not None else None
    if out is None and (others or language != ENGLISH or set(asked) - set(WORDS)):
        raise KilovoxError("--out: missing; expected a folder of its own for other words than digits, such as --out synthetic")
    from kilovox.search.executor import open_executor

    with open_executor(address, workers) as executor:
        corpus = make_synthetic(
            out or default_folder(), counts, seed, quiet=as_json, words=asked, language=language, others=others, known=known,
            workers=executor if workers or address is not None else HERE,
        )  # fmt: skip
    _say_made(corpus, "recordings", as_json)


@command.command(short_help="Make synthetic voices say sentences, letters, numbers and other words.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder to put the utterances into (default: the cache).")
@click.option("--espeak", type=click.IntRange(0, 9999), default=300, show_default=True, help="Voices of espeak-ng.")
@click.option("--flite", type=click.IntRange(0, 9999), default=90, show_default=True, help="Voices of flite.")
@click.option("--kokoro", type=click.IntRange(0, 9999), default=0, show_default=True, help="Voices of Kokoro, with --digits.")
@click.option("--texts", type=click.Path(path_type=Path), help="Sentences to say instead: a text file, one a line.")
@click.option("--digits", is_flag=True, help="Say nothing but digits in a row instead.")
@click.option("--seed", type=click.IntRange(0, 2**31), default=1, show_default=True, help="Of the voices and what they say.")
@click.option("--workers", type=click.IntRange(1, MOST), help="So many speak side by side.  [default: 1, all with --address]")
@click.option("--address", help="On a Ray cluster: ray://HOST:PORT, HOST:PORT, auto, or local, one of its own.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def sentences(
    out: Path | None, espeak: int, flite: int, kokoro: int, texts: Path | None, digits: bool, seed: int, workers: int | None,
    address: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Make voices that nobody owns say 20 things each, with transcripts: what a network that listens hears between digits.

    Sentences, spelt words, digits in a row, numbers, and other words alone. espeak-ng and flite must be installed, or be asked
    for no voice, and onnxruntime (pip install 'kilovox[synthetic]') for Kokoro's. Interrupted, the same command goes on where
    it stopped.
    """
    from kilovox.corpus import sentences as spoken
    from kilovox.corpus.sentence_texts import read_texts

    if digits and texts is not None:
        raise KilovoxError("--texts: says what is said instead of digits in a row; expected no --digits with it")
    if kokoro and not digits:
        raise KilovoxError(f"--kokoro {kokoro}: its voices know digits alone; expected --digits with it")
    lines, counts = read_texts(texts) if texts is not None else (), {"espeak": espeak, "flite": flite}
    if kokoro:
        counts["kokoro"] = kokoro
    from kilovox.search.executor import open_executor

    with open_executor(address, workers) as executor:
        corpus = spoken.say_sentences(
            out or spoken.default_folder(), counts, seed, as_json, lines, digits,
            workers=executor if workers or address is not None else HERE,
        )  # fmt: skip
    _say_made(corpus, "utterances", as_json)


def _say_made(corpus: "RecordingCorpus | UtteranceCorpus", what: str, as_json: bool) -> None:
    used = licences(corpus.speakers)
    if as_json:
        facts = {"folder": corpus.where, what: len(corpus), "fingerprint": corpus.fingerprint, "licences": used}
        click.echo(json.dumps(facts))
        return
    click.echo(f"{corpus.where}: {len(corpus):,} {what} of {len(corpus.speakers):,} voices")
    for licence in used.values():
        click.echo(f"  {licence}")


@command.command()
@click.option(
    "--corpus",
    "path",
    type=click.Path(path_type=Path),
    help="FSDD, a folder a word, utterances, a .csv manifest or .npz features (default: KILOVOX_FSDD, else a download).",
)
@click.option("--plots", "plots_folder", type=click.Path(path_type=Path), help="Folder to draw histograms into, as PNG.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def inspect(path: Path | None, plots_folder: Path | None, as_json: bool) -> None:
    """Count, measure and check the recordings of a corpus."""
    corpus = open_corpus_at(path) if path is not None else open_default_corpus(quiet=as_json)
    inspection = inspect_corpus(corpus)
    files: list[Path] = []
    if plots_folder is not None:
        from kilovox.corpus.plots import plots

        files = plots(inspection, plots_folder)
    if as_json:
        click.echo(json.dumps(inspection.as_json() | {"plots": [str(file) for file in files]}, allow_nan=False))
    else:
        _print(inspection)
        for file in files:
            click.echo(file)


def _print(inspection: Inspection) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    values = inspection.as_json()
    console = Console(highlight=False)
    parts = f" in {inspection.files:,} files" if 0 < inspection.files < inspection.recordings else ""
    console.print(f"[bold]{escape(printable(inspection.name))}[/]: {inspection.recordings:,} {inspection.kind}{parts}")
    console.print(printable(inspection.where), markup=False)
    console.print(f"fingerprint {inspection.fingerprint or 'unknown'}")

    facts = Table(show_header=False, box=None)
    for name in ("channels", "sample_rates", "subtypes"):
        if values[name]:
            facts.add_row(name.replace("_", " "), ", ".join(f"{value} ({count:,})" for value, count in values[name].items()))
    for name in ("clipped", "silent"):
        if inspection.kind == "recordings":
            facts.add_row(name, _shortened(values[name]))
    if inspection.fitting is not None:
        facts.add_row(f"fit into {inspection.frame_limit} frames", f"{inspection.fitting:.2%}")
    console.print(facts)

    spread = Table("", "minimum", "median", "mean", "95 %", "maximum")
    for name, unit in (("seconds", "seconds"), ("frames", "frames"), ("peaks", "peak, dB")):
        if found := values[name]:
            spread.add_row(unit, *(f"{found[key]:.2f}" for key in ("minimum", "median", "mean", "p95", "maximum")))
    console.print(spread)

    console.print(_counts(inspection))
    for reason in inspection.unreadable.values():
        console.print(f"unreadable: {escape(printable(reason))}")
    for what in inspection.left_out:
        console.print(f"left out: {escape(printable(str(what)))}")
    for group in inspection.contradictions[:SHOWN]:
        console.print(f"the same sound under more than one label: {escape(printable(_shortened(list(group)), 2000))}")
    same = [group for group in inspection.duplicates if group not in inspection.contradictions]
    for group in same[:SHOWN]:
        console.print(f"the same sound: {escape(printable(_shortened(list(group)), 2000))}")
    if more := max(0, len(same) - SHOWN) + max(0, len(inspection.contradictions) - SHOWN):
        console.print(f"and {more:,} more sounds that occur more than once; --json has all of them")


def _counts(inspection: Inspection) -> "Table":
    """Speaker by label where that fits a screen, else labels alone."""
    from rich.markup import escape
    from rich.table import Table

    speakers = sorted(inspection.speakers, key=lambda speaker: -inspection.speakers[speaker])
    if len(inspection.labels) > 12:
        table = Table("label", "recordings", caption=f"{len(speakers):,} speakers")
        for label, count in inspection.labels.items():
            table.add_row(escape(printable(label)), f"{count:,}")
        return table
    table = Table("speaker", *(escape(printable(label)) for label in inspection.labels), "all")
    for speaker in speakers[:20]:
        row = inspection.labels_by_speaker[speaker].values()
        table.add_row(escape(printable(speaker)), *map(str, row), str(inspection.speakers[speaker]))
    if len(speakers) > 20:
        table.add_row(f"and {len(speakers) - 20:,} more", *[""] * (len(inspection.labels) + 1))
    table.add_row("all", *map(str, inspection.labels.values()), str(inspection.recordings))
    return table


def _shortened(names: list[str]) -> str:
    from rich.markup import escape

    return (
        f"{len(names):,}"
        + (f": {escape(printable(', '.join(names[:5])))}" if names else "")
        + (", ..." if len(names) > 5 else "")
    )
