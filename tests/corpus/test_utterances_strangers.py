"""Utterances of a stranger: read, or refused with a clear word."""

import contextlib

import pytest
from hypothesis import HealthCheck, given, settings

from kilovox.errors import KilovoxError
from strangers import UTTERANCES, edited_utterances, read_utterances, write_utterances


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("utterances")
    write_utterances(folder)
    return folder


def test_the_good_ones_are_read(folder):
    for name, text in UTTERANCES.items():
        read_utterances(folder, name, text.encode())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(edited_utterances())
def test_only_our_own_errors(folder, example):
    with contextlib.suppress(KilovoxError):
        read_utterances(folder, *example)
