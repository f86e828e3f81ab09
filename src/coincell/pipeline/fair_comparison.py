"""Two runs of the ledger by groups of people: whom each fails most, and what changed for whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from coincell.audit import ClassMeasure, paired_changes
from coincell.errors import CoincellError
from coincell.pipeline.kept_answers import read_answers
from coincell.pipeline.ledger import Run
from coincell.project import Project
from coincell.report import AuditedGroup, FairnessPart

_WORST = {"recall_macro": min, "accuracy": min, "mae": max, "missed_events": max, "fpr": max}
"""Figure that tells the worst group, the first that is there -> which end is the worst."""
_CRITERIA = (
    "accuracy_parity", "equalized_odds", "missed_events_parity", "false_alarms_parity",
    "error_parity",
)  # fmt: skip


def fairness_of(run: Run) -> dict[str, Any] | None:
    """The worst group and the gaps of a run; None where it was not audited.

    Returns:
        "worst", None or with "column", "value", "metric" and "figure"; "gaps", each with "column",
        "criterion", "worst", "best" and "difference".
    """
    part = run.report.fairness
    if part is None:
        return None
    gaps = [
        {
            "column": gap.column,
            "criterion": gap.criterion,
            "worst": gap.worst,
            "best": gap.best,
            "difference": gap.difference.model_dump(mode="json"),
        }
        for gap in part.gaps
        if gap.place == part.judged and gap.criterion in _CRITERIA
    ]
    return {"worst": _worst(part), "gaps": gaps}


def _worst(part: FairnessPart) -> dict[str, Any] | None:
    groups = [group for group in part.groups if group.claimed and group.told]
    for metric, end in _WORST.items():
        known = [group for group in groups if _value(part, group, metric) is not None]
        if known:
            worst = end(known, key=lambda group: _value(part, group, metric) or 0.0)
            figure = worst.figures[part.judged][metric].model_dump(mode="json")
            named = {"column": worst.column, "value": worst.value}
            return named | {"metric": metric, "figure": figure}
    return None


def _value(part: FairnessPart, group: AuditedGroup, metric: str) -> float | None:
    figure = group.figures.get(part.judged, {}).get(metric)
    return None if figure is None else figure.value


def paired_fairness(project: Project, runs: Sequence[Run]) -> tuple[dict[str, Any] | None, str]:
    """What changed from the first of two runs to the second, person by person, or None and why not.

    Rounds and the least people of a claim are the project's of now.

    Args:
        project: whose runs they are.
        runs: before and after.
    """
    try:
        before, after = (read_answers(project, run.number) for run in runs)
        if before is None or after is None:
            missing = [
                str(run.number)
                for run, kept in zip(runs, (before, after), strict=True)
                if kept is None
            ]
            return None, f"no answers were kept of run {' and '.join(missing)}"
        if before.windows != after.windows or before.labels != after.labels:
            return None, "the runs did not judge the same test windows"
        first, second = [
            ClassMeasure(
                each.labels, np.array(each.truth, np.int64), np.array(each.decisions, np.int64)
            )
            for each in (before, after)
        ]
    except CoincellError as error:
        return None, str(error).rstrip(".")
    configuration = project.configuration
    changes = paired_changes(
        after.people, first, second, configuration.audit, seed=configuration.project.seed
    )
    return changes, ""
