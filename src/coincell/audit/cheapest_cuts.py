"""Cuts of several groups that cost least and have rates within a tolerance, found exactly.

All windows that begin at a rate which some group can have are tried; in each, every group takes
its cheapest cut. Whatever the best choice is, its lowest rate is such a beginning, so that nothing
cheaper exists.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.audit.measures import Values

ROUNDING = 1e-12
"""Two shares that are apart by the tolerance are not held to be further apart by rounding."""
_FEW, _PAIRS = 1 << 12, 1 << 18  # windows that are tried at once: first, and then

Places = NDArray[np.int64]
Step = Callable[[], None]
"""Called often in long work: what it raises ends that."""


def no_step() -> None:
    """Go on."""


class _Cheapest:
    """The cheapest of any run of places, by tables of the cheapest of 1, 2, 4 ... neighbours.

    Of places that cost the same it is the first.
    """

    def __init__(self, costs: Values) -> None:
        self._costs = np.append(costs, np.inf)
        self._levels: list[Places] = [np.arange(len(costs))]
        width = 1
        while 2 * width <= len(costs):
            last = self._levels[-1]
            self._levels.append(self._better(last[:-width], last[width:]))
            width *= 2

    def _better(self, first: Places, second: Places) -> Places:
        return np.where(self._costs[second] < self._costs[first], second, first)

    def places(self, begins: Places, ends: Places) -> Places:
        """Of runs from `begins` to before `ends`, [w]; -1 of an empty run."""
        length = np.maximum(ends - begins, 0)
        level = np.frexp(np.maximum(length, 1))[1] - 1
        found = np.full(length.shape, -1)
        for at in np.unique(level[length > 0]).tolist():
            own = (level == at) & (length > 0)
            table = self._levels[at]
            found[own] = self._better(table[begins[own]], table[ends[own] - (1 << at)])
        return found

    def costs(self, begins: Places, ends: Places) -> Values:
        """What they cost, [w]; infinity of an empty run."""
        found: Values = self._costs[self.places(begins, ends)]
        return found


def alike(
    rates: Sequence[Values], costs: Sequence[Values], tolerance: float, step: Step = no_step
) -> Places:
    """Cuts of the least cost whose rates lie within `tolerance`, int64 [groups].

    Args:
        rates: of each group, [k + 1], in any order.
        costs: of each group, [k + 1].
        tolerance: or, if nothing reaches it, the least that can be reached.
        step: called with each group.
    """
    orders = [np.argsort(rate, kind="stable") for rate in rates]
    ordered = [rate[order] for rate, order in zip(rates, orders, strict=True)]
    tables = [_Cheapest(cost[order]) for cost, order in zip(costs, orders, strict=True)]
    begins = np.unique(np.concatenate(ordered))
    first = [_stepping(step, np.searchsorted(rate, begins, "left")) for rate in ordered]
    needed = np.max([_at(rate, at) for rate, at in zip(ordered, first, strict=True)], axis=0)
    width = max(tolerance, float((needed - begins).min())) + ROUNDING
    after = [_stepping(step, np.searchsorted(rate, begins + width, "right")) for rate in ordered]
    runs = list(zip(tables, first, after, strict=True))
    each = [_stepping(step, table.costs(*run)) for table, *run in runs]
    best = int(np.argmin(np.sum(each, axis=0)))
    one = slice(best, best + 1)
    found = [int(table.places(begin[one], end[one])[0]) for table, begin, end in runs]
    return np.array([order[at] for order, at in zip(orders, found, strict=True)])


def _stepping(step: Step, found: NDArray[Any]) -> NDArray[Any]:
    """What was found, after a step."""
    step()
    return found


def _at(values: Values, places: Places) -> Values:
    """values[places], infinity behind the last."""
    found: Values = np.append(values, np.inf)[places]
    return found


@dataclass(frozen=True)
class _Axis:
    """A rate that rises with the cut: its windows, and each group's run of cuts in each.

    Attributes:
        lowest: float64 [w], where windows begin, rising.
        width: of each.
        rates: of each group, [k + 1]; NaN of a group without the rate, which nothing binds.
        begins: of each group, int64 [w].
        ends: of each group, int64 [w]; a run ends before it.
    """

    lowest: Values
    width: float
    rates: Sequence[Values]
    begins: Sequence[Places]
    ends: Sequence[Places]

    @classmethod
    def of(cls, rates: Sequence[Values], width: float) -> _Axis:
        """All windows that begin where some group can be."""
        known = [rate for rate in rates if not np.isnan(rate[0])]
        lowest = np.unique(np.concatenate(known)) if known else np.zeros(1)
        begins, ends = [], []
        for rate in rates:
            if np.isnan(rate[0]):
                begins.append(np.zeros(len(lowest), np.int64))
                ends.append(np.full(len(lowest), len(rate)))
            else:
                begins.append(np.searchsorted(rate, lowest, "left").astype(np.int64))
                ends.append(np.searchsorted(rate, lowest + width, "right").astype(np.int64))
        return cls(lowest, width, rates, begins, ends)

    def windows_that_meet(self, other: _Axis) -> tuple[Places, Places]:
        """Which of the own windows can hold a cut of every group, for each of the other's: from
        .. before, int64 [w of the other] each; none where the two are the same."""
        low, high = np.full(len(other.lowest), -np.inf), np.full(len(other.lowest), np.inf)
        for rate, begin, end in zip(self.rates, other.begins, other.ends, strict=True):
            empty = begin >= end
            if not np.isnan(rate[0]):
                low = np.maximum(low, _at(rate, begin))
                high = np.minimum(high, rate[np.maximum(end, 1) - 1])
            high = np.where(empty, -np.inf, high)
        since = np.searchsorted(self.lowest, low - self.width, "left")
        return since, np.maximum(np.searchsorted(self.lowest, high, "right"), since)


def alike_in_two(
    rates: Sequence[tuple[Values, Values]],
    costs: Sequence[Values],
    tolerance: float,
    step: Step = no_step,
) -> Places:
    """Cuts of the least cost that have both rates within `tolerance`, int64 [groups].

    Both rates rise with the cut, so that a window of each leaves a group one run of cuts. Windows
    of the first come in the order of the least that they could cost, until none could be cheaper
    than what was found. To tell nobody is always possible.

    Args:
        rates: of each group, two, [k + 1] each, rising; NaN where the group has no such rate.
        costs: of each group, [k + 1].
        tolerance: of both.
        step: called with each group of each lot of windows.
    """
    tables = [_Cheapest(cost) for cost in costs]
    width = tolerance + ROUNDING
    first, second = (_Axis.of([own[which] for own in rates], width) for which in (0, 1))
    since, until = second.windows_that_meet(first)

    def runs(rows: Places, begin: Places, end: Places) -> list[tuple[_Cheapest, Places, Places]]:
        return [
            (
                table,
                np.maximum(first.begins[at][rows], second.begins[at][begin]),
                np.minimum(first.ends[at][rows], second.ends[at][end]),
            )
            for at, table in enumerate(tables)
        ]

    def cost(rows: Places, begin: Places, end: Places) -> Values:
        each = [_stepping(step, table.costs(*run)) for table, *run in runs(rows, begin, end)]
        return np.asarray(np.sum(each, axis=0), np.float64)

    rows = np.flatnonzero(until > since)
    bounds = cost(rows, since[rows], until[rows] - 1)
    order = np.argsort(bounds, kind="stable")
    rows, bounds = rows[order], bounds[order]
    totals = np.cumsum(until[rows] - since[rows])
    least, best, at = np.inf, (0, 0), 0
    while at < len(rows) and bounds[at] < least:
        done = totals[at - 1] if at else 0
        most = done + (_PAIRS if at else _FEW)
        after = max(at + 1, int(np.searchsorted(totals, most, "right")))
        row, column = _pairs(rows[at:after], since, until)
        found = cost(row, column, column)
        place = int(found.argmin())
        if found[place] < least:
            least, best = float(found[place]), (int(row[place]), int(column[place]))
        at = after
    row, column = (np.array([each]) for each in best)
    return np.array([int(table.places(*run)[0]) for table, *run in runs(row, column, column)])


def _pairs(rows: Places, since: Places, until: Places) -> tuple[Places, Places]:
    """Each of `rows` beside each place since[row] .. until[row] - 1, [pairs] each."""
    counts = until[rows] - since[rows]
    before = np.cumsum(counts) - counts
    row = np.repeat(rows, counts)
    return row, since[row] + np.arange(len(row)) - np.repeat(before, counts)
