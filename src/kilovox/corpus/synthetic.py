"""Digits spoken by voices that nobody owns: the optional corpus `synthetic`, laid out as a folder a word.

Three synthesisers: Kokoro-82M (hexgrad, Apache-2.0; int8 ONNX export by thewh1teagle, MIT), whose style vectors are blended
into voices without number; espeak-ng (GPL-3.0-or-later; what it says is not covered by it) and flite (BSD-like), where these
programs are installed. A voice is fixed by its number and the seed, so a corpus can be cut short and taken up.
"""

import contextlib
import json
import tempfile
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr

from kilovox.corpus.base import RecordingCorpus
from kilovox.corpus.cache import cache_folder
from kilovox.corpus.folders import open_folders
from kilovox.corpus.kokoro import MODEL_FILE, VOCABULARY_FILE, VOICES_FOLDER, fetch_kokoro
from kilovox.corpus.languages import ENGLISH
from kilovox.corpus.speech_programs import Sound, Speaker, espeak_speaker, flite_speaker
from kilovox.errors import KilovoxError, not_installed
from kilovox.files import lock, make_folder, read_small, replacing, write_bytes, write_json
from kilovox.workers import HERE, Workers

SOURCES = ("kokoro", "espeak", "flite")
SAMPLE_RATE = 16_000
KOKORO_RATE = 24_000
PEAK = 0.5
STYLES, STYLE_SIZE = 510, 256

LICENCES_FILE = "licences.json"
"""Beside the recordings; and what tells a folder of them from one of something else."""
LARGEST_LICENCES = 2**16
"""Bytes of it."""

LICENCES = {
    "kokoro": "Kokoro-82M, weights and voices: hexgrad, Apache-2.0; int8 ONNX export: thewh1teagle, MIT",
    "espeak": "espeak-ng: GPL-3.0-or-later (the program; its output is not covered)",
    "flite": "flite and its voices: Carnegie Mellon University, BSD-like",
}

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
"""What the voices say: the digits, 0 to 9."""

AMERICAN = ("zˈɪɹO", "wˈʌn", "tˈu", "θɹˈi", "fˈɔɹ", "fˈIv", "sˈɪks", "sˈɛvən", "ˈAt", "nˈIn")
BRITISH = ("zˈɪəɹQ", "wˈʌn", "tˈuː", "θɹˈiː", "fˈɔː", "fˈIv", "sˈɪks", "sˈɛvᵊn", "ˈAt", "nˈIn")
ACCENTED = (
    ("zˈiɹO", "zˈɛɾo", "zˈero", "ʣˈeɹo", "sˈiɹo", "zˈiːʁO"),
    ("wˈan", "vˈan", "wˈɔn", "wˈɑn"),
    ("tˈuː", "tʰˈu", "tˈʊu"),
    ("sɹˈi", "tɾˈi", "fɹˈi", "θrˈi", "θʁˈi", "sʁˈiː"),
    ("fˈor", "fˈoːɾ", "fˈɔːɹ", "fˈoə", "fˈɔʁ"),
    ("fˈaɪv", "fˈIf", "fˈaːv", "fˈɑɪv"),
    ("sˈiks", "sˈɪːks", "sˈɪkʰs", "zˈɪks"),
    ("sˈɛvɛn", "zˈɛvən", "sˈɛbən", "sˈɛvn", "sˈevɪn"),
    ("ˈeɪt", "ˈet", "ˈeːt", "ˈAtʰ", "ˈɛɪt"),
    ("nˈaɪn", "nˈaːn", "nˈɑɪn", "nˈaɪnə"),
)
"""How the ten words are said, in the phonemes of Kokoro (misaki's notation), by speakers of other first languages too."""

ACCENTS, MARKS = (0.45, 0.2, 0.35), (".", "!", "?", "", ",")
NATIVE_SHARE = 0.7

Say = Callable[[int, Collection[str]], Iterator[tuple[str, Sound]]]
"""Of a voice, those of WORDS that are asked for, and how they sound, which does not depend on the others."""


