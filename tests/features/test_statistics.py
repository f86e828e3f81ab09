"""Statistics of windows against SciPy in float64."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from coincell.errors import ConfigurationError
from coincell.features.statistics import FRACTION_BITS, StatisticsBlock
from coincell.project import Statistic, StatisticsSettings, WindowForm
from features.block_checks import check_emitted, made_windows, series_form

Float = NDArray[np.float64]
NAMES: tuple[Statistic, ...] = StatisticsSettings().statistics


def oracle(windows: NDArray[np.int16], form: WindowForm) -> dict[str, Float]:
    """Statistic -> float64 [n, channels]; the moments of what never changes are 0."""
    x = windows.reshape(len(windows), form.samples, form.channels).astype(np.float64)
    constant = x.min(axis=1) == x.max(axis=1)
    steady = np.where(constant[:, np.newaxis], np.arange(form.samples)[:, np.newaxis], x)
    mean = windows.reshape(x.shape).sum(axis=1, keepdims=True, dtype=np.int64) / form.samples
    return {
        "mean": x.mean(axis=1),
        "minimum": x.min(axis=1),
        "maximum": x.max(axis=1),
        "rms": np.sqrt((x**2).mean(axis=1)),
        "deviation": x.std(axis=1),
        "skewness": np.where(constant, 0, scipy.stats.skew(steady, axis=1)),
        "kurtosis": np.where(constant, 0, scipy.stats.kurtosis(steady, axis=1)),
        "zero-crossings": np.diff(x < 0, axis=1).sum(axis=1),
        "mean-crossings": np.diff(x < mean, axis=1).sum(axis=1),
    }


def columns_of(block: StatisticsBlock, windows: NDArray[np.int16]) -> dict[str, Float]:
    """What the C has before it standardises, as numbers: statistic -> [n, channels]."""
    columns = np.empty((len(windows), block.columns), np.int32)
    block.call("columns_", windows, columns)
    split = columns.reshape(len(windows), block.form.channels, len(block.names))
    return {
        name: split[:, :, place] / 2.0 ** FRACTION_BITS[name]
        for place, name in enumerate(block.names)
    }


def check_against_scipy(windows: NDArray[np.int16], form: WindowForm) -> None:
    """Samples' units to 1/16384 and 1e-6; counts exactly; moments as said below.

    The readings less their mean are rounded to 15 bits: an error of at most 2^-15 of the largest,
    which the deviation may have too, and which the moments see over the deviation.
    """
    block = StatisticsBlock(StatisticsSettings(), form).fit(windows)
    got, wanted = columns_of(block, windows), oracle(windows, form)
    reach = np.maximum(wanted["maximum"] - wanted["mean"], wanted["mean"] - wanted["minimum"])
    for name in ("mean", "minimum", "maximum", "rms", "deviation"):
        allowed = 2.0**-14 + 1e-6 * np.abs(wanted[name])
        if name == "deviation":
            allowed = allowed + 2.0**-14 * reach
        assert (np.abs(got[name] - wanted[name]) <= allowed).all(), name
    for name in ("zero-crossings", "mean-crossings"):
        assert np.array_equal(got[name], wanted[name]), name
    spread = np.maximum(wanted["deviation"], 1e-9)
    crest = reach / spread
    size = {"skewness": 1 + np.abs(wanted["skewness"]), "kurtosis": 3 + np.abs(wanted["kurtosis"])}
    for name, scale in size.items():
        allowed = 2.0 ** -FRACTION_BITS[name] + 2.5e-4 * crest * scale
        assert (np.abs(got[name] - wanted[name]) <= allowed).all(), name


@settings(max_examples=80)
@given(samples=st.integers(1, 300), channels=st.integers(1, 4), seed=st.integers(0, 2**32 - 1))
def test_any_window_follows_scipy(samples: int, channels: int, seed: int) -> None:
    form = series_form(samples, channels)
    check_against_scipy(made_windows(form, seed), form)


def test_the_longest_window_follows_scipy() -> None:
    form = series_form(65536, 1)
    check_against_scipy(made_windows(form), form)


@settings(max_examples=40)
@given(chosen=st.sets(st.sampled_from(NAMES), min_size=1), seed=st.integers(0, 2**32 - 1))
def test_some_statistics_are_columns_of_all(chosen: set[Statistic], seed: int) -> None:
    form = series_form(60, 3)
    windows = made_windows(form, seed)
    some = StatisticsBlock(StatisticsSettings(statistics=tuple(chosen)), form).fit(windows)
    every = StatisticsBlock(StatisticsSettings(), form).fit(windows)
    split = every.compute(windows).reshape(-1, 3, len(NAMES))
    places = [place for place, name in enumerate(NAMES) if name in chosen]
    assert np.array_equal(some.compute(windows), split[:, :, places].reshape(-1, *some.shape))


def test_fitted_columns_have_mean_0_and_deviation_1() -> None:
    form = series_form(125, 3)
    windows = np.random.default_rng(3).normal(500, 900, (80, 375)).astype(np.int16)
    values = StatisticsBlock(StatisticsSettings(), form).fit(windows).compute(windows) / 2048
    assert values.shape == (80, 1, 27)
    assert np.abs(values.mean(axis=0)).max() < 0.001
    assert np.abs(values.std(axis=0) - 1).max() < 0.001


def test_a_channel_that_never_changed_in_training_tells_when_it_does() -> None:
    form = series_form(20, 1)
    still = np.full((10, 20), 7, np.int16)
    block = StatisticsBlock(StatisticsSettings(statistics=("mean", "deviation")), form).fit(still)
    assert block.compute(still).tolist() == [[[0, 0]]] * 10
    assert block.compute(still + np.int16(1)).tolist() == [[[32767, 0]]] * 10


@pytest.mark.parametrize("statistics", [NAMES, ("mean",), ("skewness", "mean-crossings")], ids=str)
def test_emitted_code_and_python_give_the_same_bytes(statistics: tuple[Statistic, ...]) -> None:
    form = series_form(70, 3)
    block = StatisticsBlock(StatisticsSettings(statistics=statistics), form)
    check_emitted(block.fit(made_windows(form)), "still")


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="65536"):
        StatisticsBlock(StatisticsSettings(), series_form(65537, 1))
    with pytest.raises(ConfigurationError, match="pictures"):
        StatisticsBlock(StatisticsSettings(), WindowForm("picture", 1, 1, 0, 8, 8))
    with pytest.raises(ValueError, match="unlike"):
        StatisticsSettings(statistics=("mean", "mean"))
