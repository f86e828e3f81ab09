"""How far groups are apart: differences, ratios, who is worst; by the criteria of the field.

Hardt et al. (2016) name equalized odds and equal opportunity; Fairlearn's names are used, and its
figures are these (tests/audit). A criterion of several classes is that of the class, each against
the rest, in which groups are furthest apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.audit.counts import interval_ends
from coincell.audit.gap_intervals import pairs_of
from coincell.audit.measures import Key, Values, share
from coincell.evaluation import Estimate

CRITERIA: Mapping[str, tuple[str, ...]] = {
    "accuracy_parity": ("accuracy",),
    "recall_parity": ("recall_macro",),
    "demographic_parity": ("selection_rate",),
    "equal_opportunity": ("recall",),
    "equalized_odds": ("recall", "fpr"),
    "predictive_parity": ("precision",),
    "missed_events_parity": ("missed_events",),
    "false_alarms_parity": ("false_alarms_per_hour",),
    "error_parity": ("mae",),
    "bias_parity": ("mean_error",),
}
"""Criterion -> the figures in which groups must not differ."""
LOWER_IS_BETTER = frozenset(
    {"fpr", "fnr", "missed_events", "false_alarms_per_hour", "mae", "rmse", "no_decision_rate"}
)
_SIGNED = frozenset({"mean_error"})


@dataclass(frozen=True)
class Spread:
    """How far the groups of a column are apart in each figure.

    Attributes:
        difference: float64 [1 + rounds, m], the highest less the lowest.
        ratio: float64 [1 + rounds, m], the lowest over the highest.
        lowest: int64 [m], the group of the lowest figure; -1 where fewer than two have one.
        highest: int64 [m].
    """

    difference: Values
    ratio: Values
    lowest: NDArray[np.int64]
    highest: NDArray[np.int64]


def spread_of(figures: Values, claimed: NDArray[np.bool_]) -> Spread:
    """The spread among groups that are large enough for a claim.

    Args:
        figures: [groups, 1 + rounds, m].
        claimed: bool [groups, m].
    """
    usable = claimed & ~np.isnan(figures[:, 0])
    values = np.where(usable[:, None], figures, np.nan)
    high = np.where(np.isnan(values), -np.inf, values).max(axis=0)
    low = np.where(np.isnan(values), np.inf, values).min(axis=0)
    several = (~np.isnan(values)).sum(axis=0) > 1
    with np.errstate(invalid="ignore"):
        difference = np.where(several, high - low, np.nan)
        ratio = np.where(several & (low >= 0), share(low, high), np.nan)
    first = values[:, 0]
    known = usable.sum(axis=0) > 1
    lowest = np.where(known, np.where(usable, first, np.inf).argmin(axis=0), -1)
    highest = np.where(known, np.where(usable, first, -np.inf).argmax(axis=0), -1)
    return Spread(difference, ratio, lowest, highest)


def criterion_rounds(
    spread: Spread, keys: Sequence[Key], metrics: Sequence[str]
) -> tuple[Values, int] | None:
    """[1 + rounds] differences of the figure that differs most, and its place; None: undefined."""
    places = [at for at, key in enumerate(keys) if key.metric in metrics]
    if not places:
        return None
    chosen = spread.difference[:, places]
    known = ~np.isnan(chosen)
    if not known[0].any():
        return None
    largest = np.where(known, chosen, -np.inf).max(axis=1)
    at = places[int(np.where(known[0], chosen[0], -np.inf).argmax())]
    return np.where(known.any(axis=1), largest, np.nan), at


def criteria_of(
    spread: Spread,
    figures: Values,
    keys: Sequence[Key],
    values: Sequence[str],
    claimed: NDArray[np.bool_],
    people: NDArray[np.int64],
) -> list[dict[str, Any]]:
    """Each criterion that the figures can tell, as audit.json has it.

    Args:
        spread: of the groups.
        figures: [groups, 1 + rounds, m].
        keys: [m].
        values: names of the groups.
        claimed: bool [groups, m], which are large enough.
        people: int64 [groups, m], whose clips each figure is of.
    """
    found = []
    intervals = gap_intervals(figures, keys, claimed, people)
    for name, metrics in CRITERIA.items():
        told = criterion_rounds(spread, keys, metrics)
        if told is None:
            continue
        rounds, at = told
        key = keys[at]
        low, high = int(spread.lowest[at]), int(spread.highest[at])
        worst, best = (high, low) if key.metric in LOWER_IS_BETTER else (low, high)
        if key.metric in _SIGNED and abs(figures[low, 0, at]) < abs(figures[high, 0, at]):
            worst, best = high, low
        places = [place for place, each in enumerate(keys) if each.metric in metrics]
        ratios = spread.ratio[0, places]
        ratio = None if np.isnan(ratios).all() else float(np.nanmin(ratios))
        found.append(
            {
                "criterion": name,
                "metric": key.metric,
                "label": key.label,
                "difference": intervals(metrics, float(rounds[0])).to_json(),
                "ratio": ratio,
                "worst": values[worst],
                "worst_value": float(figures[worst, 0, at]),
                "best": values[best],
                "best_value": float(figures[best, 0, at]),
            }
        )
    return found


def gap_intervals(
    figures: Values,
    keys: Sequence[Key],
    claimed: NDArray[np.bool_],
    people: NDArray[np.int64],
) -> Callable[[Sequence[str], float], Estimate]:
    """How to tell the interval of the largest difference in some metrics; see gap_intervals.py.

    Args:
        figures: [groups, 1 + rounds, m].
        keys: [m].
        claimed: bool [groups, m], which are large enough.
        people: int64 [groups, m], whose clips each figure is of.
    """
    wanted = {metric for metrics in CRITERIA.values() for metric in metrics}
    places = [at for at, key in enumerate(keys) if key.metric in wanted]
    names = [keys[at].metric for at in places]
    pairs = pairs_of(figures[..., places], claimed[:, places], people[:, places], names)

    def told(metrics: Sequence[str], value: float) -> Estimate:
        ends = pairs.interval([at for at, name in enumerate(names) if name in metrics])
        return Estimate(value, *ends) if ends else Estimate(value)

    return told


def rounds_estimate(rounds: Values) -> Estimate:
    """[1 + rounds], the figure itself first -> the figure with its percentile interval."""
    if np.isnan(rounds[0]):
        return Estimate(None)
    low, high = interval_ends(rounds[1:])
    if np.isnan(low):
        return Estimate(float(rounds[0]))
    return Estimate(float(rounds[0]), float(low), float(high))
