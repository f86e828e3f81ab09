"""Threshold strategies: one threshold for all, or a group's own, at what cost and how alike.

Interface, of one class against the rest:

    scored = Scored(truth == label, scores[:, label], people.person, column)
    facts = strategies_of(scored, StrategySettings(ratio=2.0), seed=1)          # JSON, below
    choice = choose(group_curves(scored.told), "equal_opportunity", ratio=2.0)  # thresholds alone
    facts = strategies_of(validation, settings, seed=1, judged=test)  # chosen there, judged here

`group_curves` holds what every threshold does to every group (for sliders, ROC and
precision-recall pictures), `choose` the exact solution. `strategies_of` returns

    {"column", "ratio", "tolerance", "examples", "positives", "people", "rounds",
     "areas": {group: AUC or None}, "notes": [sentence],
     "strategies": [{"strategy", "equal_in": [metric], "cost": E, "accuracy": E,
                     "difference": float, "reached": bool,  # of the examples chosen by
                     "differences": {metric or "equalized_odds": E},
                     "groups": [{"value", "own", "threshold": float or None (nobody is told),
                                 "examples", "people",
                                 "counts": {"tp", "fp", "fn", "tn"},
                                 "figures": {metric: E}}]}]}

where E is {"value", "ci95"} and metric one of RATES. Intervals are of a bootstrap over people with
the thresholds held: how sure the figures are, not the thresholds. Thresholds fit the examples
that they were chosen by; judge them on others.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.audit.cheapest_cuts import Step
from coincell.audit.choices import EQUAL_IN, STRATEGIES, TOLERANCE, Choice, choose
from coincell.audit.counts import estimate, interval_ends
from coincell.audit.gap_intervals import pairs_of
from coincell.audit.gaps import criterion_rounds, rounds_estimate, spread_of
from coincell.audit.group_curves import GroupCurve, Scored, group_curves
from coincell.audit.measures import Key, Values
from coincell.audit.people import NOT_TOLD, Column
from coincell.audit.said_counts import COUNTS, drawn_counts, people_in_groups, rates_of
from coincell.data import Progress, silent
from coincell.errors import DataError
from coincell.evaluation import Estimate, OneAgainstRest

RATES = ("accuracy", "selection_rate", "recall", "fpr", "precision")
_ODDS = "equalized_odds"
LEAST_RATIO = 1e-12
"""Of the two costs, its inverse the largest: sums of both stay finite, and exact enough."""
_DIFFERENCES: Mapping[str, tuple[str, ...]] = {
    **{metric: (metric,) for metric in RATES},
    _ODDS: EQUAL_IN[_ODDS],
}
_FLATTERED = "Thresholds are judged on the examples that they were chosen by, which flatters them."


@dataclass(frozen=True)
class StrategySettings:
    """How thresholds are chosen and judged.

    Attributes:
        ratio: what a false positive costs, in false negatives: false_positive_cost over
            false_negative_cost of [intended].
        tolerance: how far apart groups may be in a rate that must be alike, 0 .. 1.
        smallest_group: people that a group needs for a threshold of its own.
        rounds: of the bootstrap.
    """

    ratio: float = 1.0
    tolerance: float = TOLERANCE
    smallest_group: int = 5
    rounds: int = 1000

    def __post_init__(self) -> None:
        if not LEAST_RATIO <= self.ratio <= 1 / LEAST_RATIO:
            raise DataError(
                f"The ratio of the two costs must be {LEAST_RATIO:g} to {1 / LEAST_RATIO:g}, and "
                f"so above 0; received {self.ratio:g}."
            )
        if not 0 <= self.tolerance <= 1:
            raise DataError(f"The tolerance must be 0 to 1; received {self.tolerance}.")


def strategies_of(
    scored: Scored,
    settings: StrategySettings,
    *,
    seed: int,
    judged: Scored | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """All strategies on one class against the rest, as the docstring above tells.

    Args:
        scored: what thresholds are chosen by.
        settings: costs, tolerance, rounds.
        seed: of the bootstrap, which draws the same people for every strategy.
        judged: what they are judged on, of the same column; None: the same examples.
        progress: told before each strategy, and often while one is looked for; what it raises
            ends the work.

    Raises:
        DataError: no example tells its group.
    """
    chosen_by = scored.told
    if not len(chosen_by.scores):
        raise DataError(
            f"No example tells its {scored.column.name}: there is nothing to choose by."
        )
    own = people_in_groups(chosen_by) >= settings.smallest_group
    curves = group_curves(chosen_by)

    def phase(at: int, name: str) -> Step:
        told = f"{name} by {scored.column.name}"
        return lambda: progress(at, len(STRATEGIES) + 1, told)

    choices = []
    for at, name in enumerate(STRATEGIES):
        step = phase(at, name.replace("_", " "))
        step()
        limits = {"ratio": settings.ratio, "tolerance": settings.tolerance}
        choices.append(choose(curves, name, **limits, own=own, step=step))
    step = phase(len(STRATEGIES), "intervals")
    step()
    on = chosen_by if judged is None else _of_groups(judged, chosen_by.column.values)
    if not len(on.scores):
        raise DataError(
            f"Nothing to judge by: of {on.column.name} no example is of a group that thresholds "
            "were chosen for."
        )
    thresholds = np.stack([choice.thresholds for choice in choices])
    drawn = drawn_counts(on, thresholds, settings.rounds, seed, step)
    told = []
    for which, choice in enumerate(choices):
        step()
        told.append(_strategy(choice, drawn[:, :, which], on, own, settings))
    return {
        "column": on.column.name,
        "ratio": settings.ratio,
        "tolerance": settings.tolerance,
        "examples": len(on.scores),
        "positives": int(on.positive.sum()),
        "people": len(np.unique(on.person)),
        "rounds": settings.rounds,
        "areas": _areas(on),
        "notes": [*_notes(scored, curves, own, settings), *([] if judged else [_FLATTERED])],
        "strategies": told,
    }


def _of_groups(judged: Scored, known: Sequence[str]) -> Scored:
    """Examples of groups that have thresholds; their column has all of these groups."""
    place = {value: at for at, value in enumerate(known)}
    codes = np.array([place.get(value, -1) for value in judged.column.values])[judged.column.codes]
    kept = codes >= 0
    column = Column(judged.column.parts, tuple(known), codes[kept])
    return Scored(judged.positive[kept], judged.scores[kept], judged.person[kept], column)


def _strategy(
    choice: Choice,
    counts: Values,
    scored: Scored,
    own: NDArray[np.bool_],
    settings: StrategySettings,
) -> dict[str, Any]:
    """What a strategy does to each group and to all: counts [groups, 1 + rounds, 4]."""
    people, rates = people_in_groups(scored), rates_of(counts)
    figures = np.stack([rates[metric] for metric in RATES], axis=2)
    low, high = interval_ends(figures[:, 1:].swapaxes(0, 1))
    whole = counts.sum(axis=0)
    groups = []
    for at, value in enumerate(scored.column.values):
        named = {
            metric: estimate(
                figures[at, 0, place], low[at, place], high[at, place], int(people[at]), metric
            ).to_json()
            for place, metric in enumerate(RATES)
        }
        threshold = float(choice.thresholds[at])
        groups.append(
            {
                "value": value,
                "own": bool(own[at]),
                "threshold": threshold if math.isfinite(threshold) else None,
                "examples": int(counts[at, 0].sum()),
                "people": int(people[at]),
                "counts": dict(zip(COUNTS, counts[at, 0].astype(int).tolist(), strict=True)),
                "figures": named,
            }
        )
    return {
        "strategy": choice.strategy,
        "equal_in": list(EQUAL_IN[choice.strategy]),
        "cost": rounds_estimate(whole[:, 1] * settings.ratio + whole[:, 2]).to_json(),
        "accuracy": rounds_estimate(rates_of(whole)["accuracy"]).to_json(),
        "difference": choice.difference,
        "reached": choice.reached,
        "differences": _differences(figures, own, people),
        "groups": groups,
    }


def _differences(
    figures: Values, own: NDArray[np.bool_], people: NDArray[np.int64]
) -> dict[str, Any]:
    """How far the groups that are large enough are apart: [groups, 1 + rounds, RATES]."""
    claimed = np.broadcast_to(own[:, None], (len(own), len(RATES)))
    spread = spread_of(figures, claimed)
    keys = [Key(metric) for metric in RATES]
    each = np.broadcast_to(people[:, None], claimed.shape)
    pairs = pairs_of(figures, claimed, each, RATES)
    told = {}
    for name, metrics in _DIFFERENCES.items():
        rounds = criterion_rounds(spread, keys, metrics)
        ends = pairs.interval([RATES.index(metric) for metric in metrics])
        value = float(rounds[0][0]) if rounds else None
        told[name] = Estimate(value, *(ends or ())).to_json()
    return told


def _areas(scored: Scored) -> dict[str, float | None]:
    """The area under each group's ROC curve; None without both kinds of examples."""
    found = {}
    for at, value in enumerate(scored.column.values):
        own = scored.column.codes == at
        curve = OneAgainstRest(scored.positive[own], scored.scores[own])
        area = float(curve.areas(np.ones((int(own.sum()), 1)))[0])
        found[value] = None if math.isnan(area) else area
    return found


def _notes(
    scored: Scored,
    curves: Sequence[GroupCurve],
    own: NDArray[np.bool_],
    settings: StrategySettings,
) -> list[str]:
    """What a reader must know of who is bound by what."""
    names = [value for value in scored.column.values if value != NOT_TOLD]
    notes = []
    silent = len(scored.scores) - len(scored.told.scores)
    if silent:
        notes.append(
            f"{silent:,} examples do not tell their {scored.column.name} and are left out."
        )
    small = [name for name, large in zip(names, own, strict=True) if not large]
    if small:
        notes.append(
            f"Fewer than {settings.smallest_group} people: {', '.join(map(repr, small))} have "
            "the one threshold, and need not be like others."
        )
    for kind, rate in (("positives", "recall"), ("negatives", "false-positive rate")):
        without = [
            name for name, curve in zip(names, curves, strict=True) if not getattr(curve, kind)
        ]
        if without:
            notes.append(f"Without {kind}, so without {rate}: {', '.join(map(repr, without))}.")
    return notes