@dataclass(frozen=True)
class Kokoro:
    """The synthesiser, loaded: `say(phonemes, style, speed)`. Raises KilovoxError where onnxruntime is not installed."""

    session: Any
    vocabulary: dict[str, int]
    styles: dict[str, Sound]

    @classmethod
    def load(cls, model: Path, vocabulary: Path, styles: Path) -> "Kokoro":
        """`styles`: a folder of NAME.bin, each (510, 256) float32; `vocabulary`: JSON, phoneme to token."""
        onnxruntime = _check_onnxruntime()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        found = {path.stem: np.fromfile(path, "<f4").reshape(STYLES, STYLE_SIZE) for path in sorted(styles.glob("*.bin"))}
        return cls(session, json.loads(vocabulary.read_text(encoding="utf-8"))["vocab"], found)

    def say(self, phonemes: str, style: Sound, speed: float) -> Sound:
        """(samples,) float32 at 24 kHz. style: (510, 256)."""
        tokens = [self.vocabulary[phoneme] for phoneme in phonemes]
        inputs = {
            "tokens": np.array([[0, *tokens, 0]], np.int64),
            "style": style[len(tokens) - 1][None],
            "speed": np.array([speed], np.float32),
        }
        sound: Sound = self.session.run(None, inputs)[0]
        return sound


def _check_onnxruntime() -> Any:
    try:
        import onnxruntime  # type: ignore[import-untyped]
    except ImportError:
        raise not_installed("onnxruntime") from None
    return onnxruntime


def blend(names: list[str], generator: np.random.Generator, natives: str = "ab") -> dict[str, float]:
    """A new voice: one to three of `names` (those that begin with one of `natives`, English a and b, preferred) and shares."""
    native = [name for name in names if name[0] in natives]
    count = int(generator.choice([1, 2, 3], p=[0.1, 0.55, 0.35]))
    chosen: list[str] = []
    while len(chosen) < count:
        pool = native if native and generator.random() < NATIVE_SHARE else names
        name = str(generator.choice(pool))
        if name not in chosen or len(names) < count:
            chosen.append(name)
    shares = generator.dirichlet(np.full(count, 1.5))
    return dict(zip(chosen, shares.tolist(), strict=True))


def drawn_voice(kokoro: Kokoro, generator: np.random.Generator, natives: str = "ab") -> tuple[Sound, float, int]:
    """A voice: its style, its speed, and which of ACCENTS it has; `natives`: as of `blend`."""
    shares = blend(sorted(kokoro.styles), generator, natives)
    style = sum((kokoro.styles[name] * np.float32(share) for name, share in shares.items()), start=np.zeros((), np.float32))
    speed = float(np.exp(generator.uniform(np.log(0.75), np.log(1.35))))
    return style, speed, int(generator.choice(3, p=ACCENTS))


def _pronounced(place: int, accent: int, generator: np.random.Generator) -> str:
    """One of the ways in which WORDS[place] is said."""
    return str(generator.choice(((AMERICAN[place],), (BRITISH[place],), ACCENTED[place])[accent]))


def kokoro_voice(kokoro: Kokoro, number: int, seed: int, words: Collection[str] = WORDS) -> Iterator[tuple[str, Sound]]:
    """`words` of voice `number`, each with its sound at 24 kHz."""
    generator = np.random.default_rng([seed, number])
    style, speed, accent = drawn_voice(kokoro, generator)
    for place, word in enumerate(WORDS):
        phonemes = _pronounced(place, accent, generator) + str(generator.choice(MARKS))
        pace = speed * float(generator.uniform(0.9, 1.1))
        if word in words:
            yield word, kokoro.say(phonemes, style, pace)


