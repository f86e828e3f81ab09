"""A figure with its 95 % interval."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Z95 = 1.959963984540054  # the normal distribution's 97.5 % quantile


@dataclass(frozen=True)
class Estimate:
    """A figure and its 95 % interval; None where the data cannot tell."""

    value: float | None
    low: float | None = None
    high: float | None = None

    def to_json(self) -> dict[str, Any]:
        """{"value": v, "ci95": [low, high]}; ci95 is None without an interval."""
        interval = None if self.low is None else [self.low, self.high]
        return {"value": self.value, "ci95": interval}


def wilson(successes: float, trials: int) -> Estimate:
    """A rate with Wilson's score interval (Wilson 1927); no value for no trials.

    Successes are a fraction where a trial is a person who was right half of the time.
    """
    if trials == 0:
        return Estimate(None)
    return _score_interval(successes / trials, trials)


def wilson_by_group(hits: NDArray[np.bool_], groups: Sequence[Hashable] | None) -> Estimate:
    """A rate over trials that share groups (machines, recordings), with Wilson's interval of as
    many independent trials as they are worth.

    That is their number over the design effect, the variance between groups against a binomial's
    (Rao and Scott 1992). Where all trials came out alike that variance is unknown: a group then
    counts as one trial. No interval for a single group.

    Args:
        hits: bool [n].
        groups: of each trial, [n]; None: trials are independent.
    """
    trials = len(hits)
    if groups is None or trials == 0:
        return wilson(int(hits.sum()), trials)
    place: dict[Hashable, int] = {}
    of = np.array([place.setdefault(group, len(place)) for group in groups])
    count, rate = len(place), float(hits.mean())
    if count == 1:
        return Estimate(rate)
    if rate in (0.0, 1.0):
        return _score_interval(rate, count)
    off = np.bincount(of, weights=hits - rate)
    variance = count / (count - 1) * float(np.square(off).sum()) / trials**2
    effect = variance / (rate * (1 - rate) / trials)
    return _score_interval(rate, trials / max(1.0, effect))


def _score_interval(rate: float, trials: float) -> Estimate:
    shrink = 1.0 + Z95**2 / trials
    centre = (rate + Z95**2 / (2 * trials)) / shrink
    spread = Z95 / shrink * math.sqrt(rate * (1 - rate) / trials + Z95**2 / (4 * trials**2))
    # the ends are exactly 0 and 1 there; rounding must not push the rate out of its interval
    low = 0.0 if rate == 0 else centre - spread
    high = 1.0 if rate == 1 else centre + spread
    return Estimate(rate, low, high)
