"""The constants of a feature block: made in float64, rounded once to the integers the C reads.

Formats and meaning stand in runtime/features/features.h.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.errors import ConfigurationError
from coincell.features.transform import Float, bit_reversal, fixed, hann, twiddles
from coincell.project import MelSettings

_MAX_FRACTION_BITS = 12
_MAX_GAIN_BITS = 30
_MAX_FLOOR_BITS = 62


@dataclass(frozen=True)
class Tables:
    """Everything of `coincell_features_config`, in its order; arrays are flat or [rows, 2]."""

    window_samples: int
    frame_length: int
    hop: int
    frames: int
    columns: int
    log2_fft: int
    bands: int
    first_bin: int
    fraction_bits: int
    max_gain_bits: int
    floor_exponent: int
    floor_mantissa: int
    magnitude: int
    peak_level: int
    remove_mean: int
    window: NDArray[np.int32]
    bit_reversal: NDArray[np.uint16]
    twiddles: NDArray[np.int32]
    segment_bins: NDArray[np.uint16]
    rising: NDArray[np.uint32]
    cosines: NDArray[np.int16] | None

    @property
    def fft_size(self) -> int:
        """Points of the transform."""
        return 1 << self.log2_fft

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays by name, in the order of the C struct; `cosines` only for MFCC."""
        named: dict[str, NDArray[Any]] = {
            "window": self.window,
            "bit_reversal": self.bit_reversal,
            "twiddles": self.twiddles,
            "segment_bins": self.segment_bins,
            "rising": self.rising,
        }
        return named if self.cosines is None else named | {"cosines": self.cosines}