def kokoro_speaker(kokoro: Kokoro, generator: np.random.Generator) -> Speaker:
    """One of Kokoro's blended voices: says texts of WORDS and commas, a text always the same way; sound at KOKORO_RATE."""
    style, speed, accent = drawn_voice(kokoro, generator)
    own = int(generator.integers(2**32))

    def say(text: str) -> Sound:
        manner = np.random.default_rng([own, zlib.crc32(text.encode())])
        spoken = [
            _pronounced(WORDS.index(word.rstrip(",")), accent, manner) + ("," if word.endswith(",") else "")
            for word in text.split()
        ]
        return kokoro.say(" ".join(spoken) + str(manner.choice(MARKS)), style, speed * float(manner.uniform(0.9, 1.1)))

    return say


def load_kokoro(where: Path | None = None, quiet: bool = False) -> Kokoro:
    """From the folder `where`, or by download. Raises KilovoxError where it, or onnxruntime, cannot be had."""
    _check_onnxruntime()
    found = fetch_kokoro(where, quiet)
    return Kokoro.load(found / MODEL_FILE, found / VOCABULARY_FILE, found / VOICES_FOLDER)


def espeak_voice(number: int, seed: int, scratch: Path, words: Collection[str] = WORDS) -> Iterator[tuple[str, Sound]]:
    """`words` of one of espeak-ng's variants with an accent, a pitch and a speed, at its own rate (22,050 Hz)."""
    say = espeak_speaker(np.random.default_rng([seed, number]), scratch)
    return ((word, say(word)) for word in words)


def flite_voice(number: int, seed: int, scratch: Path, words: Collection[str] = WORDS) -> Iterator[tuple[str, Sound]]:
    """`words` of one of flite's voices at some pitch and speed, at 16 kHz."""
    say = flite_speaker(np.random.default_rng([seed, number]), scratch)
    return ((word, say(word)) for word in words)


