"""The audit: judged clips of people in groups -> figures, gaps, tests, and what they mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.audit.areas import group_areas
from coincell.audit.counts import (
    CountTable,
    GroupFigures,
    draw_people,
    estimate,
    group_figures,
    interval_ends,
)
from coincell.audit.gap_intervals import symmetric_estimate
from coincell.audit.gaps import (
    CRITERIA,
    Spread,
    criteria_of,
    criterion_rounds,
    rounds_estimate,
    spread_of,
)
from coincell.audit.measures import Key, Measure, Values
from coincell.audit.people import Column, People
from coincell.audit.significance import LEVEL, holm, two_groups_p, widening_p
from coincell.audit.words import TaskWords
from coincell.errors import DataError
from coincell.project import AuditSettings

JUDGED = "int8"
"""The place whose groups are tested; where it is missing, the last one."""
_WIDENED = (
    "accuracy_parity", "equalized_odds", "missed_events_parity", "false_alarms_parity",
    "error_parity", "bias_parity",
)  # fmt: skip


@dataclass(frozen=True)
class Place:
    """What a model decided where it ran: in float, in int8, on the device.

    Attributes:
        name: "float", "int8" or "device".
        measure: of its decisions on all n clips.
        truth: int64 [n], the classes that `scores` are of; None where areas are not told.
        scores: float64 [n, C], the higher, the likelier.
    """

    name: str
    measure: Measure
    truth: NDArray[np.int64] | None = None
    scores: Values | None = None


@dataclass(frozen=True)
class _Found:
    """Figures of a place in a column; areas stand behind the measure's own."""

    keys: tuple[Key, ...]
    groups: GroupFigures
    figures: Values
    people_of: NDArray[np.int64]
    claimed: NDArray[np.bool_]
    spread: Spread


def audit_people(
    people: People,
    places: Sequence[Place],
    settings: AuditSettings,
    words: TaskWords,
    *,
    seed: int,
    labels: Sequence[str] = (),
) -> dict[str, Any]:
    """What audit.json holds.

    Args:
        people: whose the clips are.
        places: the same clips judged at one place or several.
        settings: [audit].
        words: how the task speaks.
        seed: of the bootstrap, whose rounds draw the same people at every place.
        labels: of the classes that areas are of; empty: of the one figure that has no label.

    Raises:
        DataError: there are no clips.
    """
    if not len(people.person):
        raise DataError("There are no test examples to audit.")
    draws = draw_people(people.count, settings.rounds, seed)
    tables = {place.name: CountTable.of(people, place.measure) for place in places}
    columns, tests, widening = [], [], []
    judged = JUDGED if JUDGED in tables else places[-1].name
    for at, column in enumerate(people.columns):
        found = {
            place.name: _figures(people, place, tables[place.name], at, draws, settings, labels)
            for place in places
        }
        columns.append(_column(column, found))
        tests += _comparisons(column, found[judged], settings, words)
        if "float" in found and JUDGED in found:
            widening += _widening(column, found["float"], found[JUDGED])
    _correct(tests)
    _correct(widening)
    for each in tests:
        each["words"] = words.finding(each)
    tests.sort(key=lambda each: (each["p"], -abs(each["difference"]["value"])))
    return {
        "goal": words.goal,
        "labels": list(labels),
        "clips": len(people.person),
        "person": people.by,
        "people": people.named or people.count,
        "smallest_group": settings.smallest_group,
        "rounds": settings.rounds,
        "places": [place.name for place in places],
        "judged": judged,
        "overall": {place.name: _overall(place, tables[place.name], draws) for place in places},
        "columns": columns,
        "comparisons": tests,
        "widening": widening,
        "notes": [*people.notes, *_remarks(people, tests, settings)],
    }


def _remarks(
    people: People, tests: Sequence[Mapping[str, Any]], settings: AuditSettings
) -> list[str]:
    if not people.columns:
        return ["No column of the data tells groups: nothing could be checked."]
    if tests:
        return []
    few = f"no two groups of a column have {settings.smallest_group} people (audit.smallest_group)"
    return [f"Nothing is claimed: {few}. Record more people of each."]


def _figures(
    people: People,
    place: Place,
    table: CountTable,
    at: int,
    draws: Values,
    settings: AuditSettings,
    labels: Sequence[str],
) -> _Found:
    column = people.columns[at]
    groups = group_figures(table, at, column, place.measure, draws)
    keys, figures, people_of = place.measure.keys, groups.figures, groups.people_of
    if place.scores is not None and place.truth is not None:
        single = len(column.parts) == 1  # rounds of intersections would take most of the time
        rounds = draws if single else draws[:1]
        told = group_areas(place.truth, place.scores, people.person, column, rounds)
        areas = np.full((*figures.shape[:2], told.shape[2]), np.nan)
        areas[:, : len(rounds)] = told
        names = tuple(labels) or ("",)
        keys = (*keys, *(Key("auc", name) for name in names))
        figures = np.concatenate([figures, areas], axis=2)
        bases = [keys.index(Key("recall", name)) for name in names]
        people_of = np.concatenate([people_of, people_of[:, bases]], axis=1)
    claimed = (people_of >= settings.smallest_group) & column.told[:, None]
    spread = spread_of(figures, claimed)
    return _Found(keys, groups, figures, people_of, claimed, spread)


