"""A figure with its 95 % interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

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


def wilson(successes: int, trials: int) -> Estimate:
    """A rate with Wilson's score interval (Wilson 1927); no value for no trials."""
    if trials == 0:
        return Estimate(None)
    rate = successes / trials
    shrink = 1.0 + Z95**2 / trials
    centre = (rate + Z95**2 / (2 * trials)) / shrink
    spread = Z95 / shrink * math.sqrt(rate * (1 - rate) / trials + Z95**2 / (4 * trials**2))
    # the ends are exactly 0 and 1 there; rounding must not push the rate out of its interval
    low = 0.0 if successes == 0 else centre - spread
    high = 1.0 if successes == trials else centre + spread
    return Estimate(rate, low, high)
