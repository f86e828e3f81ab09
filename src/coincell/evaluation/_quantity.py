"""How near a predicted number is: every figure with its interval."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.errors import DataError, InternalError
from coincell.evaluation._bootstrap import Resampling, resample
from coincell.evaluation._estimate import Estimate

_SHARES = (0.5, 0.9, 0.95)
Float = NDArray[np.float64]


@dataclass(frozen=True)
class QuantityMetrics:
    """All figures of one model, in the number's unit but for r2, which has none.

    metrics: mae, rmse, r2 (1 - squared residuals over squared deviations from the test split's
    mean; no value where all numbers are alike), bias (mean of predicted - true), and spread (RMSE
    of always saying the training split's mean: what there is to win). errors: share of the windows
    -> what they are off by at most, the smallest residual that so many do not exceed.
    intervals: in words, how they came about. notes: what the figures do not say.
    """

    samples: int
    metrics: dict[str, Estimate]
    errors: dict[float, Estimate]
    intervals: str
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As report.json has it under "quantity", without what the numbers are."""
        told = [{"share": share, "error": error.to_json()} for share, error in self.errors.items()]
        return {name: each.to_json() for name, each in self.metrics.items()} | {"errors": told}


def evaluate_quantity(
    truth: Float,
    predicted: Float,
    *,
    training_mean: float,
    seed: int,
    rounds: int = 1000,
    groups: Sequence[Hashable] | None = None,
) -> QuantityMetrics:
    """Figures from true and predicted numbers, both [n].

    Args:
        truth: float [n].
        predicted: float [n].
        training_mean: of the training split's numbers.
        seed: of the bootstrap.
        rounds: of the bootstrap.
        groups: each window's machine (or other unit that windows share), [n]; None: unknown.

    Raises:
        DataError: there are no windows.
    """
    truth, predicted = _checked(truth, predicted)
    resampling = resample(len(truth), groups, rounds, np.random.default_rng(seed))
    residuals = predicted - truth
    parts = _parts(truth, residuals, training_mean)
    own, drawn = _figures(parts.sum(axis=0, keepdims=True)), _figures(resampling.totals(parts))
    metrics = {name: resampling.interval(values[0], drawn[name]) for name, values in own.items()}
    return QuantityMetrics(
        samples=len(truth),
        metrics=metrics,
        errors=_errors(np.abs(residuals), resampling),
        intervals=f"95 %: the percentiles of {rounds} bootstrap rounds over {resampling.units} "
        + ("windows." if groups is None else "groups of windows."),
        notes=_notes(resampling, groups is not None),
    )


@dataclass(frozen=True)
class QuantityComparison:
    """The second model against the first, on the same windows; differences second - first.

    mae_difference, rmse_difference: of the figures. largest_change: the most that two predictions
    of one window are apart.
    """

    mae_difference: Estimate
    rmse_difference: Estimate
    largest_change: float

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "mae_difference": self.mae_difference.to_json(),
            "rmse_difference": self.rmse_difference.to_json(),
            "largest_change": self.largest_change,
        }


def compare_quantities(
    truth: Float,
    first: Float,
    second: Float,
    *,
    seed: int,
    rounds: int = 1000,
    groups: Sequence[Hashable] | None = None,
) -> QuantityComparison:
    """Compare the numbers of two models (float and int8, say) with the truth, all float [n].

    Raises:
        DataError: there are no windows.
    """
    truth, first = _checked(truth, first)
    _, second = _checked(truth, second)
    resampling = resample(len(truth), groups, rounds, np.random.default_rng(seed))
    parts = (_parts(truth, predicted - truth, 0.0) for predicted in (first, second))
    differences = resampling.differences(_figures, *parts)
    return QuantityComparison(
        differences["mae"], differences["rmse"], float(np.abs(second - first).max())
    )


def _checked(truth: Float, predicted: Float) -> tuple[Float, Float]:
    truth, predicted = np.asarray(truth, np.float64), np.asarray(predicted, np.float64)
    if truth.shape != predicted.shape or truth.ndim != 1:
        raise InternalError(f"numbers must be [n]; received {truth.shape} and {predicted.shape}")
    if len(truth) == 0:
        raise DataError(
            "There are no recordings to evaluate.",
            hint="Raise data.split.test, or add recordings of more machines.",
        )
    if not (np.isfinite(truth).all() and np.isfinite(predicted).all()):
        raise InternalError("numbers must be finite")
    return truth, predicted


def _parts(truth: Float, residuals: Float, training_mean: float) -> Float:
    """What all figures are sums of, a window a row: [n, 7]."""
    # about the mean, since squares of large numbers that differ little lose digits
    about = truth - truth.mean()
    columns = (
        np.ones_like(truth), np.abs(residuals), residuals**2, residuals, about, about**2,
        (truth - training_mean) ** 2,
    )  # fmt: skip
    return np.stack(columns, axis=1)


def _figures(totals: Float) -> dict[str, Float]:
    """Sums [rounds, 7] -> name -> [rounds]; NaN where a figure is not defined."""
    count, absolute, squared, signed, about, about_squared, from_training = totals.T
    deviations = about_squared - about**2 / count
    alike = deviations <= 1e-12 * np.maximum(about_squared, 1e-300)
    explained = 1.0 - squared / np.where(alike, 1.0, deviations)
    return {
        "mae": absolute / count,
        "rmse": np.sqrt(squared / count),
        "r2": np.where(alike, np.nan, explained),
        "bias": signed / count,
        "spread": np.sqrt(from_training / count),
    }


def _errors(off: Float, resampling: Resampling) -> dict[float, Estimate]:
    """Share -> the smallest of `off` [n] that so many windows do not exceed."""
    ordered = np.argsort(off, kind="stable")

    def quantiles(weights: Float) -> Float:
        reached = np.cumsum(weights[ordered], axis=0)
        total = reached[-1]
        places = [(reached < share * total - 1e-9).sum(axis=0) for share in _SHARES]
        return np.stack([off[ordered][place] for place in places], axis=1)

    own = quantiles(np.ones((len(off), 1)))[0]
    drawn = resampling.over_blocks(quantiles)
    return {
        share: resampling.interval(float(own[at]), drawn[:, at]) for at, share in enumerate(_SHARES)
    }


def _notes(resampling: Resampling, grouped: bool) -> tuple[str, ...]:
    if not grouped:
        unknown = (
            "Groups are unknown: windows of one machine may be in training and test alike, and "
            "the intervals take windows as independent. On new machines expect less."
        )
        return (unknown,)
    if resampling.units < 2:
        return ("All test windows are of one group: a bootstrap interval is undefined.",)
    return ()
