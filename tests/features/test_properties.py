"""What must hold whatever the settings and the samples are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from coincell.errors import ConfigurationError, DataError
from coincell.features import InputQuantization, make_feature_block
from coincell.project import MelSettings, WindowForm
from features.float_oracle import reference_features
from features.signals import RATE, synthetic_windows

KINDS = ("noise", "square", "tone", "sparse", "steps")


@st.composite
def feature_settings(draw: st.DrawFn) -> MelSettings:
    fft_size = draw(st.sampled_from([64, 128, 256, 512, 1024, 2048]))
    frame = draw(st.integers(8, fft_size))
    low = draw(st.floats(0, 1500))
    bands = draw(st.integers(4, 60))
    return MelSettings(
        block=draw(st.sampled_from(["log-mel", "mfcc"])),
        frame_ms=frame / 16,
        hop_ms=draw(st.integers(max(1, frame // 4), 2 * frame)) / 16,
        fft_size=fft_size,
        bands=bands,
        low_hz=low,
        high_hz=draw(st.floats(low + 200, 8000)),
        coefficients=draw(st.integers(1, bands)),
        spectrum=draw(st.sampled_from(["power", "magnitude"])),
        level=draw(st.sampled_from(["absolute", "peak"])),
        floor=10 ** draw(st.floats(-6, -0.1)),
        normalization=draw(st.sampled_from(["none", "mean"])),
    )


def made_window(kind: str, loudness: int, seed: int, length: int) -> NDArray[np.int16]:
    generator = np.random.default_rng(seed)
    phase = 2 * np.pi * generator.random() + 2 * np.pi * generator.random() * np.arange(length) / 2
    signal = {
        "noise": generator.uniform(-1, 1, length),
        "square": np.sign(np.sin(phase)),
        "tone": np.sin(phase),
        "sparse": np.where(generator.random(length) < 0.01, 1.0, 0.0),
        "steps": np.repeat(generator.uniform(-1, 1, length // 100 + 1), 100)[:length],
    }[kind]
    return np.clip(np.rint(signal * loudness), -32768, 32767).astype(np.int16)


@settings(derandomize=True, max_examples=150, deadline=None)
@given(
    chosen=feature_settings(),
    kind=st.sampled_from(KINDS),
    loudness=st.sampled_from([1, 3, 100, 5000, 32768]),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_settings_follow_float64(
    chosen: MelSettings, kind: str, loudness: int, seed: int
) -> None:
    """Within 0.02 nats plus two units, where the transform's noise (-120 dB) cannot matter."""
    windows = made_window(kind, loudness, seed, 4000)[np.newaxis]
    block = make_feature_block(chosen, WindowForm("sound", 4000, 1, RATE))
    expected = reference_features(windows, chosen)
    got = block.compute(windows) * block.fixed_point_scale
    assert got.shape == expected.shape
    noise = 1e-6 / chosen.floor if chosen.spectrum == "magnitude" else 0.0
    if chosen.level == "peak":
        # One unit of the spectrum against the peak and the floor: what a window of a few steps of
        # the converter, in frames much shorter than the transform, cannot be raised above.
        bits = block.tables.max_gain_bits + 15 - (chosen.fft_size.bit_length() - 1)
        noise += 2.0**-bits / (np.abs(windows).max() / 32768) / np.sqrt(chosen.floor)
    gain = np.sqrt(2 * chosen.bands) if chosen.block == "mfcc" else 1.0
    allowed = gain * (0.002 + min(noise, 1.0)) + 2 * block.fixed_point_scale
    assert np.abs(got - expected).max() <= allowed


