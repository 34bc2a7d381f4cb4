"""Free Spoken Digit Dataset: a folder of `{digit}_{speaker}_{take}.wav`.

Source: Z. Jackson et al., "Free Spoken Digit Dataset", v1.0.10, doi:10.5281/zenodo.1342401; CC BY-SA 4.0.
"""

import hashlib
import re
from pathlib import Path

from kilovox.corpus.base import Part, Recording, RecordingCorpus
from kilovox.corpus.tree import Tree, is_sound
from kilovox.errors import KilovoxError

FILES_FINGERPRINT = "5a6dd0c963d0d82680879d8098064ce2205c765553be97cfc7f2ebb24d14bd81"
"""Of v1.0.10 as published: `files_fingerprint` of its 3,000 files."""

FINGERPRINT = "f881a94a71adc0cf77120095b7318f32d50c687b1f7fa8c95b1cc80bc0d846c9"
"""Of v1.0.10: its `Corpus.fingerprint`."""

OFFICIAL_TEST_TAKES = range(5)
"""FSDD's own split: takes 0 to 4 of every digit and speaker are the test set."""

NAME = re.compile(r"(?P<label>[^_/\\]+)_(?P<speaker>[^/\\]+)_(?P<take>[0-9]{1,9})\.[^./\\]+")
"""How a recording is called: {digit}_{speaker}_{take}.wav, or another format that is read."""

_DIGITS = tuple("0123456789")
_EXPECTED = "expected FSDD recordings ({digit}_{speaker}_{take}.wav)"


def open_fsdd(folder: Path) -> RecordingCorpus:
    """The recordings of `folder`, or of the folder `recordings` in it (as the archive is laid out).

    Files that are no sound by their suffix, and folders within, are counted in `left_out`. Raises KilovoxError for a missing
    or empty folder, recordings both in it and in `recordings`, a name that does not fit and a label that is not a digit.
    """
    if not folder.is_dir():
        raise KilovoxError(f"{folder}: no such folder; {_EXPECTED}")
    tree = Tree(folder)
    content = tree.look()
    if "recordings" in content.folders:
        loose = [name for name in content.sounds if is_fsdd_name(name)]
        if loose:
            raise KilovoxError(
                f"{folder}: recordings in it ({loose[0]}) and a folder 'recordings'; expected them in one of the two"
            )
        folder = folder / "recordings"
        tree = Tree(folder)
        content = tree.look()
    for within in content.folders:
        for sound in tree.sounds_below(within):
            tree.leave_out("in folders within", sound)
    if not content.sounds:
        raise KilovoxError(f"{folder}: no .wav file in it; {_EXPECTED}")
    recordings = [_recording(folder / name) for name in content.sounds]
    return RecordingCorpus("fsdd", recordings, str(folder), official=official_part, left_out=tree.left_out)


def is_fsdd_name(name: str) -> bool:
    """Whether a file of this name is a recording called as those of FSDD are."""
    match = NAME.fullmatch(name)
    return match is not None and match["label"] in _DIGITS and is_sound(name)


def official_part(recording: Recording) -> Part:
    """The part of FSDD's own split that a recording of it belongs to."""
    return "test" if recording.take in OFFICIAL_TEST_TAKES else "train"


def files_fingerprint(corpus: RecordingCorpus) -> str:
    """SHA-256 over the lines "name  sha256" of the files of `corpus`, in order, as `sha256sum` would see them.

    Independent of how they were archived. Raises KilovoxError where one cannot be read.
    """
    digest = hashlib.sha256()
    for recording in corpus.recordings:
        try:
            content = recording.path.read_bytes() if recording.path else b""
        except OSError as error:
            raise KilovoxError(f"{recording.path}: cannot be read ({error.strerror}); expected a sound file") from None
        digest.update(f"{recording.name}  {hashlib.sha256(content).hexdigest()}\n".encode())
    return digest.hexdigest()


def _recording(path: Path) -> Recording:
    match = NAME.fullmatch(path.name)
    if match is None:
        raise KilovoxError(f"{path}: expected a name like 7_jackson_32.wav ({{digit}}_{{speaker}}_{{take}}.wav)")
    if match["label"] not in _DIGITS:
        raise KilovoxError(f"{path}: label {match['label']!r}; expected a digit, 0 to 9")
    return Recording(path.name, match["label"], match["speaker"], int(match["take"]), path)
