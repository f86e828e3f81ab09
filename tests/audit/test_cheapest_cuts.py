"""The search for cuts, against every combination in exact fractions; and that it skips what it may.

Rates are counts over counts, so that fractions know which differences a tolerance allows, to the
last bit: a bound that is too loose by any rounding, or too tight, chooses something else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from coincell.audit import cheapest_cuts
from coincell.audit.cheapest_cuts import alike, alike_in_two
from coincell.audit.group_curves import curve_of

Values = NDArray[np.float64]
HAIR = Fraction(1, 10**10)
"""Less than any two fractions of the tests differ by, and more than rounding."""


@dataclass(frozen=True)
class Group:
    """Counts at each cut, [k + 1] each, of `parts` axes; an axis whose total is 0 has no rate.

    Attributes:
        counts: of each axis, rising where a window is of two axes.
        totals: of each axis.
        costs: whole numbers.
    """

    counts: tuple[tuple[int, ...], ...]
    totals: tuple[int, ...]
    costs: tuple[int, ...]

    def rates(self, axis: int) -> Values:
        """As the search takes them."""
        total = self.totals[axis]
        counts = np.array(self.counts[axis], np.float64)
        return counts / total if total else np.full(len(counts), np.nan)

    def exact(self, axis: int, cut: int) -> Fraction | None:
        """The rate of a cut; None without one."""
        total = self.totals[axis]
        return Fraction(self.counts[axis][cut], total) if total else None

    @property
    def cost(self) -> Values:
        """As the search takes it."""
        return np.array(self.costs, np.float64)


def _apart(groups: Sequence[Group], cuts: Sequence[int]) -> Fraction:
    """The largest difference in any axis."""
    found = [Fraction(0)]
    for axis in range(len(groups[0].counts)):
        rates = [group.exact(axis, cut) for group, cut in zip(groups, cuts, strict=True)]
        known = [rate for rate in rates if rate is not None]
        found += [max(known) - min(known)] if known else []
    return max(found)


def _cost(groups: Sequence[Group], cuts: Sequence[int]) -> int:
    return sum(group.costs[cut] for group, cut in zip(groups, cuts, strict=True))


def _all(groups: Sequence[Group]) -> list[tuple[Fraction, int]]:
    """How far apart, and the cost, of every combination of cuts."""
    every = product(*(range(len(group.costs)) for group in groups))
    return [(_apart(groups, cuts), _cost(groups, cuts)) for cuts in every]


@st.composite
def _groups(draw: st.DrawFn, *, rising: bool) -> list[Group]:
    """Two or three groups; two rates that rise with the cut, or one in any order."""
    found = []
    for _ in range(draw(st.integers(2, 3))):
        length, counts, totals = draw(st.integers(1, 7)), [], []
        for axis in range(2 if rising else 1):
            total = draw(st.integers(0 if rising and axis == 0 else 1, 11))
            some = draw(st.lists(st.integers(0, total), min_size=length, max_size=length))
            some = [0, *sorted(some)] if rising else [*some, 0]
            counts.append(tuple(some))
            totals.append(total)
        costs = draw(st.lists(st.integers(0, 20), min_size=length + 1, max_size=length + 1))
        found.append(Group(tuple(counts), tuple(totals), tuple(costs)))
    return found


def _tolerance(draw: st.DataObject, apart: Sequence[Fraction]) -> Fraction:
    """One of the differences that there are, or a hair less or more."""
    one = draw.draw(st.sampled_from(sorted(set(apart))), label="difference")
    return max(Fraction(0), one + draw.draw(st.sampled_from([-HAIR, 0, HAIR]), label="hair"))


def _check(groups: Sequence[Group], cuts: Any, tolerance: Fraction) -> None:
    every = _all(groups)
    allowed = max(tolerance, min(apart for apart, _ in every))
    least = min(cost for apart, cost in every if apart <= allowed)
    assert _apart(groups, cuts) <= allowed
    assert _cost(groups, cuts) == least


@settings(max_examples=150, deadline=None)
@given(groups=_groups(rising=False), draw=st.data())
def test_one_rate(groups: list[Group], draw: st.DataObject) -> None:
    tolerance = _tolerance(draw, [apart for apart, _ in _all(groups)])
    rates = [group.rates(0) for group in groups]
    cuts = alike(rates, [group.cost for group in groups], float(tolerance))
    _check(groups, cuts, tolerance)


@settings(max_examples=150, deadline=None)
@given(groups=_groups(rising=True), at_once=st.sampled_from([1, 3, 1 << 12]), draw=st.data())
def test_two_rates(groups: list[Group], at_once: int, draw: st.DataObject) -> None:
    """Windows one by one, a few, or all at once."""
    tolerance = _tolerance(draw, [apart for apart, _ in _all(groups)])
    rates = [(group.rates(0), group.rates(1)) for group in groups]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cheapest_cuts, "_FEW", at_once)
        patch.setattr(cheapest_cuts, "_PAIRS", at_once)
        cuts = alike_in_two(rates, [group.cost for group in groups], float(tolerance))
    _check(groups, cuts, tolerance)


def _chosen(low: Fraction, high: Fraction, tolerance: Fraction, axes: int) -> int:
    """Costs of two groups of which one can have the rate `high`, the other `low` or, dearer,
    `high`; of two axes the rate is the first or, where `axes` is -2, the second."""
    one, other = np.array([0, float(high)]), np.array([0, float(low), float(high)])
    costs = [np.array([9.0, 0.0]), np.array([9.0, 0.0, 5.0])]
    if axes == 1:
        cuts = alike([one[1:], other[1:]], [each[1:] for each in costs], float(tolerance)) + 1
    else:
        same = [np.array([0.0, 1.0]), np.array([0.0, 1.0, 1.0])]
        both = [(one, same[0]), (other, same[1])]
        rates = both if axes == 2 else [(second, first) for first, second in both]
        cuts = alike_in_two(rates, costs, float(tolerance))
    return int(sum(cost[cut] for cost, cut in zip(costs, cuts, strict=True)))


@pytest.mark.parametrize("axes", [1, 2, -2])
def test_a_tolerance_is_held_to_the_last_bit(axes: int) -> None:
    """Of any two fractions: their own difference allows them, a hair less does not. Without room
    for rounding 0.9 and 0.7 are further apart than 0.2."""
    rates = sorted({Fraction(one, of) for of in range(2, 11) for one in range(1, of + 1)})
    for low, high in combinations(rates, 2):
        assert _chosen(low, high, high - low, axes) == 0, (low, high)
        assert _chosen(low, high, high - low - HAIR, axes) == 5, (low, high)


@settings(max_examples=100, deadline=None)
@given(costs=st.lists(st.integers(0, 3), min_size=1, max_size=20), draw=st.data())
def test_the_cheapest_of_a_run_is_its_first(costs: list[int], draw: st.DataObject) -> None:
    """Of all runs, empty ones too, against NumPy's argmin."""
    table = cheapest_cuts._Cheapest(np.array(costs, np.float64))
    count = len(costs)
    begins, ends = (each.ravel() for each in np.mgrid[0:count, 0 : count + 1])
    expected = [
        begin + int(np.argmin(costs[begin:end])) if end > begin else -1
        for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)
    ]
    assert table.places(begins, ends).tolist() == expected


