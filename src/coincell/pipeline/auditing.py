"""Test windows and what the models said of them -> the audit; its limits as gates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from coincell.audit import (
    AlarmMeasure,
    ClassMeasure,
    Measure,
    Place,
    QuantityMeasure,
    TaskWords,
    audit_people,
    collecting_note,
    events_of,
    people_of,
)
from coincell.data import RECORDING
from coincell.pipeline.clips import Clips, normal_class
from coincell.pipeline.judged import Told
from coincell.project import Configuration

AUDIT_FILE = "audit.json"
LIMITS = (
    "worst_group_recall",
    "equalized_odds_difference",
    "accuracy_difference",
    "int8_added_gap",
)
"""Settings of [audit] that only say what must hold."""
_HOUR_MS = 3_600_000


def audit_clips(
    clips: Clips, configuration: Configuration, told: Mapping[str, Told]
) -> dict[str, Any]:
    """What audit.json holds, of the test split.

    Args:
        clips: the data set.
        configuration: of the project.
        told: what each model said of the test windows, by place.

    Raises:
        DataError: [audit] names a column that the data do not have.
    """
    data, settings, goal = configuration.data, configuration.audit, configuration.goal
    rows = clips.rows("test")
    groups = [clips.groups[row] for row in rows]
    people = people_of(
        groups,
        [clips.files[row] for row in rows],
        settings,
        split_by=data.split.by,
        truth=None if goal == "quantity" else clips.labels[rows],
    )
    places = [place_of(name, each, clips, configuration) for name, each in told.items()]
    words = TaskWords(data.sense, goal, data.unit, data.target)
    labels = data.labels if goal == "classes" else ()
    facts = audit_people(
        people, places, settings, words, seed=configuration.project.seed, labels=labels
    )
    note = collecting_note(facts)
    return facts | {"notes": [*facts["notes"], *filter(None, [note])]}


def place_of(name: str, told: Told, clips: Clips, configuration: Configuration) -> Place:
    """What a model said of the test windows, as the audit takes it."""
    data, rows = configuration.data, clips.rows("test")
    truth = clips.labels[rows]
    if configuration.goal == "quantity":
        return Place(name, QuantityMeasure(told.scores - clips.targets[rows]))
    if configuration.goal == "classes":
        measure: Measure = ClassMeasure(tuple(data.labels), truth, told.decisions)
        return Place(name, measure, truth, told.scores)
    recordings = [clips.groups[row].get(RECORDING) or clips.files[row] for row in rows]
    strange = truth != normal_class(data)
    hours = (data.window_step_ms or data.window_ms) / _HOUR_MS if data.sense != "picture" else 0.0
    measure = AlarmMeasure(strange, told.decisions == 1, events_of(recordings, truth), hours)
    return Place(name, measure, (~strange).astype(np.int64), told.scores[:, None])


def limit_values(audit: Mapping[str, Any], name: str) -> tuple[float, str] | None:
    """The figure that a limit of [audit] is about, and whom it is of; None: it cannot be told.

    Args:
        audit: the content of audit.json.
        name: one of LIMITS.
    """
    if name == "worst_group_recall":
        found = sorted(_recalls(audit))
        return found[0] if found else None
    if name == "int8_added_gap":
        added = [
            (each["added"]["value"], f"{each['column']}")
            for each in audit["widening"]
            if each["criterion"] == "accuracy_parity" and each["added"]["value"] is not None
        ]
        return max(added) if added else None
    criterion = "equalized_odds" if name.startswith("equalized") else "accuracy_parity"
    gaps = [
        (each["difference"]["value"], _apart(column["name"], each))
        for column in audit["columns"]
        for each in column["criteria"][audit["judged"]]
        if each["criterion"] == criterion
    ]
    return max(gaps) if gaps else None


def _recalls(audit: Mapping[str, Any]) -> Iterator[tuple[float, str]]:
    """Of every group that is large enough: recall, the mean over classes."""
    for column in audit["columns"]:
        for group in column["groups"]:
            figures = group["places"][audit["judged"]]["figures"]
            recall = figures.get("recall_macro") or figures.get("recall")
            if recall and recall["claimed"] and recall["value"] is not None:
                yield recall["value"], f"{column['name']} '{group['value']}'"


def _apart(column: str, gap: Mapping[str, Any]) -> str:
    of = f" of '{gap['label']}'" if gap["label"] else ""
    figure = gap["metric"].replace("_", " ")
    return (
        f"{column}: {figure}{of} is {gap['worst_value']:.1%} for '{gap['worst']}' and "
        f"{gap['best_value']:.1%} for '{gap['best']}'"
    )
