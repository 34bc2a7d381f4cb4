"""The microphone, by a PortAudio that is played: its own rate, another one, several channels, losses, and none."""

import itertools
import math
import sys
import types

import numpy as np
import pytest

from kilovox.audio import to_int16_mono
from kilovox.errors import KilovoxError
from kilovox.microphone import Device, Which, devices, microphone

RANDOM = np.random.default_rng(3).integers(-9000, 9000, (50_000, 2)).astype(np.int16)


class PortAudioError(Exception):
    """As sounddevice's."""


class InputStream:
    """Reads `RANDOM`; the second time it has lost samples, at its end it is pulled out."""

    def __init__(self, device, samplerate, channels, dtype):
        assert dtype == "int16"
        self.samples, self.reads = RANDOM[:, :channels], 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def read(self, count):
        self.reads += 1
        if len(self.samples) < count:
            raise PortAudioError("Device unavailable\n [PaErrorCode -9985]")
        piece, self.samples = self.samples[:count], self.samples[count:]
        return piece, self.reads == 2


def played(rates, device=True, channels=(1,)):
    def check(device, samplerate, channels, **_):
        query(device, "input")
        if samplerate not in rates or channels not in allowed:
            raise PortAudioError("Invalid sample rate")

    allowed = channels

    def query(which=None, kind=None):
        if not device:
            raise PortAudioError("no device")
        found = {"name": "USB\x1b mic", "default_samplerate": float(rates[0]), "max_input_channels": max(allowed)}
        if kind is None:
            return [{"name": "speakers", "default_samplerate": 48000.0, "max_input_channels": 0}, found, found]
        if which not in (None, 1, "usb"):
            raise ValueError(f"No input device matching {which!r}")
        return found

    return types.SimpleNamespace(
        PortAudioError=PortAudioError,
        InputStream=InputStream,
        check_input_settings=check,
        query_devices=query,
        default=types.SimpleNamespace(device=(1, 0)),
    )


@pytest.mark.parametrize(("rates", "channels"), [([8000], (1,)), ([48000], (1,)), ([44100], (2,)), ([8000, 44100], (2,))])
def test_what_was_heard_is_one_stream_at_the_rate_asked_for(monkeypatch, rates, channels):
    monkeypatch.setitem(sys.modules, "sounddevice", played(rates, channels=channels))
    pieces = list(itertools.islice(microphone(8000, 160), 30))
    assert all(piece.dtype == np.int16 and len(piece) <= 160 for piece in pieces)
    heard = np.concatenate(pieces)
    expected = to_int16_mono(RANDOM[:, : channels[0]], 8000 if 8000 in rates else rates[0], 8000)
    assert len(heard) > 2000
    np.testing.assert_array_equal(heard, expected[: len(heard)])


@pytest.mark.parametrize("device", [None, "1", "usb"])
@pytest.mark.parametrize(("channel", "allowed"), [(1, (1, 2)), (2, (2,)), (1, (2,))])
def test_one_channel_of_one_device(monkeypatch, device, channel, allowed):
    monkeypatch.setitem(sys.modules, "sounddevice", played([8000], channels=allowed))
    pieces = list(itertools.islice(microphone(8000, 160, which=Which(device, channel)), 30))
    np.testing.assert_array_equal(np.concatenate(pieces), RANDOM[: 30 * 160, channel - 1])


def test_a_device_or_a_channel_that_is_not_there(monkeypatch):
    monkeypatch.setitem(sys.modules, "sounddevice", played([8000], channels=(1, 2)))
    with pytest.raises(
        KilovoxError, match=r"No input device matching 'jack'; expected .* \(kilovox listen --devices lists them\)"
    ):
        next(microphone(8000, 160, which=Which("jack")))
    with pytest.raises(KilovoxError, match="No input device matching 7; expected"):
        next(microphone(8000, 160, which=Which("7")))
    with pytest.raises(KilovoxError, match="No input device matching '9999"):
        next(microphone(8000, 160, which=Which("9" * 5000)))
    with pytest.raises(KilovoxError, match=r"--channel 3: USB\\x1b mic has 2; expected 1 to 2"):
        next(microphone(8000, 160, which=Which(None, 3)))


def test_the_devices_that_can_be_heard(monkeypatch):
    monkeypatch.setitem(sys.modules, "sounddevice", played([44100], channels=(1, 2)))
    assert devices() == [Device(1, "USB\\x1b mic", 2, 44100, True), Device(2, "USB\\x1b mic", 2, 44100, False)]


def test_lost_samples_are_told_and_a_device_that_goes_away_is_a_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "sounddevice", played([8000]))
    lost = []
    pieces = microphone(8000, 160, lambda: lost.append(1))
    for _ in range(len(RANDOM) // 160):
        assert len(next(pieces)) == 160
    with pytest.raises(KilovoxError, match=r"^microphone: Device unavailable \[PaErrorCode -9985\]; expected an input device"):
        next(pieces)
    assert lost == [1]


def test_a_device_of_no_use(monkeypatch):
    for rates, channels, message in (([8000], (0,), "0 channels; expected 1 to 64"), ([1], (2,), None), ([0], (1,), None)):
        module = played(rates, channels=channels)
        module.check_input_settings = lambda **_: (_ for _ in ()).throw(PortAudioError("Invalid"))
        monkeypatch.setitem(sys.modules, "sounddevice", module)
        with pytest.raises(KilovoxError, match=message or r"a sample rate of \d Hz"):
            next(microphone(8000, 160))


@pytest.mark.parametrize("rate", [math.inf, math.nan])
def test_a_device_whose_rate_is_no_number(monkeypatch, rate):
    monkeypatch.setitem(sys.modules, "sounddevice", played([rate]))
    for listen in (lambda: next(microphone(8000, 160)), devices):
        with pytest.raises(KilovoxError, match=r"microphone: cannot convert float .* to integer; expected an input device"):
            listen()


def test_no_device_and_no_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "sounddevice", played([8000], device=False))
    with pytest.raises(KilovoxError, match="microphone: no device; expected an input device"):
        next(microphone(8000, 160))
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(KilovoxError, match=r"from a clone pip install '\.\[listen\]' .*pip install 'kilovox\[listen\]'"):
        next(microphone(8000, 160))
