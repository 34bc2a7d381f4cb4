"""Free Spoken Digit Dataset: a folder of `{digit}_{speaker}_{take}.wav`.

Source: Z. Jackson et al., "Free Spoken Digit Dataset", v1.0.10, doi:10.5281/zenodo.1342401; CC BY-SA 4.0.
"""

import re
from pathlib import Path

from kilovox.corpus.base import DIGITS, Recording, RecordingCorpus
from kilovox.errors import KilovoxError

FINGERPRINT = "5a6dd0c963d0d82680879d8098064ce2205c765553be97cfc7f2ebb24d14bd81"
"""Of v1.0.10: the SHA-256 of the sorted lines "name  sha256" of its 3,000 files."""

NAME = re.compile(r"(?P<label>[^_/\\]+)_(?P<speaker>[^/\\]+)_(?P<take>[0-9]+)\.wav")
"""How a recording is called: {digit}_{speaker}_{take}.wav."""


def open_fsdd(folder: Path) -> RecordingCorpus:
    """The recordings of `folder`, or of the folder `recordings` in it (as the archive is laid out).

    Raises KilovoxError for a missing or empty folder, a name that does not fit and a label that is not a digit.
    """
    if not folder.is_dir():
        raise KilovoxError(f"{folder}: no such folder; expected FSDD recordings ({{digit}}_{{speaker}}_{{take}}.wav)")
    if (folder / "recordings").is_dir():
        folder = folder / "recordings"
    paths = sorted(path for path in folder.glob("*.wav") if not path.name.startswith("."))
    if not paths:
        raise KilovoxError(f"{folder}: no .wav file in it; expected FSDD recordings ({{digit}}_{{speaker}}_{{take}}.wav)")
    return RecordingCorpus("fsdd", [_recording(path) for path in paths], str(folder))


def _recording(path: Path) -> Recording:
    match = NAME.fullmatch(path.name)
    if match is None:
        raise KilovoxError(f"{path}: expected a name like 7_jackson_32.wav ({{digit}}_{{speaker}}_{{take}}.wav)")
    if match["label"] not in DIGITS:
        raise KilovoxError(f"{path}: label {match['label']!r}; expected a digit, 0 to 9")
    return Recording(path.name, match["label"], match["speaker"], int(match["take"]), path)
