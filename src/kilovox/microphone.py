"""The microphone of this machine, by PortAudio."""

from collections.abc import Iterator

import numpy as np

from kilovox.audio import Samples, to_int16_mono
from kilovox.errors import KilovoxError, not_installed


def microphone(rate: int, size: int) -> Iterator[Samples]:
    """Pieces of (about `size`,) int16 samples at `rate` Hz, as they come, until interrupted.

    A device that cannot do `rate` is read at its own and resampled piece by piece. Raises KilovoxError where sounddevice or
    PortAudio is not installed, or there is no input device.
    """
    try:
        import sounddevice  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError:
        raise KilovoxError(f"{not_installed('sounddevice')}, or --file") from None
    except OSError as error:
        raise KilovoxError(f"PortAudio: {error}; expected it installed (Debian: libportaudio2), or --file") from None
    try:
        device = sounddevice.query_devices(kind="input")
        try:
            sounddevice.check_input_settings(channels=1, dtype="int16", samplerate=rate)
            own = rate
        except sounddevice.PortAudioError:
            own = int(device["default_samplerate"])
        with sounddevice.InputStream(samplerate=own, channels=1, dtype="int16") as stream:
            while True:
                piece, _ = stream.read(max(1, size * own // rate))
                yield np.ascontiguousarray(to_int16_mono(piece, own, rate))
    except (sounddevice.PortAudioError, ValueError) as error:
        raise KilovoxError(f"microphone: {error}; expected an input device, or --file") from None
