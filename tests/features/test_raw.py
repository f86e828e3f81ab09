"""Raw samples: the mean of each row's steps, scaled."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from coincell.errors import ConfigurationError, DataError, InternalError
from coincell.features.raw import RawBlock
from coincell.project import RawSettings, WindowForm
from features.block_checks import check_emitted, made_windows, series_form


def row_means(windows: NDArray[np.int16], form: WindowForm, steps: int) -> NDArray[np.float64]:
    """float64 [n, rows, channels]."""
    whole = windows.reshape(len(windows), form.samples, form.channels).astype(np.float64)
    rows = form.samples // steps
    return whole[:, : rows * steps].reshape(len(windows), rows, steps, -1).mean(axis=2)


@settings(max_examples=60)
@given(
    samples=st.integers(64, 200),
    channels=st.integers(1, 6),
    decimation=st.integers(1, 64),
    seed=st.integers(0, 2**32 - 1),
)
def test_at_full_scale_values_are_samples_over_32768(
    samples: int, channels: int, decimation: int, seed: int
) -> None:
    """To half a step of 1/32768, for any samples."""
    form = series_form(samples, channels)
    block = RawBlock(RawSettings(scaling="full-scale", decimation=decimation), form)
    windows = made_windows(form, seed)
    got = block.compute(windows) * block.fixed_point_scale * 32768
    assert np.abs(got - row_means(windows, form, decimation)).max() <= 0.5 + 1e-6


@settings(max_examples=60)
@given(
    samples=st.integers(16, 100),
    channels=st.integers(1, 6),
    decimation=st.integers(1, 16),
    seed=st.integers(0, 2**32 - 1),
)
def test_standard_values_have_mean_0_and_deviation_1(
    samples: int, channels: int, decimation: int, seed: int
) -> None:
    """And are (x - mean) / deviation to a step, or where int16 ends."""
    form = series_form(samples, channels)
    windows = made_windows(form, seed)
    block = RawBlock(RawSettings(decimation=decimation), form).fit(windows)
    values = block.compute(windows) * block.fixed_point_scale
    assert np.abs(values.mean(axis=(0, 1))).max() < 0.001
    assert np.abs(values.std(axis=(0, 1)) - 1).max() < 0.001
    means = row_means(windows, form, decimation)
    expected = (means - means.mean(axis=(0, 1))) / means.std(axis=(0, 1))
    assert np.abs(values - np.clip(expected, -16, 16 - 2**-11)).max() <= 1.001 / 2048


def test_beyond_16_deviations_values_stay_at_the_end() -> None:
    form = series_form(8, 1)
    block = RawBlock(RawSettings(), form).fit(np.array([[-1, 1] * 4], np.int16))
    loud = np.array([[-32768, 32767, -17, 15, 16, 0, 1, -1]], np.int16)
    values = block.compute(loud)[0, :, 0]
    assert values.tolist() == [-32768, 32767, -32768, 15 * 2048, 32767, 0, 2048, -2048]


def test_what_is_learned_makes_the_same_block_again() -> None:
    form = series_form(50, 3)
    windows = made_windows(form)
    fitted = RawBlock(RawSettings(), form).fit(windows)
    again = RawBlock(RawSettings(), form, fitted.learned)
    assert np.array_equal(again.compute(windows), fitted.compute(windows))
    assert set(fitted.learned) == {"offset", "multiplier", "shift"}


def test_at_full_scale_there_is_nothing_to_learn() -> None:
    form = series_form(50, 3)
    block = RawBlock(RawSettings(scaling="full-scale"), form)
    assert block.fit(made_windows(form)) is block
    assert block.learned == {}


@pytest.mark.parametrize(
    "chosen",
    [RawSettings(), RawSettings(decimation=7), RawSettings(scaling="full-scale", decimation=3)],
    ids=str,
)
def test_emitted_code_and_python_give_the_same_bytes(chosen: RawSettings) -> None:
    form = series_form(50, 3)
    check_emitted(RawBlock(chosen, form).fit(made_windows(form)), "steps")


def test_a_block_that_was_not_fitted_is_refused() -> None:
    form = series_form(50, 3)
    with pytest.raises(InternalError, match="before they were fitted"):
        RawBlock(RawSettings(), form).compute(made_windows(form))


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="decimation"):
        RawBlock(RawSettings(decimation=20), series_form(10, 1))
    with pytest.raises(ConfigurationError, match="pictures"):
        RawBlock(RawSettings(), WindowForm("picture", 1, 1, 0, 8, 8))
    with pytest.raises(DataError, match="no windows"):
        RawBlock(RawSettings(), series_form(10, 1)).fit(np.zeros((0, 10), np.int16))
    fitted = RawBlock(RawSettings(), series_form(10, 2)).fit(np.ones((1, 20), np.int16))
    with pytest.raises(DataError, match="int16"):
        fitted.compute(np.zeros((1, 10), np.int16))
