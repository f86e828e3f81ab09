"""One device over time: sums of its counters over windows that end at regular moments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincell.monitor.layout import CounterLayout

_MOST_HOURS = 24 * 366 * 20


@dataclass(frozen=True)
class Windowed:
    """Sums over windows of equal length.

    Attributes:
        ends: hours since 1970 at which each ends (the hour itself is not in it), int64 [n].
        vectors: what was counted in each, int64 [n, layout.size].
    """

    ends: NDArray[np.int64]
    vectors: NDArray[np.int64]


class History:
    """What one device told, by hour.

    Args:
        layout: of the vectors.
        hours: hours since 1970, each once, int64 [n]; in any order.
        vectors: counted in that hour, int64 [n, layout.size].
    """

    def __init__(
        self, layout: CounterLayout, hours: NDArray[np.int64], vectors: NDArray[np.int64]
    ) -> None:
        order = np.argsort(hours, kind="stable")
        self.layout = layout
        self.hours = hours[order]
        self.vectors = vectors[order]
        self._sums = np.vstack([layout.nothing(1) * 0, np.cumsum(self.vectors, 0)])

    def over(self, ends: NDArray[np.int64], length: int) -> Windowed:
        """Sums over the `length` hours before each of `ends`; noise floors are 0."""
        begins = np.searchsorted(self.hours, ends - length)
        stops = np.searchsorted(self.hours, ends)
        sums = self._sums[stops] - self._sums[begins]
        sums[:, self.layout.floors] = 0
        return Windowed(ends, sums)

    def between(self, begin: int, end: int) -> NDArray[np.int64]:
        """All counters of the hours from `begin` to before `end`, int64 [layout.size]."""
        first, last = np.searchsorted(self.hours, [begin, end])
        return self.layout.merged(self.vectors[first:last])

    def ends(self, step: int) -> NDArray[np.int64]:
        """Moments `step` hours apart, from the first hour to the last."""
        if not len(self.hours):
            return np.zeros(0, np.int64)
        first = int(self.hours[0])
        last = min(int(self.hours[-1]) + 1, first + _MOST_HOURS)
        return np.arange(first + step, last + 1, step, dtype=np.int64)
