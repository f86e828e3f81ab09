"""Settings and windows that are hard on integers, shared by the tests of the emitted C."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coincell.features import FeatureBlock, InputQuantization, make_feature_block
from coincell.project import MelSettings, WindowForm
from features.signals import RATE, synthetic_windows

QUANTIZATION = InputQuantization(0.0625, 11)

SETTINGS = {
    "plain": MelSettings(),
    "small": MelSettings(fft_size=64, frame_ms=2.3, hop_ms=4, bands=8, level="peak"),
    "cepstra": MelSettings(block="mfcc", spectrum="magnitude", level="peak", fft_size=1024),
    "centred": MelSettings(
        block="mfcc", normalization="mean", fft_size=256, frame_ms=16, hop_ms=10
    ),
    "wide": MelSettings(fft_size=2048, frame_ms=128, bands=80, high_hz=8000, floor=1e-12),
    "magnitudes": MelSettings(spectrum="magnitude", fft_size=128, frame_ms=8, low_hz=0),
}


def block_of(name: str) -> FeatureBlock:
    """The block of one of SETTINGS."""
    return make_feature_block(SETTINGS[name], WindowForm("sound", RATE, 1, RATE))


def largest_windows() -> NDArray[np.int16]:
    """Square waves at full scale, in phase with single bins: the largest spectra there are."""
    phase = 2 * np.pi * np.arange(RATE)
    squares = [np.where(np.cos(phase * k / 512 + 0.2) > 0, 32767, -32768) for k in (0, 1, 37, 255)]
    extremes = np.random.default_rng(5).choice([-32768, 32767], (3, RATE))
    return np.concatenate([squares, extremes]).astype(np.int16)


def hard_windows() -> NDArray[np.int16]:
    """Those, and all made signals."""
    return np.concatenate([np.stack(list(synthetic_windows().values())), largest_windows()])
