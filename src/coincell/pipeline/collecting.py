"""Whom to record next: of the audit's groups, for the test split and for training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coincell.audit import NOT_TOLD, joined_values, judges_advice, training_advice
from coincell.pipeline.clips import Clips, read_clips, training_rows
from coincell.pipeline.run import audit_of
from coincell.pipeline.runner import Outcome
from coincell.project import Configuration


def collecting_advice(
    outcome: Outcome, configuration: Configuration, width: float
) -> dict[str, Any]:
    """What groups lack: "test" for intervals `width` wide, "training" against the largest group.

    Args:
        outcome: of a run that came to the audit.
        configuration: of the project.
        width: of 95 % intervals, above 0; of rates a share.

    Raises:
        UserError: a gate ended the run before the audit.
    """
    audit = audit_of(outcome)
    clips = read_clips(outcome.artefacts["dataset"])
    return {
        "width": width,
        "person": audit["person"],
        "smallest_group": audit["smallest_group"],
        "test": judges_advice(audit, width),
        "training": training_advice(_counted(clips, configuration, audit)),
    }


def _counted(
    clips: Clips, configuration: Configuration, audit: Mapping[str, Any]
) -> list[tuple[str, dict[str, tuple[int, int]]]]:
    """People and clips of the training split, in every group that the audit compares: those that
    the test split has and training has not stand with none."""
    by = configuration.audit.person or configuration.data.split.by
    rows = training_rows(clips, configuration)
    counted = []
    for column in audit["columns"]:
        people: dict[str, set[str]] = {
            group["value"]: set() for group in column["groups"] if group["told"]
        }
        windows = dict.fromkeys(people, 0)
        for row in rows:
            told = clips.groups[row]
            values = [told.get(part, "").strip() for part in column["parts"]]
            value = joined_values(values) if all(values) else NOT_TOLD
            if value == NOT_TOLD:
                continue
            people.setdefault(value, set()).add(told.get(by, "") or clips.files[row])
            windows[value] = windows.get(value, 0) + 1
        counted.append(
            (column["name"], {value: (len(people[value]), windows[value]) for value in people})
        )
    return counted