@settings(derandomize=True, max_examples=60, deadline=None)
@given(chosen=feature_settings(), seed=st.integers(0, 2**32 - 1))
def test_quantized_batches_are_the_same_as_single_windows(chosen: MelSettings, seed: int) -> None:
    windows = np.stack([made_window(kind, 9000, seed, 3000) for kind in KINDS])
    block, quantization = (
        make_feature_block(chosen, WindowForm("sound", 3000, 1, RATE)),
        InputQuantization(0.125, 3),
    )
    whole = block.run(windows, quantization)
    assert np.array_equal(whole, block.quantize(block.compute(windows), quantization))
    for window, expected in zip(windows, whole, strict=True):
        assert np.array_equal(block.run(window[np.newaxis], quantization)[0], expected)


def test_a_row_depends_on_its_own_samples_alone() -> None:
    """So that overlapping windows can share rows: moved by a hop, the rows move by one."""
    window = synthetic_windows()["fades"]
    for chosen in (MelSettings(), MelSettings(block="mfcc", spectrum="magnitude")):
        block = make_feature_block(chosen, WindowForm("sound", RATE - 320, 1, RATE))
        first, moved = block.compute(np.stack([window[:-320], window[320:]]))
        assert np.array_equal(first[1:], moved[:-1])


@pytest.mark.parametrize("level", ["absolute", "peak"])
@pytest.mark.parametrize("spectrum", ["power", "magnitude"])
def test_silence_is_the_floor(level: str, spectrum: str) -> None:
    chosen = MelSettings.model_validate({"level": level, "spectrum": spectrum})
    block = make_feature_block(chosen, WindowForm("sound", RATE, 1, RATE))
    rows = block.compute(np.zeros((1, RATE), np.int16)) * block.fixed_point_scale
    assert np.abs(rows - np.log(chosen.floor)).max() < 0.001


def test_at_peak_level_loudness_does_not_matter() -> None:
    block = make_feature_block(MelSettings(level="peak"), WindowForm("sound", RATE, 1, RATE))
    tone = synthetic_windows()["tone between bins"].astype(np.int32)
    loud, quiet = ((tone // 256 * gain).astype(np.int16) for gain in (256, 1))
    rows = block.compute(np.stack([loud, quiet]))
    assert np.abs(rows[0].astype(int) - rows[1]).max() <= 1


def test_the_mean_of_every_column_is_gone() -> None:
    block = make_feature_block(
        MelSettings(normalization="mean"), WindowForm("sound", RATE, 1, RATE)
    )
    rows = block.compute(np.stack(list(synthetic_windows().values())))
    assert np.abs(rows.astype(np.float64).mean(axis=1)).max() <= 0.5


def test_no_windows_give_no_features() -> None:
    block = make_feature_block(MelSettings(), WindowForm("sound", RATE, 1, RATE))
    none = np.zeros((0, RATE), np.int16)
    assert block.compute(none).shape == (0, 49, 40)
    assert block.run(none, InputQuantization(0.1015625, 0)).shape == (0, 49, 40)


@pytest.mark.parametrize(
    "windows", [np.zeros((2, RATE), np.int32), np.zeros((2, 100), np.int16), np.zeros(9, np.int16)]
)
def test_windows_of_another_type_or_length_are_refused(windows: NDArray[np.generic]) -> None:
    block = make_feature_block(MelSettings(), WindowForm("sound", RATE, 1, RATE))
    with pytest.raises(DataError, match="int16"):
        block.compute(windows)


@pytest.mark.parametrize(
    ("changed", "rate", "samples", "message"),
    [
        ({"frame_ms": 40}, 16000, 16000, "frame_ms"),
        ({"frame_ms": 0.05}, 16000, 16000, "frame_ms"),
        ({"hop_ms": 0.01}, 16000, 16000, "hop_ms"),
        ({}, 16000, 400, "window"),
        ({}, 6000, 6000, "high_hz"),
    ],
)
def test_settings_that_do_not_fit_are_refused(
    changed: dict[str, float], rate: int, samples: int, message: str
) -> None:
    chosen = MelSettings.model_validate(changed)
    with pytest.raises(ConfigurationError, match=message):
        make_feature_block(chosen, WindowForm("sound", samples, 1, rate))
