"""Distances against SciPy's, the test of change against false alarms, isotonic against sklearn."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import jensenshannon
from sklearn.isotonic import IsotonicRegression

from coincell.monitor.accuracy import isotonic
from coincell.monitor.change import ChangeSettings, find_changes
from coincell.monitor.distances import (
    expected_psi,
    jensen_shannon,
    kolmogorov_smirnov,
    psi,
)
from coincell.monitor.histograms import Histograms
from coincell.monitor.history import History
from coincell.monitor.hysteresis import Hysteresis
from coincell.monitor.layout import CounterLayout

PAIRS = np.random.default_rng(1).integers(0, 60, (20, 2, 8)) * (
    np.random.default_rng(2).random((20, 2, 8)) < 0.7
)


@pytest.mark.parametrize("pair", PAIRS)
def test_distances_are_scipys(pair):
    one, other = pair
    samples = [np.repeat(np.arange(8), counts) for counts in pair]
    ks = stats.ks_2samp(*samples, method="asymp").statistic
    assert kolmogorov_smirnov(one, other) == pytest.approx(ks, abs=1e-12)
    assert jensen_shannon(one, other) == pytest.approx(jensenshannon(one, other, 2) ** 2, abs=1e-9)
    p, q = one + 0.5, other + 0.5
    both = stats.entropy(p, q) + stats.entropy(q, p)
    assert psi(one, other) == pytest.approx(both)


def test_psi_of_one_distribution_is_as_expected():
    generator = np.random.default_rng(3)
    share = np.array([0.1, 0.2, 0.3, 0.4])
    one = generator.multinomial(800, share, 4000)
    other = generator.multinomial(2000, share, 4000)
    assert psi(one, other).mean() == pytest.approx(expected_psi(one, other).mean(), rel=0.05)


def test_shares_right_never_fall_with_the_score_as_sklearns():
    generator = np.random.default_rng(4)
    windows = generator.integers(200, 900, 16)
    right = generator.binomial(windows, np.sort(generator.random(16) * 0.6 + 0.3))
    rates = isotonic(right, windows.astype(float))
    weights = windows + 1 / 16
    known = IsotonicRegression().fit_transform(
        np.arange(16), (right + 1 / 32) / weights, sample_weight=weights
    )
    assert rates == pytest.approx(known, abs=1e-9)
    assert (np.diff(rates) >= 0).all()


LAYOUT = CounterLayout(classes=3, channels=1, features=6)


def histograms() -> Histograms:
    places = np.zeros((6, 16), np.int64)
    real = np.zeros((6, 16), np.bool_)
    for feature in range(6):
        places[feature, :8] = np.arange(8) + LAYOUT.places[64 + feature].start
        real[feature, :8] = True
    return Histograms(tuple("abcdef"), places, real)


def history(seed: int, days: int, change_at: int | None) -> History:
    """Days differ more than windows alone would: each has its own shift, for all features
    alike; drift moves two of them apart."""
    generator = np.random.default_rng(seed)
    vectors = LAYOUT.nothing(24 * days)
    hours = np.arange(24 * days)
    mood = generator.normal(0, 0.15, days)[hours // 24]
    drift = 0.8 * (hours >= (24 * days if change_at is None else change_at))
    middles = mood[:, None] + drift[:, None] * np.array([1, -1, 0, 0, 0, 0])
    values = generator.normal(middles[:, None, :], 1, (24 * days, 20, 6))
    bins = np.searchsorted(stats.norm.ppf(np.arange(1, 8) / 8), values)
    counts = (bins[..., None] == np.arange(8)).sum(1)
    vectors[:, LAYOUT.feature_bins] = counts.reshape(24 * days, -1)
    return History(LAYOUT, np.arange(24 * days) + 480_000, vectors)


def test_a_change_is_found_soon_and_quiet_devices_stay_quiet():
    settings = ChangeSettings()
    for seed in range(12):
        begins = 24 * 13 + seed
        found = find_changes(histograms(), history(seed, 17, begins), settings)
        risen = found.ends[Hysteresis().risen(found.changed)] - 480_000
        assert len(risen) == 1
        assert 0 < risen[0] - begins <= 48
    quiet = [find_changes(histograms(), history(seed, 17, None), settings) for seed in range(12)]
    assert sum(len(Hysteresis().risen(one.changed)) for one in quiet) == 0


def test_p_is_uniform_or_larger_without_drift_though_days_differ():
    p = [
        find_changes(histograms(), history(seed, 12, None)).p[-1]
        for seed in range(100, 140)
    ]  # fmt: skip
    assert np.mean(np.array(p) < 0.1) <= 0.2
    assert min(p) < 1.0


def test_what_is_silent_or_short_tells_nothing():
    nothing = History(LAYOUT, np.zeros(0, np.int64), LAYOUT.nothing(0))
    assert len(find_changes(histograms(), nothing).ends) == 0
    short = find_changes(histograms(), history(1, 3, None))
    assert short.p.tolist() == [1.0] * len(short.ends)
    silent = History(LAYOUT, np.arange(24 * 12), LAYOUT.nothing(24 * 12))
    assert not find_changes(histograms(), silent).changed.any()


def test_windows_of_a_history_are_sums_of_its_hours():
    told = history(5, 4, None)
    kept = np.random.default_rng(6).permutation(len(told.hours))[:70]
    some = History(LAYOUT, told.hours[kept], told.vectors[kept])
    windowed = some.over(some.ends(6), 24)
    for end, vector in zip(windowed.ends, windowed.vectors, strict=True):
        inside = (told.hours[kept] >= end - 24) & (told.hours[kept] < end)
        bins = LAYOUT.feature_bins
        assert vector[bins].tolist() == told.vectors[kept][inside][:, bins].sum(0).tolist()


def test_alarms_rise_and_clear_after_several_moments_only():
    bad = np.array([c == "x" for c in "x.x.xx.x...xx....x"])
    states = "".join("x" if one else "." for one in Hysteresis(2, 4).states(bad))
    assert states == ".....xxxxxxxxxxx.."
    assert Hysteresis(2, 4).risen(bad).tolist() == [5]
