"""The microphones of this machine, by PortAudio."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kilovox.audio import Converter, Samples
from kilovox.audio.bounds import check_shape
from kilovox.errors import KilovoxError, not_installed
from kilovox.text import printable

DEVICES = "kilovox listen --devices"


@dataclass(frozen=True)
class Device:
    """What can be listened to: its number and name, either of which says which one; `rate`: its own, in Hz; `default`: whether
    it is the one where none is named."""

    number: int
    name: str
    channels: int
    rate: int
    default: bool


@dataclass(frozen=True)
class Which:
    """Which microphone: number, or what a part of its name says (None: the default), and which of its channels, from 1 on
    (None: the mean of all)."""

    device: str | None = None
    channel: int | None = None

    @property
    def query(self) -> int | str | None:
        """As PortAudio is asked for it."""
        number = self.device is not None and self.device.isdecimal() and len(self.device) < 10
        return int(self.device) if self.device is not None and number else self.device


def microphone(rate: int, size: int, lost: Callable[[], None] = lambda: None, which: Which | None = None) -> Iterator[Samples]:
    """Pieces of (about `size`,) int16 samples at `rate` Hz, as they come, until interrupted.

    A device that cannot do `rate` is read at its own and resampled as one stream; one that has no single channel is averaged.
    `lost` is called where the device lost samples because they were not fetched in time. Raises KilovoxError where sounddevice
    or PortAudio is not installed, there is no such input device or channel, it can do none of this, or it goes away.
    """
    which = which or Which()
    with _port_audio() as sounddevice:
        own, channels = _settings(sounddevice, rate, which)
        converter = Converter(own, rate)
        with sounddevice.InputStream(device=which.query, samplerate=own, channels=channels, dtype="int16") as stream:
            while True:
                block, overflowed = stream.read(max(1, size * own // rate))
                if overflowed:
                    lost()
                piece = converter.push(block if which.channel is None else block[:, which.channel - 1 : which.channel])
                for start in range(0, len(piece), size):
                    yield piece[start : start + size]


def devices() -> list[Device]:
    """All that can be listened to. Raises KilovoxError where sounddevice or PortAudio is not installed."""
    with _port_audio() as sounddevice:
        default = sounddevice.default.device[0]
        return [
            Device(
                number, printable(str(one["name"])), int(one["max_input_channels"]), int(one["default_samplerate"]),
                number == default,
            )
            for number, one in enumerate(sounddevice.query_devices())
            if one["max_input_channels"] > 0
        ]  # fmt: skip


@contextmanager
def _port_audio() -> Iterator[Any]:
    """The module sounddevice; its errors are KilovoxError."""
    try:
        import sounddevice  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError:
        raise KilovoxError(f"{not_installed('sounddevice')}, or --file") from None
    except OSError as error:
        raise KilovoxError(f"PortAudio: {error}; expected it installed (Debian: libportaudio2), or --file") from None
    try:
        yield sounddevice
    except (sounddevice.PortAudioError, OSError, ValueError, TypeError, OverflowError) as error:
        line = printable(" ".join(str(error).split())) or type(error).__name__
        raise KilovoxError(f"microphone: {line}; expected an input device ({DEVICES} lists them), or --file") from None


def _settings(sounddevice: Any, rate: int, which: Which) -> tuple[int, int]:
    """Rate and channels that the input device can do: the first of what is wanted, its own rate, and its own channels."""
    device = sounddevice.query_devices(which.query, "input")
    own, channels = int(device["default_samplerate"]), int(device.get("max_input_channels", 1))
    least = which.channel or 1
    if not 1 <= least <= channels and which.channel is not None:
        name = printable(str(device.get("name", "the microphone")))
        raise KilovoxError(f"--channel {least}: {name} has {channels}; expected 1 to {channels}")
    for one in (least, channels):
        for wanted in (rate, own):
            try:
                sounddevice.check_input_settings(device=which.query, channels=one, dtype="int16", samplerate=wanted)
            except (sounddevice.PortAudioError, ValueError):
                continue
            return wanted, one
    check_shape("microphone", own, channels)
    return own, least  # and let it say why not
