"""The bootstrap over units: speakers, or clips where no speaker is known.

A round draws as many units as there are, with replacement. It is kept as how often each was drawn,
so that any count of a round is a weighted sum, and all rounds are one matrix product.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincell.errors import InternalError
from coincell.evaluation._estimate import Estimate

_MOST_VALUES = 1 << 20  # of one block of clip weights: 8 MiB of float64


@dataclass(frozen=True)
class Resampling:
    """All rounds' draws.

    unit: int [n], each clip's unit. draws: float64 [rounds, units], how often each was drawn.
    """

    unit: NDArray[np.int64]
    draws: NDArray[np.float64]

    @property
    def units(self) -> int:
        """How many there are to draw from."""
        return int(self.draws.shape[1])

    def totals(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sums over each round's clips: [n, k] -> [rounds, k]."""
        by_unit = np.zeros((self.units, values.shape[1]))
        np.add.at(by_unit, self.unit, values)
        return self.draws @ by_unit

    def over_blocks(
        self, statistic: Callable[[NDArray[np.float64]], NDArray[np.float64]]
    ) -> NDArray[np.float64]:
        """`statistic` of the clips' weights, [n, rounds'] -> [rounds', k], for all rounds."""
        block = max(1, _MOST_VALUES // len(self.unit))
        parts = [
            statistic(self.draws[start : start + block].T[self.unit])
            for start in range(0, len(self.draws), block)
        ]
        return np.concatenate(parts)

    def interval(self, value: float, rounds: NDArray[np.float64]) -> Estimate:
        """`value` with the percentile interval of `rounds`; NaN where either has no value."""
        if np.isnan(value):
            return Estimate(None)
        known = rounds[~np.isnan(rounds)]
        if self.units < 2 or len(known) == 0:
            return Estimate(float(value))
        low, high = np.quantile(known, [0.025, 0.975])
        return Estimate(float(value), float(low), float(high))

    def differences(
        self,
        figures: Callable[[NDArray[np.float64]], Mapping[str, NDArray[np.float64]]],
        first: NDArray[np.float64],
        second: NDArray[np.float64],
    ) -> dict[str, Estimate]:
        """How far two models' figures are apart, second - first, with intervals.

        A round draws the same clips for both, so that what is hard for both cancels out.

        Args:
            figures: sums [m, k] -> name -> [m]; NaN where a figure is not defined.
            first: [n, k], what the figures of the first model are sums of, a clip a row.
            second: the same of the second.
        """
        before, after = (
            figures(np.concatenate([parts.sum(axis=0, keepdims=True), self.totals(parts)]))
            for parts in (first, second)
        )
        changes = {name: after[name] - before[name] for name in after}
        return {name: self.interval(change[0], change[1:]) for name, change in changes.items()}


def resample(
    clips: int, groups: Sequence[Hashable] | None, rounds: int, generator: np.random.Generator
) -> Resampling:
    """Draw `rounds` rounds over the units of `groups`, one entry a clip; None: over clips."""
    if groups is None:
        unit = np.arange(clips)
    else:
        if len(groups) != clips:
            raise InternalError(f"{clips} clips need as many groups; received {len(groups)}")
        first: dict[Hashable, int] = {}
        unit = np.array([first.setdefault(group, len(first)) for group in groups])
    units = int(unit.max()) + 1
    draws = generator.multinomial(units, np.full(units, 1.0 / units), size=rounds)
    return Resampling(unit, draws.astype(np.float64))
