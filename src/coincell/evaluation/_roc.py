"""ROC curves and the area under them, each class against the rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincell.evaluation._bootstrap import Resampling
from coincell.evaluation._estimate import Estimate


@dataclass(frozen=True)
class RocCurve:
    """Points from (0, 0) to (1, 1); those on a straight line between others are left out.

    thresholds: the score from which on a clip counts as this class; None at (0, 0), where no
    score is high enough. All empty where the curve is undefined (no clip of the class, or no
    other), and then `auc` has no value.
    """

    false_positive_rate: tuple[float, ...]
    true_positive_rate: tuple[float, ...]
    thresholds: tuple[float | None, ...]
    auc: Estimate


class OneAgainstRest:
    """The clips of a class (positives) and all others (negatives), each by rising score."""

    def __init__(self, positive: NDArray[np.bool_], scores: NDArray[np.float64]) -> None:
        order = np.argsort(scores, kind="stable")
        self._scores = scores
        self._positives = order[positive[order]]
        self._negatives = order[~positive[order]]

    def areas(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """AUC of each round, [n, rounds] -> [rounds]; NaN without both kinds of clips.

        The share of pairs in which the positive has the higher score, ties counting half.
        """
        rounds = weights.shape[1]
        negatives = self._scores[self._negatives]
        positives = self._scores[self._positives]
        below = np.zeros((len(negatives) + 1, rounds))  # weight of the lowest 0, 1, 2, ...
        np.cumsum(weights[self._negatives], axis=0, out=below[1:])
        lower = below[np.searchsorted(negatives, positives, side="left")]
        lower_or_equal = below[np.searchsorted(negatives, positives, side="right")]
        wins = weights[self._positives]
        pairs = wins.sum(axis=0) * below[-1]
        won = 0.5 * (wins * (lower + lower_or_equal)).sum(axis=0)
        areas = np.full(rounds, np.nan)
        np.divide(won, pairs, out=areas, where=pairs > 0)
        return areas

    def curve(self, auc: Estimate) -> RocCurve:
        """The curve through all distinct scores, corners only."""
        if auc.value is None:
            return RocCurve((), (), (), auc)
        thresholds = np.unique(self._scores)[::-1]
        rising = self._reached(self._positives, thresholds)
        across = self._reached(self._negatives, thresholds)
        kept = np.ones(len(thresholds), bool)
        kept[1:-1] = (np.diff(rising, 2) != 0) | (np.diff(across, 2) != 0)
        return RocCurve(
            (0.0, *(across[kept] / across[-1]).tolist()),
            (0.0, *(rising[kept] / rising[-1]).tolist()),
            (None, *thresholds[kept].tolist()),
            auc,
        )

    def _reached(
        self, clips: NDArray[np.int64], thresholds: NDArray[np.float64]
    ) -> NDArray[np.int64]:
        """How many of `clips` have at least each threshold."""
        return len(clips) - np.searchsorted(self._scores[clips], thresholds, side="left")


def roc_curves(
    truth: NDArray[np.int64], scores: NDArray[np.float64], resampling: Resampling
) -> tuple[tuple[RocCurve, ...], Estimate]:
    """A curve for each class, and the mean AUC over those that have one.

    truth [n] of 0 .. classes - 1, scores [n, classes].
    """
    sides = [OneAgainstRest(truth == each, scores[:, each]) for each in range(scores.shape[1])]

    def areas(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.stack([side.areas(weights) for side in sides], axis=1)

    values = areas(np.ones((len(truth), 1)))[0]
    rounds = resampling.over_blocks(areas)
    curves = tuple(
        side.curve(resampling.interval(value, rounds[:, each]))
        for each, (side, value) in enumerate(zip(sides, values, strict=True))
    )
    defined = ~np.isnan(values)
    if not defined.any():
        return curves, Estimate(None)
    means = rounds[:, defined].mean(axis=1)  # NaN where a round lacks one of these classes
    return curves, resampling.interval(float(values[defined].mean()), means)
