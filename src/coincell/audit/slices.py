"""Figures of one class against the rest by group, with intervals over people: for a slider.

`audit_people` compares groups on what a model decided, all classes and gaps at once. Here is less,
quickly: whoever is told the class, by its decisions or by any threshold.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.audit.areas import group_areas
from coincell.audit.counts import draw_people, estimate, interval_ends
from coincell.audit.group_curves import Scored
from coincell.audit.measures import Values, share
from coincell.audit.people import Column
from coincell.audit.said_counts import COUNTS, drawn_counts, rates_of

SLICE_METRICS = ("accuracy", "precision", "recall", "f1", "fpr", "fnr", "selection_rate")
MOST_DRAWN = 8_000_000
"""People times rounds of an area's intervals: 8 bytes each, held twice."""
_FEWEST_ROUNDS = 100


def slice_figures(
    scored: Scored, said: NDArray[np.bool_], rounds: int, seed: int
) -> list[dict[str, Any]]:
    """Counts and figures of each group; of all examples last, under the value "".

    Args:
        scored: the examples, and their groups; its scores are not read.
        said: bool [n], which are told the class.
        rounds: of the bootstrap over people.
        seed: its own.

    Returns:
        [{"value", "told", "examples", "people", "counts": {"tp", "fp", "fn", "tn"},
        "figures": {metric: {"value", "ci95"}}}], a metric being one of SLICE_METRICS.
    """
    told = Scored(scored.positive, said.astype(np.float64), scored.person, scored.column)
    thresholds = np.full((1, len(scored.column.values)), 0.5)
    counts = drawn_counts(told, thresholds, rounds, seed)[:, :, 0]
    whole = Column(("",), ("",), np.zeros_like(scored.column.codes))
    sides = ((scored.column, counts), (whole, counts.sum(axis=0, keepdims=True)))
    return [row for column, found in sides for row in _rows(told, column, found)]


def slice_areas(scored: Scored, rounds: int, seed: int) -> dict[str, dict[str, Any]]:
    """The area under the ROC curve of each group, and of all under "": {"value", "ci95"}.

    Args:
        scored: the examples, and their groups.
        rounds: of the bootstrap over people; fewer where they would not fit MOST_DRAWN.
        seed: its own.
    """
    people = int(scored.person.max()) + 1
    draws = draw_people(people, area_rounds(people, rounds), seed)
    whole = Column(("",), ("",), np.zeros_like(scored.column.codes))
    found = {}
    for column in (scored.column, whole):
        areas = group_areas(
            (~scored.positive).astype(np.int64),  # class 0 is what the one column of scores is of
            scored.scores[:, None],
            scored.person,
            column,
            draws,
        )[:, :, 0]
        low, high = interval_ends(areas[:, 1:].T)
        kinds = _people(scored, column, scored.positive)
        for at, value in enumerate(column.values):
            told = estimate(areas[at, 0], low[at], high[at], int(kinds[at]), "auc")
            found[value] = told.to_json()
    return found


def area_rounds(people: int, rounds: int) -> int:
    """How many rounds an area's interval has."""
    return min(rounds, max(_FEWEST_ROUNDS, MOST_DRAWN // max(people, 1)))


def _rows(told: Scored, column: Column, counts: Values) -> list[dict[str, Any]]:
    """Of counts [groups, 1 + rounds, 4]."""
    rates = _rates(counts)
    figures = np.stack([rates[metric] for metric in SLICE_METRICS], axis=2)
    low, high = interval_ends(figures[:, 1:].swapaxes(0, 1))
    people = _people_of(told, column)
    return [
        {
            "value": value,
            "told": bool(column.told[at]),
            "examples": int(counts[at, 0].sum()),
            "people": int(people["accuracy"][at]),
            "counts": dict(zip(COUNTS, counts[at, 0].astype(int).tolist(), strict=True)),
            "figures": {
                metric: estimate(
                    figures[at, 0, place],
                    low[at, place],
                    high[at, place],
                    int(people[metric][at]),
                    metric,
                ).to_json()
                for place, metric in enumerate(SLICE_METRICS)
            },
        }
        for at, value in enumerate(column.values)
    ]


def _rates(counts: Values) -> dict[str, Values]:
    found, false, missed, _ = np.moveaxis(counts, -1, 0)
    rates = rates_of(counts)
    f1 = share(2 * found, 2 * found + false + missed)
    return rates | {"f1": f1, "fnr": 1 - rates["recall"]}


def _people_of(told: Scored, column: Column) -> dict[str, NDArray[np.int64]]:
    """Of how many people each figure of each group is."""
    said, real = told.scores >= 0.5, told.positive
    every = _people(told, column, np.ones_like(real))
    having = _people(told, column, real)
    return {
        "accuracy": every,
        "selection_rate": every,
        "recall": having,
        "fnr": having,
        "fpr": _people(told, column, ~real),
        "precision": _people(told, column, said),
        "f1": _people(told, column, said | real),
    }


def _people(scored: Scored, column: Column, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Distinct people of the chosen examples, [groups]."""
    has = np.zeros((len(column.values), int(scored.person.max()) + 1), np.bool_)
    has[column.codes[chosen], scored.person[chosen]] = True
    counts: NDArray[np.int64] = has.sum(axis=1)
    return counts
