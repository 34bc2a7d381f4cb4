"""The optional telephone-like band-pass with gain normalisation that comes before the features."""

import numpy as np

from kilovox.audio import Samples

LOW_HZ, HIGH_HZ = 300.0, 3000.0


def band_pass(samples: Samples, sample_rate: int = 8000) -> Samples:
    """Keep 300-3000 Hz (Butterworth, second order at either edge), then raise the peak to full scale.

    samples: (samples,) int16 -> (samples,) int16. Silence stays silence.
    """
    import scipy.signal  # slow to import, and used by few

    edges = [LOW_HZ, HIGH_HZ]
    sections = scipy.signal.butter(2, edges, btype="bandpass", fs=sample_rate, output="sos")
    filtered = scipy.signal.sosfilt(sections, samples.astype(np.float64))
    peak = np.abs(filtered).max(initial=0.0)
    if peak < 1.0:
        return np.zeros_like(samples)
    result: Samples = np.rint(filtered * (32767.0 / peak)).astype(np.int16)
    return result
