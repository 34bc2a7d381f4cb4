"""kilovox data record: a person says words at the terminal, take after take."""

import json
import math
from pathlib import Path
from typing import Any

import click
import numpy as np

from kilovox.audio import Samples
from kilovox.cli.microphones import show_devices
from kilovox.cli.numbers import FiniteRange
from kilovox.config.words import checked_words
from kilovox.corpus.languages import ENGLISH, checked_language
from kilovox.corpus.other_words import other_words, read_words
from kilovox.corpus.takes import RATE, Level, Take, checked_speaker, keep, level, planned
from kilovox.errors import KilovoxError
from kilovox.files import check_place
from kilovox.microphone import Which, devices, microphone
from kilovox.text import printable

PIECE_SECONDS, LEAD_SECONDS = 0.02, 0.2
"""What is heard at once; and what is left out at the beginning of a take: the key, and a microphone that is switched on."""


@click.command("record", short_help="Record words at the terminal, take after take.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("recordings"), show_default=True, help="Folder a word.")
@click.option("--words", metavar="WORD,...", help="What is to be said.")
@click.option("--speaker", metavar="NAME", help="Who speaks.  [default: asks]")
@click.option("--takes", type=click.IntRange(1, 1000), default=5, show_default=True, help="Of each word.")
@click.option("--others", type=click.IntRange(0, 300), default=10, show_default=True, help="Other words to be said, once each.")
@click.option("--language", default=ENGLISH, show_default=True, help="Of the other words: en-us, de, es, fr.")
@click.option("--list", "listed", type=click.Path(path_type=Path), help="Other words instead: a text file, one a line.")
@click.option("--seconds", type=FiniteRange(0.5, 10.0), default=2.0, show_default=True, help="Of a take.")
@click.option("--device", metavar="NAME", help="The microphone: its number, or a part of its name.")
@click.option("--channel", type=click.IntRange(min=1), metavar="N", help="Of the microphone, this one alone, from 1 on.")
@click.option("--devices", "list_them", is_flag=True, help="List the microphones and end.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object an event on standard output, and nothing else.")
def record(
    out: Path, words: str | None, speaker: str | None, takes: int, others: int, language: str, listed: Path | None,
    seconds: float, device: str | None, channel: int | None, list_them: bool, as_json: bool,
) -> None:  # fmt: skip
    """Record a person saying words: a word is shown, Enter records it, and what is wrong with the take is said.

    Before a take Enter records, s skips the word, r records the one before again, q quits; a take with something wrong is
    recorded again unless k keeps it. Takes are WORD/NAME_nohash_NUMBER.wav in --out, 16 kHz; the same command goes on where it
    stopped. The microphone needs the extra listen (from a clone: pip install '.[listen]').
    """
    if list_them:
        show_devices(devices(), as_json)
        return
    if words is None:
        raise KilovoxError("--words: missing; expected the words to be said, such as --words yes,no,stop")
    check_place(out)  # before somebody has spoken in vain
    own = checked_words([word.strip() for word in words.split(",")], "--words")
    known = read_words(listed) if listed is not None else None
    strangers = other_words(own, others, checked_language(language), known) if others else ()
    talk = _Talk(as_json)
    session = _Session(out, talk, Which(device, channel), seconds)
    try:
        name = checked_speaker(speaker) if speaker is not None else talk.speaker()
        if name is not None:
            session.run(planned(out, name, own, takes, strangers))
    except KeyboardInterrupt:
        talk.say("")
        talk.say("interrupted; what was kept is there, the same command goes on")
        raise SystemExit(130) from None


class _Talk:
    """What is said to the person and asked of them; with `as_json`, standard output has events alone."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json

    def say(self, line: str) -> None:
        click.echo(printable(line), err=self._as_json)

    def event(self, kind: str, **values: Any) -> None:
        if self._as_json:
            click.echo(json.dumps({"event": kind, **values}))

    def ask(self, question: str) -> str | None:
        """The answer, without spaces around it; None at the end of the input."""
        try:
            answer: str = click.prompt(
                printable(question), default="", show_default=False, prompt_suffix=" ", err=self._as_json
            )
        except click.Abort as error:
            if isinstance(error.__context__, KeyboardInterrupt):
                raise KeyboardInterrupt from None
            return None
        return answer.strip()

    def speaker(self) -> str | None:
        """Who speaks; asked until it can be a name, None at the end of the input."""
        while (answer := self.ask("Who speaks? A name, the same each time:")) is not None:
            try:
                return checked_speaker(answer)
            except KilovoxError as error:
                self.say(str(error))
        return None


class _Session:
    """Takes of one person. `seconds`: of each."""

    def __init__(self, folder: Path, talk: _Talk, which: Which, seconds: float) -> None:
        self._folder, self._talk, self._which, self._seconds = folder, talk, which, seconds
        self._kept = 0

    def run(self, takes: list[Take]) -> None:
        """Go through `takes`; those that are skipped are left for another time."""
        self._talk.event("begin", left=len(takes))
        if takes:
            self._talk.say(
                f"{len(takes)} takes. Enter records {self._seconds:g} s; s skips, r repeats the one before, q quits."
            )
        place, skipped, ended = 0, 0, False
        while place < len(takes) and not ended:
            take = takes[place]
            answer = self._talk.ask(f"[{place + 1}/{len(takes)}]  {take.word}  (Enter, s, r, q)")
            if answer is None or answer == "q":
                ended = True
            elif answer == "r" and place:
                ended = not self._take(takes[place - 1])
            elif answer == "s":
                self._talk.event("skipped", word=take.word, take=take.number)
                skipped, place = skipped + 1, place + 1
            elif answer == "":
                ended = not self._take(take)
                place += not ended
            else:
                self._talk.say("expected Enter, s (skip), r (repeat the one before) or q (quit)")
        left = sum(not take.path(self._folder).exists() for take in takes)
        self._talk.event("end", kept=self._kept, left=left)
        more = f", {left} left: the same command goes on" if left else ", nothing is left to be said"
        self._talk.say(f"{self._folder}: {self._kept} takes kept{more}")

    def _take(self, take: Take) -> bool:
        """Record it until it is well, kept all the same or skipped; False where the person quits."""
        while True:
            samples, lost = self._heard()
            found = level(samples, RATE)
            if lost:
                found = Level(found.peak_db, (*found.problems, "samples were lost: this machine did not keep up"))
            if not found.problems:
                self._keep(take, samples, found)
                return True
            self._told(take, found, kept=False)
            answer = self._talk.ask("Enter records it again; k keeps it all the same, s skips, q quits")
            while answer not in (None, "", "k", "s", "q"):
                answer = self._talk.ask("expected Enter (again), k (keep), s (skip) or q (quit)")
            if answer == "k":
                self._keep(take, samples, found)
            if answer == "s":
                self._talk.event("skipped", word=take.word, take=take.number)
            if answer in ("k", "s"):
                return True
            if answer != "":
                return False

    def _keep(self, take: Take, samples: Samples, found: Level) -> None:
        again = take.path(self._folder).exists()
        keep(self._folder, take, samples, RATE)
        self._kept += not again
        self._told(take, found, kept=True)

    def _told(self, take: Take, found: Level, kept: bool) -> None:
        peak = found.peak_db if math.isfinite(found.peak_db) else None
        file = str(take.path(self._folder)) if kept else None
        problems = list(found.problems)
        self._talk.event("take", word=take.word, take=take.number, peak_db=peak, problems=problems, kept=kept, file=file)
        if kept:
            self._talk.say(f"    kept, peak {found.peak_db:.0f} dB")
        else:
            self._talk.say(f"    {'; '.join(problems)}")

    def _heard(self) -> tuple[Samples, bool]:
        """One take of sound, and whether samples of it were lost."""
        losses: list[None] = []
        lead, wanted = round(LEAD_SECONDS * RATE), round(self._seconds * RATE)
        pieces, count = [np.zeros(0, np.int16)], 0
        self._talk.event("recording", seconds=self._seconds)
        pieces_of_sound = microphone(RATE, round(PIECE_SECONDS * RATE), lambda: losses.append(None), self._which)
        try:
            for piece in pieces_of_sound:
                pieces.append(piece)
                count += len(piece)
                if count >= lead + wanted:
                    break
        except KilovoxError as error:
            raise KilovoxError(str(error).removesuffix(", or --file")) from None  # which listen has
        finally:
            if hasattr(pieces_of_sound, "close"):
                pieces_of_sound.close()
        return np.concatenate(pieces)[lead : lead + wanted], bool(losses)