def make_tables(settings: MelSettings, sample_rate_hz: int, window_samples: int) -> Tables:
    """The constants for windows of `window_samples` at `sample_rate_hz`.

    Raises:
        ConfigurationError: the frame, the hop or the bands do not fit the window or the rate.
    """
    frame_length = round(settings.frame_ms * sample_rate_hz / 1000)
    hop = round(settings.hop_ms * sample_rate_hz / 1000)
    _check_lengths(settings, frame_length, hop, sample_rate_hz, window_samples)
    log2_fft = settings.fft_size.bit_length() - 1
    weights = hann(frame_length)
    first_bin, segment_bins, rising = _mel_segments(settings, sample_rate_hz)
    cosines = _cosines(settings) if settings.block == "mfcc" else None
    floor_mantissa, floor_exponent = _mantissa(settings.floor)
    return Tables(
        window_samples=window_samples,
        frame_length=frame_length,
        hop=hop,
        frames=1 + (window_samples - frame_length) // hop,
        columns=settings.coefficients if settings.block == "mfcc" else settings.bands,
        log2_fft=log2_fft,
        bands=settings.bands,
        first_bin=first_bin,
        fraction_bits=_fraction_bits(settings, weights, segment_bins, cosines),
        max_gain_bits=_max_gain_bits(settings, log2_fft),
        floor_exponent=floor_exponent,
        floor_mantissa=floor_mantissa,
        magnitude=int(settings.spectrum == "magnitude"),
        peak_level=int(settings.level == "peak"),
        remove_mean=int(settings.normalization == "mean"),
        window=fixed(weights[: (frame_length + 1) // 2 + 1], 31, np.int32),
        bit_reversal=bit_reversal(log2_fft - 1),
        twiddles=twiddles(settings.fft_size),
        segment_bins=segment_bins,
        rising=rising,
        cosines=None if cosines is None else fixed(cosines, 15, np.int16),
    )


def _check_lengths(
    settings: MelSettings, frame: int, hop: int, sample_rate_hz: int, window_samples: int
) -> None:
    if not 2 <= frame <= settings.fft_size:
        raise ConfigurationError(
            f"features.frame_ms must give 2 to features.fft_size = {settings.fft_size} samples; "
            f"received {settings.frame_ms:g} ms = {frame} samples at {sample_rate_hz} Hz.",
            hint="Raise fft_size to the next power of two, or shorten the frame.",
        )
    if hop < 1:
        raise ConfigurationError(
            f"features.hop_ms must be at least one sample; received {settings.hop_ms:g} ms."
        )
    if frame > window_samples:
        raise ConfigurationError(
            f"features.frame_ms must not exceed the window of {window_samples} samples; "
            f"received {frame} samples."
        )
    if settings.high_hz > sample_rate_hz / 2:
        raise ConfigurationError(
            f"features.high_hz must not exceed half the sample rate ({sample_rate_hz / 2:g}); "
            f"received {settings.high_hz:g}."
        )


def _mel(hertz: Float | float) -> Float:
    """Mel scale of O'Shaughnessy (1987), as HTK, Kaldi and tf.signal have it."""
    return np.asarray(1127.0 * np.log1p(np.asarray(hertz, np.float64) / 700.0))


def _mel_segments(
    settings: MelSettings, sample_rate_hz: int
) -> tuple[int, NDArray[np.uint16], NDArray[np.uint32]]:
    """First bin used; bins in each segment between band edges; rising weight of each, Q32."""
    edges = np.linspace(_mel(settings.low_hz), _mel(settings.high_hz), settings.bands + 2)
    bins = _mel(np.arange(settings.fft_size // 2 + 1) * sample_rate_hz / settings.fft_size)
    segment = np.searchsorted(edges, bins, side="right") - 1
    inside = (segment >= 0) & (segment <= settings.bands)
    used, segment = np.flatnonzero(inside), segment[inside]
    rising = (bins[used] - edges[segment]) / (edges[segment + 1] - edges[segment])
    counts = np.bincount(segment, minlength=settings.bands + 1).astype(np.uint16)
    return int(used[0]) if len(used) else 0, counts, fixed(rising, 32, np.uint32)


def _cosines(settings: MelSettings) -> Float:
    """DCT-II with the factor sqrt(2 / bands) on every row: [coefficients, bands]."""
    order = np.arange(settings.coefficients)[:, None]
    band = np.arange(settings.bands)[None, :]
    matrix: Float = math.sqrt(2 / settings.bands) * np.cos(
        np.pi * order * (band + 0.5) / settings.bands
    )
    return matrix


def _mantissa(value: float) -> tuple[int, int]:
    """(m, e) with value = m 2^-e and 2^31 <= m < 2^32."""
    fraction, exponent = math.frexp(value)
    mantissa = min(round(fraction * 2**32), 2**32 - 1)
    return mantissa, 32 - exponent


def _fraction_bits(
    settings: MelSettings,
    hann: Float,
    segment_bins: NDArray[np.uint16],
    cosines: Float | None,
) -> int:
    """As many as int16 has room for, whatever the samples are: |X| <= sum of the window."""
    power = 1 if settings.spectrum == "magnitude" else 2
    widest = int((segment_bins[:-1] + segment_bins[1:]).max())
    low = math.log(settings.floor)
    high = math.log(widest * hann.sum() ** power + settings.floor)
    if cosines is None:
        bounds = np.array([[low], [high]])
    else:
        ends = np.stack([cosines * low, cosines * high])
        bounds = np.stack([ends.min(axis=0).sum(axis=-1), ends.max(axis=0).sum(axis=-1)])
    largest = float(np.abs(bounds).max())
    if settings.normalization == "mean":
        largest = float((bounds[1] - bounds[0]).max())
    return min(_MAX_FRACTION_BITS, math.floor(math.log2(32767 / (largest * 1.001 + 0.01))))


def _max_gain_bits(settings: MelSettings, log2_fft: int) -> int:
    """Most bits a frame may be raised with the floor still below 2^62 in the spectrum's units."""
    room = _MAX_FLOOR_BITS - max(0, math.frexp(settings.floor)[1])
    bits = room - 16 if settings.spectrum == "magnitude" else room // 2
    return min(_MAX_GAIN_BITS, bits + log2_fft - 15)
