"""Strategies of thresholds: what each wants alike among groups, and the cheapest that does it.

Groups are alike in a rate where its highest and its lowest value are no further apart than a
tolerance; cheapest_cuts.py finds the cheapest such thresholds of all groups together. They stay
fixed numbers: a device must not give two answers to one recording, as the randomized thresholds of
Hardt et al. (2016), which make rates equal to the last digit, would.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincell.audit.cheapest_cuts import ROUNDING, Places, Step, alike, alike_in_two, no_step
from coincell.audit.group_curves import GroupCurve, thresholds_between
from coincell.audit.measures import Values
from coincell.errors import InternalError

ONE, BY_GROUP = "one", "by_group"
EQUAL_IN: Mapping[str, tuple[str, ...]] = {
    ONE: (),
    BY_GROUP: (),
    "demographic_parity": ("selection_rate",),
    "equal_opportunity": ("recall",),
    "equal_accuracy": ("accuracy",),
    "equalized_odds": ("recall", "fpr"),
}
"""Strategy -> rates in which groups must be alike."""
STRATEGIES = tuple(EQUAL_IN)
STRATEGY_NAMES: Mapping[str, str] = {
    ONE: "one threshold",
    BY_GROUP: "a group's own",
    "demographic_parity": "demographic parity",
    "equal_opportunity": "equal opportunity",
    "equal_accuracy": "equal accuracy",
    "equalized_odds": "equalized odds",
}
"""For people."""
TOLERANCE = 0.01
"""How far apart rates may be: one point in a hundred."""


@dataclass(frozen=True)
class Choice:
    """Cuts of the groups.

    Attributes:
        strategy: one of STRATEGIES.
        cuts: int64 [groups], positions in each group's curve.
        thresholds: float64 [groups]; of NEVER nobody is told.
        cost: false positives x ratio + false negatives, of all groups.
        difference: how far apart the groups with thresholds of their own are in the rates that
            must be alike, whichever differs more; 0 where none must.
        tolerance: how far apart they may be.
    """

    strategy: str
    cuts: Places
    thresholds: Values
    cost: float
    difference: float
    tolerance: float

    @property
    def reached(self) -> bool:
        """Whether the groups are as alike as they must be."""
        return self.difference <= self.tolerance + ROUNDING


def choose(
    curves: Sequence[GroupCurve],
    strategy: str,
    *,
    ratio: float = 1.0,
    tolerance: float = TOLERANCE,
    own: NDArray[np.bool_] | None = None,
    step: Step = no_step,
) -> Choice:
    """The cheapest thresholds of a strategy.

    Of one threshold, or groups' own, that cost the same, the higher. Where no thresholds at all
    bring groups within `tolerance`, the least difference that can be reached is reached. A group
    that has no such rate, as without positives it has no recall, takes its own cheapest.

    Args:
        curves: of the groups.
        strategy: one of STRATEGIES.
        ratio: what a false positive costs, in false negatives; above 0.
        tolerance: how far apart groups may be in a rate, 0 .. 1.
        own: bool [groups], which are large enough for thresholds of their own; others take the
            one threshold, and need not be alike. None: all.
        step: called often; what it raises ends the work.
    """
    if strategy not in EQUAL_IN:
        raise InternalError(f"no strategy {strategy!r}")
    one, cuts = _one(curves, ratio)
    thresholds = np.full(len(curves), one)
    metrics = EQUAL_IN[strategy]
    chosen = [at for at in range(len(curves)) if own is None or own[at]]
    if strategy != ONE and chosen:
        some = [curves[at] for at in chosen]
        cuts[chosen] = _cuts(some, metrics, ratio, tolerance, step)
        thresholds[chosen] = [curves[at].thresholds[cuts[at]] for at in chosen]
    return Choice(
        strategy,
        cuts,
        thresholds,
        float(sum(curve.cost(ratio)[cut] for curve, cut in zip(curves, cuts, strict=True))),
        max((_apart(curves, cuts, metric, chosen) for metric in metrics), default=0.0),
        tolerance,
    )


def _apart(curves: Sequence[GroupCurve], cuts: Places, metric: str, chosen: Sequence[int]) -> float:
    values = np.array([curves[at].rates()[metric][cuts[at]] for at in chosen])
    known = values[~np.isnan(values)]
    return float(known.max() - known.min()) if len(known) else 0.0


def _one(curves: Sequence[GroupCurve], ratio: float) -> tuple[float, Places]:
    """The threshold that is cheapest for all together, and the cuts that it makes."""
    scores = np.unique(np.concatenate([curve.scores for curve in curves]))[::-1]
    thresholds = thresholds_between(scores)
    cuts = np.stack([curve.cuts_of(thresholds) for curve in curves])
    costs = np.sum([curve.cost(ratio)[own] for curve, own in zip(curves, cuts, strict=True)], 0)
    best = int(np.argmin(costs))
    return float(thresholds[best]), cuts[:, best]


def _cuts(
    curves: Sequence[GroupCurve],
    metrics: Sequence[str],
    ratio: float,
    tolerance: float,
    step: Step,
) -> Places:
    """The cheapest cuts of groups that must be alike in no rate, in one or in two."""
    costs = [curve.cost(ratio) for curve in curves]
    rates = [[curve.rates()[metric] for metric in metrics] for curve in curves]
    cuts = np.array([int(cost.argmin()) for cost in costs])
    bound = np.flatnonzero([any(not np.isnan(rate[0]) for rate in own) for own in rates])
    if len(bound) < 2 or not metrics:
        return cuts
    least = [costs[at] for at in bound]
    if len(metrics) == 1:
        cuts[bound] = alike([rates[at][0] for at in bound], least, tolerance, step)
    else:
        pairs = [(rates[at][0], rates[at][1]) for at in bound]
        cuts[bound] = alike_in_two(pairs, least, tolerance, step)
    return cuts
