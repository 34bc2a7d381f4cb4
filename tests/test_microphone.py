"""The microphone, by a PortAudio that is played: its own rate, another one, and none."""

import itertools
import sys
import types

import numpy as np
import pytest

from kilovox.errors import KilovoxError
from kilovox.microphone import microphone


class PortAudioError(Exception):
    """As sounddevice's."""


class InputStream:
    """Reads ones."""

    def __init__(self, samplerate, channels, dtype):
        assert (channels, dtype) == (1, "int16")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def read(self, count):
        return np.ones((count, 1), np.int16), False


def played(rates, device=True):
    def check(samplerate, **_):
        if samplerate not in rates:
            raise PortAudioError("rate")

    def query(kind):
        if not device:
            raise PortAudioError("no device")
        return {"default_samplerate": float(rates[0])}

    return types.SimpleNamespace(
        PortAudioError=PortAudioError, InputStream=InputStream, check_input_settings=check, query_devices=query
    )


@pytest.mark.parametrize("rates", [[8000], [48000]])
def test_pieces_at_the_rate_asked_for(monkeypatch, rates):
    monkeypatch.setitem(sys.modules, "sounddevice", played(rates))
    for piece in itertools.islice(microphone(8000, 160), 3):
        assert piece.dtype == np.int16
        assert len(piece) == pytest.approx(160, abs=2)


def test_no_device_and_no_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "sounddevice", played([8000], device=False))
    with pytest.raises(KilovoxError, match="microphone: no device; expected an input device"):
        next(microphone(8000, 160))
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(KilovoxError, match=r"pip install 'kilovox\[listen\]'"):
        next(microphone(8000, 160))
