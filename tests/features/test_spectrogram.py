"""Spectrograms in linear bands against SciPy's in float64."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from coincell.errors import ConfigurationError
from coincell.features.spectrogram import SpectrogramBlock
from coincell.project import SpectrogramSettings, WindowForm
from features.block_checks import check_emitted, made_windows, series_form

Float = NDArray[np.float64]


def oracle(windows: NDArray[np.int16], form: WindowForm, chosen: SpectrogramSettings) -> Float:
    """float64 [n, frames, channels, bands]: SciPy's density, times the width of a bin, summed."""
    x = windows.reshape(len(windows), form.samples, form.channels) / 32768.0
    length = round(chosen.frame_ms * form.rate_hz / 1000)
    hop = round(chosen.hop_ms * form.rate_hz / 1000)
    frequencies, power = spectra(x, form.rate_hz, length, hop, chosen)
    return np.log(band_sums(frequencies, power, form, chosen) + chosen.floor).transpose(0, 3, 1, 2)


def spectra(x: Float, rate_hz: int, length: int, hop: int, chosen: Any) -> tuple[Float, Float]:
    """[n, samples, channels] -> frequencies, P [n, channels, bins, frames]."""
    frames = np.lib.stride_tricks.sliding_window_view(x, length, axis=1)[:, ::hop]
    if chosen.remove_mean:
        frames = frames - frames.mean(axis=-1, keepdims=True)
    frequencies, density = scipy.signal.periodogram(
        frames, rate_hz, "hann", nfft=chosen.fft_size, detrend=False, scaling="density"
    )
    power = density * rate_hz / chosen.fft_size
    return frequencies, power.transpose(0, 2, 3, 1)


def band_sums(frequencies: Float, power: Float, form: WindowForm, chosen: Any) -> Float:
    """[n, channels, bins, ...] -> [n, channels, bands, ...]."""
    high = chosen.high_hz or form.rate_hz / 2
    edges = chosen.edges_hz or np.linspace(chosen.low_hz, high, chosen.bands + 1)
    edges = np.array(edges) - 1e-9 * form.rate_hz
    edges[-1] += 2e-9 * form.rate_hz
    bands = [
        power[:, :, (frequencies >= low) & (frequencies < high)].sum(axis=2)
        for low, high in pairwise(edges)
    ]
    return np.stack(bands, axis=2)


@st.composite
def spectrogram_settings(draw: st.DrawFn) -> SpectrogramSettings:
    fft_size = draw(st.sampled_from([64, 128, 256, 512, 1024, 2048]))
    frame = draw(st.integers(8, min(300, fft_size)))
    low = draw(st.floats(0, 20))
    return SpectrogramSettings(
        frame_ms=frame * 10,
        hop_ms=draw(st.integers(max(1, frame // 4), 2 * frame)) * 10,
        fft_size=fft_size,
        bands=draw(st.integers(1, fft_size // 8)),
        low_hz=low,
        high_hz=draw(st.one_of(st.just(0.0), st.floats(low + 20, 50))),
        floor=10 ** draw(st.floats(-12, -0.1)),
        remove_mean=draw(st.booleans()),
    )


@settings(max_examples=120)
@given(chosen=spectrogram_settings(), channels=st.integers(1, 3), seed=st.integers(0, 2**32 - 1))
def test_any_settings_follow_float64(chosen: SpectrogramSettings, channels: int, seed: int) -> None:
    """Within 0.003 nats, where the frame's own rounding noise (-150 dB of its power a bin) and
    half a thirty-second of a sample left of its mean cannot matter."""
    form = series_form(300, channels)
    try:
        block = SpectrogramBlock(chosen, form)
    except ConfigurationError:
        return  # a band without a bin
    windows = made_windows(form, seed)
    wanted = oracle(windows, form, chosen)
    got = (block.compute(windows) * block.fixed_point_scale).reshape(wanted.shape)
    loudness = (windows.astype(np.float64) ** 2).max(axis=1) / 2**30 + 2.0**-30
    noise = (1e-14 * loudness)[:, None, None, None] + (2.0**-20) ** 2
    allowed = 0.003 + np.log1p(10 * noise / np.exp(wanted)) + 3 * np.sqrt(noise / np.exp(wanted))
    assert (np.abs(got - wanted) <= allowed).all()


def test_silence_is_the_floor() -> None:
    form = series_form(300, 2)
    block = SpectrogramBlock(SpectrogramSettings(), form)
    rows = block.compute(np.zeros((1, 600), np.int16)) * block.fixed_point_scale
    assert np.abs(rows - np.log(1e-10)).max() < 0.001


def test_an_offset_does_not_show() -> None:
    form = series_form(300, 1)
    block = SpectrogramBlock(SpectrogramSettings(), form)
    wave = np.rint(1000 * np.sin(np.arange(300))).astype(np.int16)
    rows = block.compute(np.stack([wave, wave + np.int16(8000)]))
    assert np.abs(rows[0].astype(int) - rows[1]).max() <= 1


def test_bands_of_ones_own() -> None:
    chosen = SpectrogramSettings(edges_hz=(0.5, 3.0, 12.5, 50.0))
    form = series_form(200, 1)
    block = SpectrogramBlock(chosen, form)
    windows = made_windows(form)
    assert block.shape == (3, 3)
    got = block.compute(windows)[:, :, np.newaxis] * block.fixed_point_scale
    noise = [10, 11, 14]  # which fills every band
    assert np.abs(got - oracle(windows, form, chosen))[noise].max() < 0.002


@pytest.mark.parametrize(
    "chosen",
    [
        SpectrogramSettings(),
        SpectrogramSettings(fft_size=64, frame_ms=230, hop_ms=100, bands=5, remove_mean=False),
        SpectrogramSettings(fft_size=512, frame_ms=1510, hop_ms=700, bands=40, low_hz=1),
    ],
    ids=["usual", "short", "long"],
)
def test_emitted_code_and_python_give_the_same_bytes(chosen: SpectrogramSettings) -> None:
    check_emitted(SpectrogramBlock(chosen, series_form(300, 3)), "rows")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"frame_ms": 2000}, "frame_ms"),
        ({"frame_ms": 10}, "frame_ms"),
        ({"hop_ms": 1}, "hop_ms"),
        ({"fft_size": 1024, "frame_ms": 4000}, "window of 300"),
        ({"high_hz": 51}, "half the sample rate"),
        ({"low_hz": 50}, "half the sample rate"),
        ({"bands": 100}, "none between"),
        ({"edges_hz": [1, 60]}, "edges_hz"),
        ({"edges_hz": [1.0, 1.1]}, "none between"),
    ],
    ids=str,
)
def test_settings_that_do_not_fit_are_refused(changed: dict[str, Any], message: str) -> None:
    chosen = SpectrogramSettings.model_validate(changed)
    with pytest.raises(ConfigurationError, match=message):
        SpectrogramBlock(chosen, series_form(300, 1))


@pytest.mark.parametrize(
    "changed",
    [
        {"fft_size": 100},
        {"fft_size": 4096},
        {"low_hz": 5, "high_hz": 5},
        {"edges_hz": [3]},
        {"edges_hz": [3, 2]},
        {"edges_hz": [-1, 2]},
        {"peaks": 3},
    ],
    ids=str,
)
def test_settings_that_make_no_sense_are_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(changed))):
        SpectrogramSettings.model_validate(changed)
