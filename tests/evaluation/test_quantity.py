"""Figures of a predicted number, held against scikit-learn and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincell.errors import DataError
from coincell.evaluation import compare_quantities, evaluate_quantity

metrics = pytest.importorskip("sklearn.metrics")


@given(st.integers(0, 2**32 - 1), st.integers(2, 60), st.sampled_from([1e-3, 1.0, 1e4]))
def test_figures_are_scikit_learns(seed: int, count: int, scale: float) -> None:
    generator = np.random.default_rng(seed)
    truth = (generator.normal(5.0, 2.0, count)) * scale
    predicted = truth + generator.normal(0.3, 1.0, count) * scale
    found = evaluate_quantity(truth, predicted, training_mean=scale, seed=1, rounds=100).metrics
    expected = {
        "mae": metrics.mean_absolute_error(truth, predicted),
        "rmse": metrics.root_mean_squared_error(truth, predicted),
        "r2": metrics.r2_score(truth, predicted),
        "bias": float(np.mean(predicted - truth)),
        "spread": metrics.root_mean_squared_error(truth, np.full(count, scale)),
    }
    assert {name: found[name].value for name in found} == pytest.approx(expected, rel=1e-9)


@given(st.integers(0, 2**32 - 1), st.integers(1, 60))
def test_errors_are_numpys_order_statistics(seed: int, count: int) -> None:
    generator = np.random.default_rng(seed)
    truth = np.zeros(count)
    off = np.abs(generator.normal(size=count))
    found = evaluate_quantity(truth, off, training_mean=0.0, seed=1, rounds=100).errors
    for share, error in found.items():
        assert error.value == np.quantile(off, share, method="inverted_cdf")


def test_rounds_are_scikit_learns_on_what_was_drawn() -> None:
    """An interval's ends are figures of drawn groups: with two groups there are three outcomes."""
    truth = np.array([1.0, 2.0, 3.0, 5.0, 8.0])
    predicted = np.array([1.5, 2.0, 2.0, 9.0, 8.0])
    groups = ["a", "a", "a", "b", "b"]
    found = evaluate_quantity(
        truth, predicted, training_mean=0.0, seed=3, rounds=2000, groups=groups
    ).metrics["mae"]
    low = metrics.mean_absolute_error(truth[:3], predicted[:3])
    high = metrics.mean_absolute_error(truth[3:], predicted[3:])
    assert (found.low, found.high) == pytest.approx((low, high))


def test_large_numbers_keep_their_digits() -> None:
    truth = 1e9 + np.arange(10.0)
    found = evaluate_quantity(truth, truth + 0.5, training_mean=1e9, seed=1, rounds=100).metrics
    assert found["r2"].value == pytest.approx(metrics.r2_score(truth, truth + 0.5), rel=1e-9)


def test_equal_numbers_have_no_r2() -> None:
    found = evaluate_quantity(np.full(4, 0.1), np.zeros(4), training_mean=0.1, seed=1, rounds=100)
    assert found.metrics["r2"].value is None
    assert found.metrics["mae"].value == pytest.approx(0.1)


def test_what_intervals_do_not_say() -> None:
    truth = np.arange(4.0)
    unknown = evaluate_quantity(truth, truth, training_mean=0.0, seed=1, rounds=100)
    assert "unknown" in unknown.notes[0]
    one = evaluate_quantity(
        truth, truth + 1, training_mean=0.0, seed=1, rounds=100, groups=["a"] * 4
    )
    assert "one group" in one.notes[0]
    assert one.metrics["mae"].low is None


def test_a_comparison_is_paired() -> None:
    """Both models miss alike: the difference has no spread though each figure has."""
    generator = np.random.default_rng(1)
    truth = generator.normal(size=50)
    first = truth + generator.normal(size=50)
    away = np.sign(first - truth)
    found = compare_quantities(truth, first, first + 0.25 * away, seed=1, rounds=200)
    assert found.mae_difference.value == pytest.approx(0.25)
    assert found.mae_difference.low == pytest.approx(0.25)
    assert found.largest_change == pytest.approx(0.25)
    assert (found.rmse_difference.value or 0) > 0


def test_nothing_to_evaluate() -> None:
    with pytest.raises(DataError, match="no recordings"):
        evaluate_quantity(np.empty(0), np.empty(0), training_mean=0.0, seed=1)