def trimmed(sound: Sound, rate: int) -> Sound:
    """Without silence at the ends but 50 ms: what lies 45 dB below the loudest 10 ms is silence."""
    step = rate // 100
    blocks = sound[: len(sound) // step * step].reshape(-1, step)
    power = (blocks.astype(np.float64) ** 2).mean(axis=1)
    loud = np.flatnonzero(power > power.max(initial=0.0) * 10**-4.5)
    if not len(loud):
        return sound
    return sound[max(0, (loud[0] - 5) * step) : (loud[-1] + 6) * step]


def synthesise(
    folder: Path,
    counts: Mapping[str, int],
    seed: int = 1,
    quiet: bool = False,
    kokoro_folder: Path | None = None,
    words: Sequence[str] = WORDS,
    language: str = ENGLISH,
    others: int = 0,
    known: Sequence[str] | None = None,
    workers: Workers = HERE,
) -> RecordingCorpus:
    """Make `counts` voices of each of SOURCES say `words` in `folder`; what is there already is kept.

    Every word is written atomically, a few voices at a time, so that an interrupted run goes on. kokoro_folder: its model,
    where it is not to be downloaded. Digits alone, in English, Kokoro says in the ways of ACCENTED too. others: so many other
    words, of which each voice says some, from the list of `language`, as espeak-ng calls it, or from `known`. workers: who
    makes them speak; they need not see `folder`.
    Raises KilovoxError where a synthesiser is missing or does not speak that language, and for what is no word.
    """
    from kilovox.corpus.speaking import Speaking, are_digits
    from kilovox.corpus.spoken_words import Vocabulary, vocabulary_of

    digits = are_digits(words, language, others)
    vocabulary = Vocabulary(tuple(words)) if digits else vocabulary_of(words, language, others, known)
    speech = Speaking(vocabulary, digits, seed, kokoro_folder, quiet)
    speech.check(counts)
    with speaking(folder, counts, SOURCES, quiet) as (_, advance):
        asked = list(speech.missing(folder, counts))
        for place, files in workers.run(speech, asked):
            for name, data in files.items():
                write_bytes(folder / name, data)
            for _ in asked[place]:
                advance()
    return open_folders(folder)


@contextlib.contextmanager
def speaking(
    folder: Path, counts: Mapping[str, int], known: Collection[str], quiet: bool
) -> Iterator[tuple[Path, Callable[[], None]]]:
    """`folder`, made and locked, for `counts` voices of each synthesiser: a scratch folder, and what is to be called after each
    voice, for a bar on standard error.

    Raises KilovoxError for a synthesiser that is none of `known`, no voice at all, and where `folder` holds something else.
    """
    unknown = sorted(set(counts) - set(known))
    if unknown:
        raise KilovoxError(f"synthesiser {', '.join(unknown)}; expected some of {', '.join(known)}")
    if not any(counts.values()):
        raise KilovoxError(f"no voice of {' or '.join(counts)}; expected one at least to speak, such as --espeak 200")
    _check_ours(folder)
    make_folder(folder)
    write_json(folder / LICENCES_FILE, LICENCES)
    with lock(folder / ".lock"), tempfile.TemporaryDirectory(prefix="kilovox-") as scratch, _bar(counts, quiet) as advance:
        yield Path(scratch), advance


def _check_ours(folder: Path) -> None:
    """Raise KilovoxError where `folder` holds something that no run of `synthesise` put there: nothing of it is touched."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    try:
        known = json.loads(read_small(folder / LICENCES_FILE, LARGEST_LICENCES, "licences of voices"))
    except (KilovoxError, ValueError, RecursionError):
        known = None
    if not isinstance(known, dict) or not set(known) <= set(SOURCES):
        raise KilovoxError(f"{folder}: holds something else; expected a new or empty folder, or one that was made here before")


@contextlib.contextmanager
def _bar(counts: Mapping[str, int], quiet: bool) -> Iterator[Callable[[], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = TextColumn("voices"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal, transient=True) as bar:
        task = bar.add_task("voices", total=sum(counts.values()))
        yield lambda: bar.advance(task)


def write_voices(
    folder: Path,
    source: str,
    voices: Iterable[int],
    say: Say,
    rate: int,
    advance: Callable[[], None] = lambda: None,
    words: Sequence[str] = WORDS,
) -> None:
    """Write `words` of `voices` to `folder`, each to its `voice_file`, 16 kHz int16; what is there is kept."""
    for word in words:
        make_folder(folder / word)
    for number in voices:
        paths = {word: folder / voice_file(source, number, word) for word in words}
        missing = [word for word, path in paths.items() if not path.exists()]
        for word, sound in say(number, missing) if missing else ():
            write_sound(paths[word], sound, rate)
        advance()
    write_json(folder / LICENCES_FILE, LICENCES)


def voice_file(source: str, number: int, word: str) -> str:
    """Where a corpus has this word by this voice."""
    return f"{word}/{source}{number:04d}_nohash_0.wav"


def write_sound(path: Path, sound: Sound, rate: int) -> None:
    """`sound` at `rate` Hz as a file of 16 kHz int16, of the format that the name ends with: trimmed, its peak at PEAK."""
    resampled = soxr.resample(trimmed(sound, rate), rate, SAMPLE_RATE)
    scaled = resampled * (PEAK / max(1e-6, float(np.abs(resampled).max(initial=0.0))))
    with replacing(path) as temporary:
        soundfile.write(temporary, scaled, SAMPLE_RATE, subtype="PCM_16", format=path.suffix[1:].upper())


def open_synthetic(path: Path | None = None) -> RecordingCorpus:
    """The corpus at `path`, or where `kilovox data synthesise` puts it. Raises KilovoxError where there is none."""
    folder = default_folder() if path is None else path
    if not folder.is_dir():
        raise KilovoxError(f"{folder}: no synthetic recordings; expected them made by: kilovox data synthesise --out {folder}")
    return open_folders(folder)


def default_folder() -> Path:
    """Of the cache."""
    return cache_folder() / "synthetic"


def licences(speakers: Iterable[str | None]) -> dict[str, str]:
    """Of the synthesisers that made the voices `speakers`, by name, as far as their names tell."""
    sources = {str(speaker).rstrip("0123456789") for speaker in speakers}
    return {source: LICENCES[source] for source in sorted(sources) if source in LICENCES}
