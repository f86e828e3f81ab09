"""Constants of spectra in linear bands, and the spectrogram's and spectral blocks' checks of them.

Formats and meaning stand in runtime/features/power_spectrum.h.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from coincell.errors import ConfigurationError
from coincell.features.c_struct import CArray, CStruct
from coincell.features.transform import bit_reversal, fixed, hann, twiddles
from coincell.project import SpectralSettings, SpectrogramSettings, WindowForm

_MAX_GAIN_BITS = 30
_MAX_FLOOR_BITS = 61


def band_edges(settings: SpectralSettings | SpectrogramSettings, rate_hz: int) -> list[float]:
    """Edges of the bands in hertz, one more than there are bands.

    Raises:
        ConfigurationError: they do not lie within half the sample rate.
    """
    half = rate_hz / 2
    high = settings.high_hz or half
    edges = settings.edges_hz or np.linspace(settings.low_hz, high, settings.bands + 1).tolist()
    if edges[-1] > half or edges[0] >= edges[-1]:
        name = "edges_hz" if settings.edges_hz else "low_hz and high_hz"
        raise ConfigurationError(
            f"features.{name} must rise within half the sample rate ({half:g} Hz); "
            f"received {edges[0]:g} to {edges[-1]:g} Hz."
        )
    return [float(edge) for edge in edges]


def bins_of_bands(
    settings: SpectralSettings | SpectrogramSettings, rate_hz: int
) -> tuple[int, NDArray[np.uint16]]:
    """First bin, and bins of each band: those from its lower edge to below its upper one.

    The last band's upper edge is its own. Raises as `band_edges`, and where a band has no bin.
    """
    edges = np.array(band_edges(settings, rate_hz))
    positions = edges * settings.fft_size / rate_hz
    begins = np.ceil(positions - 1e-9).astype(int)
    begins[-1] = math.floor(positions[-1] + 1e-9) + 1
    counts = np.diff(begins)
    if counts.min() < 1:
        place = int(counts.argmin())
        raise ConfigurationError(
            f"features.fft_size = {settings.fft_size} has a value each "
            f"{rate_hz / settings.fft_size:g} Hz: none between {edges[place]:g} and "
            f"{edges[place + 1]:g} Hz.",
            hint="Choose fewer or wider bands, or a larger fft_size.",
        )
    return int(begins[0]), counts.astype(np.uint16)


def spectrum_constants(
    settings: SpectralSettings | SpectrogramSettings,
    form: WindowForm,
    frame_length: int,
    fraction_bits: int,
    frames_share: float = 1.0,
) -> CStruct:
    """coincell_power_spectrum_config

    Args:
        settings: of the transform, the bands and the floor.
        form: of the windows.
        frame_length: samples.
        fraction_bits: of a frame's values.
        frames_share: what else all powers are multiplied by: a mean over frames.

    Raises:
        ConfigurationError: a band has no bin, or lies beyond half the sample rate.
    """
    size = settings.fft_size
    log2_fft = size.bit_length() - 1
    weights = hann(frame_length)
    scale = 2 * size / float((weights[:-1] ** 2).sum()) * frames_share
    fraction, exponent = math.frexp(settings.floor / scale)
    mantissa = min(round(fraction * 2**31), 2**31 - 1)
    first_bin, band_bins = bins_of_bands(settings, form.rate_hz)
    gain = (_MAX_FLOOR_BITS - exponent) // 2 - 15 - fraction_bits
    return CStruct(
        "coincell_power_spectrum_config",
        {
            "frame_length": frame_length,
            "log2_fft": log2_fft,
            "bands": len(band_bins),
            "first_bin": first_bin,
            "fraction_bits": fraction_bits,
            "max_gain_bits": max(0, min(_MAX_GAIN_BITS, gain)),
            "floor_exponent": 31 - exponent,
            "floor_mantissa": mantissa,
            "scale_q24": round(math.log(scale) * 2**24),
            "window": CArray(
                "Rising half of a Hann window, Q31.",
                "int32_t",
                fixed(weights[: (frame_length + 1) // 2 + 1], 31, np.int32),
            ),
            "bit_reversal": CArray(
                f"Bit reversal of {size // 2} places.", "uint16_t", bit_reversal(log2_fft - 1)
            ),
            "twiddles": CArray(
                f"exp(-2 pi i j / {size}), Q30.", "coincell_complex", twiddles(size)
            ),
            "band_bins": CArray("Bins of each band.", "uint16_t", band_bins),
        },
    )
