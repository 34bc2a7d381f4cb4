"""What `kilovox evaluate --spotting` takes, and shows."""

from pathlib import Path
from typing import TYPE_CHECKING

from kilovox.errors import KilovoxError

if TYPE_CHECKING:
    from kilovox.evaluation.spotting.evaluate import Sources
    from kilovox.evaluation.spotting.spotting import Spotting


def sources_of(
    spotting: bool, gaps: str | None, utterances: Path | None, speakers: str | None, speech: tuple[Path, ...], noise: int | None
) -> "Sources | None":
    """What to listen to; None without --spotting. Raises KilovoxError for an option that says something of it alone."""
    from kilovox.evaluation.spotting.evaluate import Sources
    from kilovox.evaluation.spotting.material import GAPS, read_gaps

    given = {"--gaps": gaps, "--utterances": utterances, "--speakers": speakers, "--speech": speech or None, "--noise": noise}
    named = [name for name, value in given.items() if value is not None]
    if not spotting:
        if named:
            raise KilovoxError(f"{named[0]}: says what is judged in long sound; expected --spotting with it")
        return None
    gaps = GAPS if gaps is None else gaps
    read_gaps(gaps)
    return Sources(gaps, utterances, speakers, speech, noise or 0)


def show_spotting(result: "Spotting") -> None:
    """Print the tables."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from kilovox.evaluation.spotting.tables import label_table, speech_table, tradeoff_table, word_table

    console = Console()
    if result.chosen:
        console.print(f"\nspeakers of the utterances: {result.chosen}", markup=False, highlight=False, soft_wrap=True)
    for note in result.notes:
        console.print(note, markup=False, highlight=False, soft_wrap=True)
    shown = {
        "In long sound: words": word_table(result),
        "In long sound: labels (insertions+deletions+substitutions/words)": label_table(result),
        "In long sound: where no word is spoken": speech_table(result),
        f"Words missed against false alarms an hour in {result.alarms_of}": tradeoff_table(result),
    }
    for title, (header, rows) in shown.items():
        if not rows:
            continue
        table = Table(header[0], title=Text(title))
        for name in header[1:]:
            table.add_column(Text(name), justify="right")
        for row in rows:
            table.add_row(*map(Text, row))
        console.print(table)
