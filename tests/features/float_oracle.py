"""The feature blocks in float64 with SciPy: written from the definition, not from the C.

Where the C sums each bin into two neighbouring triangles, this builds the whole filter bank as a
matrix; where the C halves and shifts, this divides.
"""

from __future__ import annotations

import numpy as np
import scipy.fft
import scipy.signal
from numpy.typing import NDArray

from coincell.features import InputQuantization
from coincell.project import MelSettings

Float = NDArray[np.float64]


def hertz_to_mel(hertz: Float | float) -> Float:
    """HTK's mel scale, as the HTK book has it: 2595 log10(1 + f / 700)."""
    return np.asarray(2595.0 * np.log10(1.0 + np.asarray(hertz) / 700.0))


def filter_bank(settings: MelSettings, sample_rate_hz: int) -> Float:
    """Triangles, linear in mel: [bands, fft_size / 2 + 1]."""
    ends = hertz_to_mel(settings.low_hz), hertz_to_mel(settings.high_hz)
    edges = np.linspace(*ends, settings.bands + 2)
    bins = hertz_to_mel(scipy.fft.rfftfreq(settings.fft_size, 1 / sample_rate_hz))
    lower, centre, upper = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rise, fall = (bins - lower) / (centre - lower), (upper - bins) / (upper - centre)
    return np.maximum(0.0, np.minimum(rise, fall))


def reference_features(
    windows: NDArray[np.int16], settings: MelSettings, sample_rate_hz: int = 16000
) -> Float:
    """int16 [n, window_samples] -> float64 [n, frames, bands or coefficients]."""
    samples = windows.astype(np.float64)
    if settings.level == "peak":
        samples /= np.maximum(np.abs(samples).max(axis=1, keepdims=True), 1.0)
    else:
        samples /= 32768.0
    frame = round(settings.frame_ms * sample_rate_hz / 1000)
    hop = round(settings.hop_ms * sample_rate_hz / 1000)
    frames = np.lib.stride_tricks.sliding_window_view(samples, frame, axis=1)[:, ::hop]
    hann = scipy.signal.get_window("hann", frame)
    spectrum = np.abs(scipy.fft.rfft(frames * hann, settings.fft_size))
    if settings.spectrum == "power":
        spectrum **= 2
    features = np.log(spectrum @ filter_bank(settings, sample_rate_hz).T + settings.floor)
    if settings.block == "mfcc":
        features = scipy.fft.dct(features, norm="ortho")[..., : settings.coefficients]
        features[..., 0] *= np.sqrt(2.0)
    if settings.normalization == "mean":
        features -= features.mean(axis=1, keepdims=True)
    return np.asarray(features)


def reference_int8(features: Float, quantization: InputQuantization) -> NDArray[np.int8]:
    """float64 -> int8, half rounded up."""
    steps = np.floor(features / quantization.scale + 0.5) + quantization.zero_point
    return np.clip(steps, -128, 127).astype(np.int8)
