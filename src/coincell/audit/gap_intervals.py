"""Intervals of the largest difference among groups, and of what was added to it.

The largest of several differences is biased: where groups are equal it is above 0 all the same,
and in resampled people it is larger still, so that plain percentiles of it can lie above the very
figure. Hence all differences are bounded at once: a round's deviation of each difference between
two groups, or in several figures, from its value, in its standard errors; the largest of all in a
round; of that the 95 % quantile, q. With confidence 95 % every difference lies within its value
+- q standard errors, and so the largest lies between the highest of their lower ends, or 0, and
the highest of their upper ends. This is the bootstrap's form of Tukey's simultaneous intervals for
all pairs (Tukey 1953; Beran 1988, "Balanced simultaneous confidence sets"). It holds the value,
and begins at 0 unless some two groups differ clearly, all pairs considered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincell.audit.measures import NOT_RATES, Values
from coincell.audit.significance import least_variance
from coincell.evaluation import Z95, Estimate

_LEVEL = 0.95
_NONE = 1e-18  # a variance that is rounding alone


@dataclass(frozen=True)
class Pairs:
    """All pairs of the groups of a column, in each figure.

    Attributes:
        value: float64 [pairs, m], the difference without its sign; NaN where there is none.
        error: float64 [pairs, m], its standard error: that of the rounds, by m / (m - 1) for the m
            people of the smaller group. To it comes, of a group whose rounds are all alike, that
            of one more success and one more failure, so that nothing is ever certain.
        largest: float64 [rounds, m], the largest deviation of any pair, in standard errors;
            below 0 in a round that has none.
        rates: bool [m], which figures are shares, so that they cannot differ by more than 1.
    """

    value: Values
    error: Values
    largest: Values
    rates: NDArray[np.bool_]

    def interval(self, places: Sequence[int]) -> tuple[float, float] | None:
        """Of the largest difference in the figures at `places`; None where no two groups have
        one."""
        at = list(places)
        value, error = self.value[:, at], self.error[:, at]
        rounds = self.largest[:, at].max(axis=1)
        rounds = rounds[rounds >= 0]
        if np.isnan(value).all() or not len(rounds):
            return None
        reach = max(Z95, float(np.quantile(rounds, _LEVEL))) * error
        most = np.where(self.rates[at], 1.0, np.inf)
        return (
            max(0.0, float(np.nanmax(value - reach))),
            float(np.nanmax(np.minimum(value + reach, most))),
        )


def pairs_of(
    figures: Values, usable: NDArray[np.bool_], people: NDArray[np.int64], metrics: Sequence[str]
) -> Pairs:
    """The pairs of groups that are large enough.

    Args:
        figures: [groups, 1 + rounds, m], the figures themselves first.
        usable: bool [groups, m], which may be compared.
        people: int64 [groups, m], whose clips each figure is of.
        metrics: names of the figures, [m].
    """
    rates = np.array([metric not in NOT_RATES for metric in metrics], np.bool_)
    known = usable & ~np.isnan(figures[:, 0])
    own = np.flatnonzero(known.any(axis=1))
    first, count = np.where(known[own], figures[own, 0], np.nan), people[own]
    moved = figures[own, 1:] - first[:, None]
    silent = (_spread(moved) <= _NONE) & rates
    least = np.where(silent, least_variance(first, count), 0.0)
    largest = np.full(moved.shape[1:], -1.0)
    value, errors = [np.empty((0, len(rates)))], [np.empty((0, len(rates)))]
    for at in range(len(own) - 1):
        deviation = moved[at] - moved[at + 1 :]
        spread = _spread(deviation)
        smaller = np.minimum(count[at], count[at + 1 :])
        value.append(abs(first[at] - first[at + 1 :]))
        variance = spread + least[at] + least[at + 1 :]
        errors.append(np.sqrt(variance * smaller / np.maximum(smaller - 1, 1)))
        scale = np.sqrt(np.where(spread > _NONE, spread, np.inf))[:, None]
        largest = np.fmax(largest, np.fmax.reduce(abs(deviation) / scale, axis=0))
    return Pairs(np.concatenate(value), np.concatenate(errors), largest, rates)


def _spread(moved: Values) -> Values:
    """The variance over rounds, NaN left out: [groups, rounds, m] -> [groups, m]."""
    told = ~np.isnan(moved)
    count = np.maximum(told.sum(axis=1), 1)
    filled = np.where(told, moved, 0.0)
    mean = filled.sum(axis=1) / count
    found: Values = np.maximum((filled**2).sum(axis=1) / count - mean**2, 0.0)
    return found


def symmetric_estimate(rounds: Values) -> Estimate:
    """A figure with a symmetric interval (Hall 1988): as far as 95 % of the rounds move from it.

    It holds the figure, and leaves out 0 where `widening_p` calls the figure clear.

    Args:
        rounds: [1 + rounds], the figure itself first.
    """
    if np.isnan(rounds[0]):
        return Estimate(None)
    value, moved = float(rounds[0]), abs(rounds[1:] - rounds[0])
    moved = moved[~np.isnan(moved)]
    if not len(moved):
        return Estimate(value)
    reach = float(np.quantile(moved, _LEVEL))
    return Estimate(value, value - reach, value + reach)
