"""The C front end against float64: the error, in steps of the int8 output, over every setting."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from coincell.features import choose_quantization, make_feature_block
from coincell.project import MelSettings, WindowForm
from features.float_oracle import filter_bank, reference_features, reference_int8
from features.signals import RATE, speech_windows, synthetic_windows

SETTINGS = [
    MelSettings(block=block, spectrum=spectrum, level=level, normalization=normalization)
    for block, spectrum, level, normalization in itertools.product(
        ("log-mel", "mfcc"), ("power", "magnitude"), ("absolute", "peak"), ("none", "mean")
    )
]


def name_of(settings: MelSettings) -> str:
    return "-".join((settings.block, settings.spectrum, settings.level, settings.normalization))


@pytest.fixture(scope="module")
def speech(shared: Path) -> NDArray[np.int16]:
    return speech_windows(shared, most=120)


@pytest.fixture(scope="module")
def synthetic() -> NDArray[np.int16]:
    return np.stack(list(synthetic_windows().values()))


def errors(
    windows: NDArray[np.int16], settings: MelSettings, fitted_on: NDArray[np.int16]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Error of the fixed point in int8 steps, and the difference of the int8 values."""
    block = make_feature_block(settings, WindowForm("sound", windows.shape[1], 1, RATE))
    quantization = choose_quantization(block.compute(fitted_on), block.fixed_point_scale)
    expected = reference_features(windows, settings)
    fixed = block.compute(windows) * block.fixed_point_scale
    got = block.run(windows, quantization).astype(np.int64)
    steps = np.abs(fixed - expected) / quantization.scale
    return steps, np.abs(got - reference_int8(expected, quantization))


@pytest.mark.parametrize("settings", SETTINGS, ids=name_of)
def test_speech_is_within_a_fiftieth_of_a_step(
    speech: NDArray[np.int16], settings: MelSettings
) -> None:
    steps, difference = errors(speech, settings, fitted_on=speech)
    assert steps.max() < 0.02
    assert np.median(difference) == 0
    assert np.quantile(difference, 0.97) == 0
    assert difference.max() <= 1


@pytest.mark.parametrize("settings", SETTINGS, ids=name_of)
def test_made_signals_stay_within_the_stated_error(
    synthetic: NDArray[np.int16], settings: MelSettings
) -> None:
    steps, difference = errors(synthetic, settings, fitted_on=synthetic)
    assert np.median(steps) < 0.05
    assert np.quantile(steps, 0.99) < 2
    assert np.median(difference) == 0
    assert np.quantile(difference, 0.99) <= 1
    if settings.spectrum == "power":  # a magnitude's floor of 1e-6 lies in the FFT's own noise
        assert steps.max() < 0.05


@pytest.mark.parametrize("fft_size", [64, 128, 256, 512, 1024, 2048])
@pytest.mark.parametrize("share", [0.43, 1.0], ids=["short-frame", "full-frame"])
def test_every_transform_size(synthetic: NDArray[np.int16], fft_size: int, share: float) -> None:
    settings = MelSettings(
        fft_size=fft_size,
        frame_ms=share * fft_size / 16,
        hop_ms=share * fft_size / 32,
        bands=16,
        low_hz=60,
        high_hz=8000,
    )
    steps, difference = errors(synthetic, settings, fitted_on=synthetic)
    assert steps.max() < 0.05
    assert difference.max() <= 1


@pytest.mark.parametrize("rate", [8000, 22050, 48000])
def test_other_sample_rates(synthetic: NDArray[np.int16], rate: int) -> None:
    settings = MelSettings(fft_size=2048, frame_ms=21.3, hop_ms=10.7, bands=30)
    block = make_feature_block(settings, WindowForm("sound", synthetic.shape[1], 1, rate))
    expected = reference_features(synthetic, settings, rate)
    assert block.shape == expected.shape[1:]
    got = block.compute(synthetic) * block.fixed_point_scale
    assert np.abs(got - expected).max() < 0.005


def test_bands_narrower_than_a_bin_hold_the_floor(synthetic: NDArray[np.int16]) -> None:
    settings = MelSettings(fft_size=64, frame_ms=4, hop_ms=4, bands=60, high_hz=8000)
    empty = filter_bank(settings, RATE).sum(axis=1) == 0
    assert empty.any()
    block = make_feature_block(settings, WindowForm("sound", synthetic.shape[1], 1, RATE))
    got = block.compute(synthetic)[..., empty] * block.fixed_point_scale
    assert np.abs(got - np.log(settings.floor)).max() < 0.001


@pytest.mark.parametrize("floor", [1e-12, 1e-9, 1e-3, 0.9])
@pytest.mark.parametrize("spectrum", ["power", "magnitude"])
def test_floors_from_tiny_to_large(
    synthetic: NDArray[np.int16], floor: float, spectrum: str
) -> None:
    settings = MelSettings.model_validate({"floor": floor, "spectrum": spectrum})
    block = make_feature_block(settings, WindowForm("sound", synthetic.shape[1], 1, RATE))
    expected = reference_features(synthetic, settings)
    got = block.compute(synthetic) * block.fixed_point_scale
    silence = list(synthetic_windows()).index("silence")
    assert np.abs(got[silence] - np.log(floor)).max() < 0.001
    # Below -125 dB of a frame's loudest bin lies the transform's own noise: compare above it.
    power = 1 if spectrum == "magnitude" else 2
    loudest = 240.0 * np.abs(synthetic / 32768).max(axis=1)[:, None, None]
    clear = expected > np.log((loudest * 2e-6) ** power + floor)
    assert np.abs(got - expected)[clear].max() < 0.2
    assert clear.mean() > 0.5