def _tried(seed: int, tolerance: float, at_once: int) -> tuple[int, int]:
    """Pairs of windows that equalized odds of three groups of 150 people tries, and all there
    are."""
    generator = np.random.default_rng(seed)
    curves = []
    for group in range(3):
        positive = generator.random(150) < 0.4
        scores = 0.4 + 0.2 * positive - 0.05 * group + generator.normal(0, 0.2, 150)
        curves.append(curve_of(positive, scores))
    rates = [(curve.rates()["recall"], curve.rates()["fpr"]) for curve in curves]
    counts = []

    def counting(*rows: Any) -> Any:
        found = pairs(*rows)
        counts.append(len(found[0]))
        return found

    pairs = cheapest_cuts._pairs
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cheapest_cuts, "_pairs", counting)
        patch.setattr(cheapest_cuts, "_FEW", at_once)
        patch.setattr(cheapest_cuts, "_PAIRS", at_once)
        alike_in_two(rates, [curve.cost(1.0) for curve in curves], tolerance)
    first, second = (len(np.unique(np.concatenate(each))) for each in zip(*rates, strict=True))
    return sum(counts), first * second


def test_what_cannot_be_cheaper_is_not_tried() -> None:
    """One window after the other, a handful of pairs of some 20,000 to 46,000 decides: bounds that
    are looser than they need be try more."""
    cases = [(seed, tolerance) for seed in range(4) for tolerance in (0.02, 0.05, 0.1)]
    tried = [_tried(*case, at_once=1) for case in cases]
    assert min(every for _, every in tried) > 19_000
    assert sum(count for count, _ in tried) <= 120
