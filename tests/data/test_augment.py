"""Augmentation against NumPy's and SciPy's formulas: levels reached, bounds kept, repeatable."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.ndimage
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from coincell.data import augment_sound, mixed_at_snr, spec_augment, spec_augment_batch
from coincell.data.augment import shifted
from coincell.data.noise import NOISES, cut_noise, make_noise
from coincell.project import AugmentationSettings

RATE = 16000


def off(**changes: object) -> AugmentationSettings:
    """Settings that change nothing, but for `changes`."""
    settings: dict[str, object] = {
        "shift_ms": 0.0,
        "gain_db": (0.0, 0.0),
        "noise_probability": 0.0,
        "time_masks": 0,
        "frequency_masks": 0,
    }
    return AugmentationSettings.model_validate(settings | changes)


def speech(seed: int, level: float = 3000.0, samples: int = RATE) -> NDArray[np.int16]:
    noise = np.random.default_rng(seed).standard_normal(samples) * level
    return np.clip(noise, -32768, 32767).astype(np.int16)


@settings(derandomize=True, max_examples=100, deadline=None)
@given(seed=st.integers(0, 100), shift=st.integers(-60, 60))
def test_shift_is_scipys_with_zeros(seed: int, shift: int) -> None:
    window = speech(seed, samples=50)
    expected = scipy.ndimage.shift(window, shift, order=0, mode="constant", cval=0)
    np.testing.assert_array_equal(shifted(window, max(-50, min(50, shift))), expected)


@settings(derandomize=True, max_examples=40, deadline=None)
@given(seed=st.integers(0, 1000), most=st.floats(0, 300))
def test_shifts_stay_within_their_bound_and_lose_nothing_else(seed: int, most: float) -> None:
    window = np.zeros(RATE, np.int16)
    window[RATE // 2] = 1000
    moved = augment_sound(window, off(shift_ms=most), [], np.random.default_rng(seed), RATE)
    (place,) = np.flatnonzero(moved)
    assert moved[place] == 1000
    assert abs(int(place) - RATE // 2) <= round(most * RATE / 1000)


@settings(derandomize=True, max_examples=40, deadline=None)
@given(seed=st.integers(0, 1000), gain_db=st.floats(-40, 40))
def test_gain_is_exact_and_saturates(seed: int, gain_db: float) -> None:
    window = speech(seed)
    louder = augment_sound(
        window, off(gain_db=(gain_db, gain_db)), [], np.random.default_rng(0), RATE
    )
    expected = np.clip(np.rint(window * 10 ** (gain_db / 20)), -32768, 32767)
    assert np.abs(louder - expected).max() <= 1  # a tie may fall either way


@settings(derandomize=True, max_examples=60, deadline=None)
@given(seed=st.integers(0, 1000), snr_db=st.floats(-10, 40))
def test_the_snr_is_reached(seed: int, snr_db: float) -> None:
    rng = np.random.default_rng(seed)
    signal = rng.standard_normal(4000) * rng.uniform(1, 1000)
    noise = rng.standard_normal(4000) * rng.uniform(1, 1000)
    added = mixed_at_snr(signal, noise, snr_db) - signal
    assert 10 * np.log10(np.var(signal) / np.var(added)) == pytest.approx(snr_db, abs=0.1)
    exact = 10 * np.log10(np.sum(signal**2) / np.sum(added**2))
    assert exact == pytest.approx(snr_db, abs=1e-6)
    correlation = np.corrcoef(added, noise)[0, 1]
    assert correlation == pytest.approx(1.0)


def test_the_snr_is_reached_in_the_int16_copy() -> None:
    window, noise = speech(1), [speech(2, 500.0, 5 * RATE)]
    for snr_db in (0.0, 10.0, 25.0):
        changes = {"noise_probability": 1.0, "noise_snr_db": (snr_db, snr_db)}
        copy = augment_sound(window, off(**changes), noise, np.random.default_rng(3), RATE)
        added = copy.astype(float) - window
        power = 10 * np.log10(np.sum(window.astype(float) ** 2) / np.sum(added**2))
        assert power == pytest.approx(snr_db, abs=0.05)


def test_noise_is_mixed_into_its_share_of_copies() -> None:
    window, noise = speech(1), [speech(2)]
    rng = np.random.default_rng(4)
    settings_ = off(noise_probability=0.3)
    changed = [
        np.any(augment_sound(window, settings_, noise, rng, RATE) != window) for _ in range(400)
    ]
    assert np.mean(changed) == pytest.approx(0.3, abs=0.07)


def test_silence_stays_silence() -> None:
    zeros = np.zeros(RATE, np.int16)
    copy = augment_sound(zeros, AugmentationSettings(), [speech(1)], np.random.default_rng(1), RATE)
    assert not copy.any()


def test_noise_is_made_when_none_is_given() -> None:
    window = speech(1)
    settings_ = off(noise_probability=1.0, noise_snr_db=(6.0, 6.0))
    none = np.zeros((0, RATE), np.int16)
    copy = augment_sound(window, settings_, none, np.random.default_rng(1), RATE)
    added = copy.astype(float) - window
    assert 10 * np.log10(np.var(window.astype(float)) / np.var(added)) == pytest.approx(6, abs=0.3)


@settings(derandomize=True, max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000))
def test_the_same_generator_gives_the_same_copy(seed: int) -> None:
    window, noise = speech(seed), [speech(seed + 1, 300.0), speech(seed + 2, 400.0, 50)]
    settings_ = AugmentationSettings()
    first = augment_sound(window, settings_, noise, np.random.default_rng(seed), RATE)
    again = augment_sound(window.copy(), settings_, noise, np.random.default_rng(seed), RATE)
    np.testing.assert_array_equal(first, again)
    other = augment_sound(window, settings_, noise, np.random.default_rng(seed + 1), RATE)
    assert np.any(first != other)
    assert first.dtype == np.int16
    assert first.shape == window.shape


@settings(derandomize=True, max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 1000),
    shape=st.tuples(st.integers(1, 60), st.integers(1, 45)),
    masks=st.tuples(st.integers(0, 3), st.integers(0, 80), st.integers(0, 3), st.integers(0, 80)),
)
def test_spec_augment_masks_stripes_and_nothing_else(
    seed: int, shape: tuple[int, int], masks: tuple[int, int, int, int]
) -> None:
    features = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
    settings_ = off(
        time_masks=masks[0],
        time_mask_frames=masks[1],
        frequency_masks=masks[2],
        frequency_mask_bands=masks[3],
    )
    original = features.copy()
    masked = spec_augment(features, settings_, np.random.default_rng(seed))
    np.testing.assert_array_equal(features, original)
    changed = masked != features
    np.testing.assert_allclose(masked[changed], features.mean(), rtol=1e-5, atol=1e-6)
    rows, columns = changed.all(axis=1), changed.all(axis=0)
    assert not changed[~rows][:, ~columns].any()  # only whole rows and whole columns
    if not columns.all():
        assert rows.sum() <= masks[0] * masks[1]
        assert scipy.ndimage.label(rows)[1] <= masks[0]
    if not rows.all():
        assert columns.sum() <= masks[2] * masks[3]
        assert scipy.ndimage.label(columns)[1] <= masks[2]


def test_masks_differ_and_reach_their_width() -> None:
    features = np.arange(49 * 40, dtype=np.float32).reshape(49, 40)
    settings_ = off(time_masks=1, time_mask_frames=6)
    rng = np.random.default_rng(0)
    widths = [
        int((spec_augment(features, settings_, rng) != features).any(axis=1).sum())
        for _ in range(300)
    ]
    assert set(widths) == set(range(7))


def test_a_batch_is_its_clips_one_after_the_other() -> None:
    features = np.random.default_rng(0).standard_normal((5, 49, 10)).astype(np.float32)
    settings_ = AugmentationSettings()
    batch = spec_augment_batch(features, settings_, np.random.default_rng(7))
    rng = np.random.default_rng(7)
    for row, clip in zip(batch, features, strict=True):
        np.testing.assert_array_equal(row, spec_augment(clip, settings_, rng))


@pytest.mark.parametrize("kind", NOISES)
def test_made_noise_has_its_level_and_is_repeatable(kind: str) -> None:
    noise = make_noise(kind, RATE, RATE, np.random.default_rng(1))
    assert np.sqrt(np.mean(noise**2)) == pytest.approx(0.05)
    again = make_noise(kind, RATE, RATE, np.random.default_rng(1))
    np.testing.assert_array_equal(noise, again)


def slope_db_an_octave(noise: NDArray[np.float64], low: float, high: float) -> float:
    hertz, power = scipy.signal.welch(noise, RATE, nperseg=4096)
    band = (hertz > low) & (hertz < high)
    return float(np.polyfit(np.log2(hertz[band]), 10 * np.log10(power[band]), 1)[0])


def test_the_spectra_are_what_their_names_say() -> None:
    rng = np.random.default_rng(1)
    white, pink, hum, babble = (make_noise(kind, 30 * RATE, RATE, rng) for kind in NOISES)
    assert slope_db_an_octave(white, 100, 7000) == pytest.approx(0, abs=0.3)
    assert slope_db_an_octave(pink, 100, 7000) == pytest.approx(-3.01, abs=0.3)
    assert slope_db_an_octave(babble, 1000, 7000) == pytest.approx(-9.03, abs=0.5)
    hertz, power = scipy.signal.welch(hum, RATE, nperseg=RATE)
    assert hertz[np.argmax(power)] in (50, 60)


def test_a_stretch_of_noise_wraps_around() -> None:
    recording = np.arange(10, dtype=np.int16)
    for seed in range(20):
        stretch = cut_noise([recording], 25, np.random.default_rng(seed))
        expected = (int(stretch[0]) + np.arange(25)) % 10
        np.testing.assert_array_equal(stretch, expected)


@pytest.mark.parametrize("shift", [8, 9, -8, -9, 1000, -1000])
def test_a_shift_beyond_the_window_leaves_silence(shift: int) -> None:
    np.testing.assert_array_equal(shifted(np.ones(8, np.int16), shift), np.zeros(8, np.int16))
