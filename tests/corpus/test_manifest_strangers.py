"""A manifest of a stranger: read, or refused with a clear word."""

import contextlib

import pytest
from hypothesis import HealthCheck, given, settings

from kilovox.corpus.manifest import open_manifest
from kilovox.errors import KilovoxError
from models import write_wav
from strangers import CSV_PIECES, MANIFESTS, edited


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("manifest")
    for number, name in enumerate(("a.wav", "b.wav")):
        write_wav(folder / name, number)
    return folder


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(data=edited(MANIFESTS, CSV_PIECES))
def test_only_our_own_errors(folder, data):
    path = folder / "x.csv"
    path.write_bytes(data)
    with contextlib.suppress(KilovoxError):
        corpus = open_manifest(path)
        assert 1 <= len(corpus.labels) <= len(corpus)
