"""Two models that judged the same clips: what changed for each group, drawn over the same people.

A round of the bootstrap draws the same people for both, so that what they share cancels: a change
is known more closely than either figure. Intervals are symmetric, as those of what int8 adds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from coincell.audit.counts import CountTable, GroupFigures, draw_people, group_figures
from coincell.audit.gap_intervals import symmetric_estimate
from coincell.audit.gaps import CRITERIA, criterion_rounds, spread_of
from coincell.audit.measures import ClassMeasure, Key, Values
from coincell.audit.people import Column, People
from coincell.project import AuditSettings

COMPARED_CRITERIA = ("accuracy_parity", "equalized_odds")
_WORST = "recall_macro"


def paired_changes(
    people: People,
    before: ClassMeasure,
    after: ClassMeasure,
    settings: AuditSettings,
    *,
    seed: int,
) -> dict[str, Any]:
    """What `after` changed, in every figure after less before.

    Args:
        people: whose the n clips are.
        before: of one model on them.
        after: of another, the same clips in the same order.
        settings: [audit]: rounds, and the least people of a claim.
        seed: of the bootstrap.

    Returns:
        "accuracy", and "columns", each with "name", "groups" ("value", "people", "accuracy",
        "recall"), "worst_recall", "accuracy_parity" and "equalized_odds"; of every change "value"
        and "ci95", None where it is not defined.
    """
    draws = draw_people(people.count, settings.rounds, seed)
    tables = [CountTable.of(people, measure) for measure in (before, after)]
    whole = [
        measure.figures(draws[:, table.person] @ table.sums)
        for measure, table in zip((before, after), tables, strict=True)
    ]
    accuracy = before.keys.index(Key("accuracy"))
    return {
        "accuracy": symmetric_estimate((whole[1] - whole[0])[:, accuracy]).to_json(),
        "columns": [
            _column(
                column,
                *(
                    group_figures(table, at, column, measure, draws)
                    for measure, table in zip((before, after), tables, strict=True)
                ),
                keys=before.keys,
                smallest=settings.smallest_group,
            )
            for at, column in enumerate(people.columns)
        ],
    }


def _column(
    column: Column,
    before: GroupFigures,
    after: GroupFigures,
    *,
    keys: tuple[Key, ...],
    smallest: int,
) -> dict[str, Any]:
    claimed = (before.people_of >= smallest) & (after.people_of >= smallest)
    claimed &= column.told[:, None]
    groups = [
        {"value": value, "people": int(before.people[at])}
        | {
            name: _changed(before.figures[at], after.figures[at], keys.index(Key(metric)))
            for name, metric in (("accuracy", "accuracy"), ("recall", _WORST))
        }
        for at, value in enumerate(column.values)
        if claimed[at, 0]
    ]
    return {
        "name": column.name,
        "groups": groups,
        "worst_recall": _worst(before, after, claimed, keys.index(Key(_WORST))),
        **_gaps(before, after, claimed, keys),
    }


def _changed(before: Values, after: Values, at: int) -> Mapping[str, Any]:
    return symmetric_estimate(after[:, at] - before[:, at]).to_json()


def _worst(
    before: GroupFigures, after: GroupFigures, claimed: np.ndarray[Any, Any], at: int
) -> Mapping[str, Any] | None:
    """Of the lowest figure of any group, whichever it is."""
    rows = np.flatnonzero(claimed[:, at])
    if len(rows) < 2:
        return None
    lowest = [np.nanmin(each.figures[rows, :, at], axis=0) for each in (before, after)]
    return symmetric_estimate(lowest[1] - lowest[0]).to_json()


def _gaps(
    before: GroupFigures,
    after: GroupFigures,
    claimed: np.ndarray[Any, Any],
    keys: tuple[Key, ...],
) -> dict[str, Any]:
    spreads = [spread_of(each.figures, claimed) for each in (before, after)]
    found: dict[str, Any] = {}
    for name in COMPARED_CRITERIA:
        told = [criterion_rounds(spread, keys, CRITERIA[name]) for spread in spreads]
        if told[0] is None or told[1] is None:
            found[name] = None
        else:
            found[name] = symmetric_estimate(told[1][0] - told[0][0]).to_json()
    return found