def _overall(place: Place, table: CountTable, draws: Values) -> dict[str, Any]:
    """Figures of all clips, by metric."""
    measure = place.measure
    rounds = measure.figures(draws[:, table.person] @ table.sums)
    low, high = interval_ends(rounds[1:])
    return _named(
        (key, estimate(rounds[0, at], low[at], high[at], draws.shape[1], key.metric).to_json())
        for at, key in enumerate(measure.keys)
    )


def _named(pairs: Any) -> dict[str, Any]:
    """{"figures": metric -> figure, "labels": label -> metric -> figure}."""
    figures: dict[str, Any] = {}
    by_label: dict[str, dict[str, Any]] = {}
    for key, told in pairs:
        (by_label.setdefault(key.label, {}) if key.label else figures)[key.metric] = told
    return {"figures": figures, "labels": by_label}


def _column(column: Column, found: Mapping[str, _Found]) -> dict[str, Any]:
    groups: list[dict[str, Any]] = [
        {
            "value": value,
            "told": bool(column.told[at]),
            "clips": int((column.codes == at).sum()),
            "people": int(next(iter(found.values())).groups.people[at]),
            "claimed": bool(next(iter(found.values())).claimed[at, 0]),
            "places": {},
        }
        for at, value in enumerate(column.values)
    ]
    for place, each in found.items():
        low, high = interval_ends(each.figures[:, 1:].swapaxes(0, 1))
        for at, group in enumerate(groups):
            group["places"][place] = _group(each, at, low[at], high[at])
    criteria = {
        place: criteria_of(
            each.spread, each.figures, each.keys, column.values, each.claimed, each.people_of
        )
        for place, each in found.items()
    }
    return {
        "name": column.name,
        "parts": list(column.parts),
        "groups": groups,
        "criteria": criteria,
    }


def _group(found: _Found, at: int, low: Values, high: Values) -> dict[str, Any]:
    """Figures of a group; beside each how many "people" have it, and whether enough: "claimed"."""
    pairs = []
    for place, key in enumerate(found.keys):
        people = int(found.people_of[at, place])
        told = estimate(
            found.figures[at, 0, place], low[place], high[place], people, key.metric
        ).to_json()
        claimed = bool(found.claimed[at, place])
        pairs.append((key, told | {"claimed": claimed, "people": people}))
    return _named(pairs)


_TESTED = ("accuracy", "recall", "fpr", "missed_events", "mae", "mean_error")


def _comparisons(
    column: Column, found: _Found, settings: AuditSettings, words: TaskWords
) -> list[dict[str, Any]]:
    """Each group against all others of its column; of intersections the accuracy alone."""
    told = [at for at in range(len(column.values)) if column.told[at]]
    single = len(column.parts) == 1
    first = _TESTED if single else ("accuracy", "mae")
    groups, made = found.groups, []
    for at in told[:1] if len(told) == 2 and single else told:
        others = [other for other in told if other != at]
        for place, key in enumerate(found.keys):
            if key.metric not in first or place >= groups.rest.shape[2]:
                continue
            rest_people = int(groups.people_of[others, place].sum())
            enough = min(int(groups.people_of[at, place]), rest_people)
            values, rest = found.figures[at, :, place], groups.rest[at, :, place]
            if enough < settings.smallest_group or np.isnan(values[0]) or np.isnan(rest[0]):
                continue
            shared = bool(groups.shared[at])
            sides = (int(groups.people_of[at, place]), rest_people)
            worse = _worse(values[0], rest[0], key.metric)
            named = column.values[at if worse or len(told) != 2 else others[0]]
            made.append(
                {
                    "column": column.name,
                    "value": column.values[at],
                    "against": column.values[others[0]] if len(others) == 1 else "the others",
                    "metric": key.metric,
                    "label": key.label,
                    "group_value": float(values[0]),
                    "rest_value": float(rest[0]),
                    "clips": int(groups.clips_of[at, place]),
                    "people": sides[0],
                    "difference": rounds_estimate(values - rest).to_json(),
                    "worse": named,
                    "harmed": worse or (len(told) == 2 and bool(values[0] != rest[0])),
                    "p": two_groups_p(values, rest, sides, shared, key.metric),
                    "what": words.happened(column.parts, named, key.metric, key.label),
                }
            )
    return made


def _worse(value: float, rest: float, metric: str) -> bool:
    """Whether the group fares worse than the rest."""
    if metric == "mean_error":
        return bool(abs(value) > abs(rest))
    return bool(value > rest if metric in ("fpr", "missed_events", "mae") else value < rest)


def _widening(column: Column, before: _Found, after: _Found) -> list[dict[str, Any]]:
    """What quantization added to each gap, of intersections to that of right answers alone."""
    made = []
    both = before.claimed & after.claimed
    first, second = (spread_of(each.figures, both) for each in (before, after))
    for name in _WIDENED if len(column.parts) == 1 else _WIDENED[:1]:
        told = [criterion_rounds(each, after.keys, CRITERIA[name]) for each in (first, second)]
        if told[0] is None or told[1] is None:
            continue
        added = told[1][0] - told[0][0]
        made.append(
            {
                "column": column.name,
                "criterion": name,
                "float_gap": float(told[0][0][0]),
                "int8_gap": float(told[1][0][0]),
                "added": symmetric_estimate(added).to_json(),
                "p": widening_p(added),
            }
        )
    return made


def _correct(tests: list[dict[str, Any]]) -> None:
    """Write Holm's p beside each, and whether the difference is clear."""
    for each, corrected in zip(tests, holm([each["p"] for each in tests]), strict=True):
        each["p_corrected"] = corrected
        each["clear"] = corrected < LEVEL
