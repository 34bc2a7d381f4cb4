"""The microphone of this machine, by PortAudio."""

from collections.abc import Callable, Iterator
from typing import Any

from kilovox.audio import Converter, Samples
from kilovox.audio.bounds import check_shape
from kilovox.errors import KilovoxError, not_installed


def microphone(rate: int, size: int, lost: Callable[[], None] = lambda: None) -> Iterator[Samples]:
    """Pieces of (about `size`,) int16 samples at `rate` Hz, as they come, until interrupted.

    A device that cannot do `rate` is read at its own and resampled as one stream; one that has no single channel is averaged.
    `lost` is called where the device lost samples because they were not fetched in time. Raises KilovoxError where sounddevice
    or PortAudio is not installed, there is no input device, it can do none of this, or it goes away.
    """
    try:
        import sounddevice  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError:
        raise KilovoxError(f"{not_installed('sounddevice')}, or --file") from None
    except OSError as error:
        raise KilovoxError(f"PortAudio: {error}; expected it installed (Debian: libportaudio2), or --file") from None
    try:
        own, channels = _settings(sounddevice, rate)
        converter = Converter(own, rate)
        with sounddevice.InputStream(samplerate=own, channels=channels, dtype="int16") as stream:
            while True:
                block, overflowed = stream.read(max(1, size * own // rate))
                if overflowed:
                    lost()
                piece = converter.push(block)
                for start in range(0, len(piece), size):
                    yield piece[start : start + size]
    except (sounddevice.PortAudioError, OSError, ValueError, TypeError) as error:
        line = " ".join(str(error).split()) or type(error).__name__
        raise KilovoxError(f"microphone: {line}; expected an input device, or --file") from None


def _settings(sounddevice: Any, rate: int) -> tuple[int, int]:
    """Rate and channels that the input device can do: the first of what is wanted, its own rate, and its own channels."""
    device = sounddevice.query_devices(kind="input")
    own, channels = int(device["default_samplerate"]), int(device.get("max_input_channels", 1))
    for one in (1, channels):
        for wanted in (rate, own):
            try:
                sounddevice.check_input_settings(channels=one, dtype="int16", samplerate=wanted)
            except (sounddevice.PortAudioError, ValueError):
                continue
            return wanted, one
    check_shape("microphone", own, channels)
    return own, 1  # and let it say why not
