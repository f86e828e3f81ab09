"""audit.json -> the part of report.json on groups of people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coincell.pipeline.auditing import AUDIT_FILE
from coincell.pipeline.store import Artefact
from coincell.project import Configuration
from coincell.report import (
    AddedGap,
    AuditedGroup,
    AuditFinding,
    ExactPart,
    FairnessPart,
    GroupGap,
    Metric,
)

_MOST_FINDINGS = 12
_FIGURES = (
    "accuracy", "recall_macro", "fpr", "fnr", "false_alarms_per_hour", "missed_events", "mae",
    "mean_error",
)  # fmt: skip


def fairness_part(
    artefact: Artefact, configuration: Configuration, exact: ExactPart | None
) -> FairnessPart:
    """What the audit found, without the figures of every class, which audit.json has.

    Args:
        artefact: of the audit stage.
        configuration: of the project.
        exact: the proof, as far as the run came.
    """
    facts = artefact.read_json(AUDIT_FILE)
    findings = [each for each in facts["comparisons"] if each["harmed"]][:_MOST_FINDINGS]
    quantity = configuration.goal == "quantity"
    return FairnessPart(
        person=facts["person"],
        people=facts["people"],
        smallest_group=facts["smallest_group"],
        rounds=facts["rounds"],
        judged=facts["judged"],
        headline="mae" if quantity else "accuracy",
        unit=configuration.data.unit if quantity else "",
        places=tuple(facts["places"]),
        device=device_words(exact),
        groups=tuple(
            _group(column["name"], group)
            for column in facts["columns"]
            for group in column["groups"]
        ),
        gaps=tuple(
            GroupGap(column=column["name"], place=place, **gap)
            for column in facts["columns"]
            for place, gaps in column["criteria"].items()
            for gap in gaps
        ),
        added=tuple(
            AddedGap.model_validate({name: each[name] for name in AddedGap.model_fields})
            for each in facts["widening"]
        ),
        findings=tuple(
            AuditFinding(
                words=each["words"],
                column=each["column"],
                people=each["people"],
                difference=Metric.model_validate(each["difference"]),
                p_corrected=each["p_corrected"],
                clear=each["clear"],
            )
            for each in findings
        ),
        compared=len(facts["comparisons"]),
        notes=tuple(facts["notes"]),
    )


def device_words(exact: ExactPart | None) -> str:
    """Whose figures the device's are: the proof compares every byte of every test window."""
    if exact is None:
        return "This run did not come to the proof on the device: what it decides is not known."
    if exact.mismatches:
        return (
            f"{exact.mismatches:,} of {exact.clips:,} test examples differ on the device: these "
            "figures are not its own."
        )
    return (
        f"The device decides as int8 does here: all {exact.clips:,} test examples gave the same "
        f"bytes in the C for it on this computer, {exact.clips_on_board:,} of them on the board."
    )


def _group(column: str, group: Mapping[str, Any]) -> AuditedGroup:
    return AuditedGroup(
        column=column,
        value=group["value"],
        told=group["told"],
        claimed=group["claimed"],
        examples=group["clips"],
        people=group["people"],
        figures={
            place: {
                name: Metric(value=told["value"], ci95=told["ci95"])
                for name, told in figures["figures"].items()
                if name in _FIGURES
            }
            for place, figures in group["places"].items()
        },
    )
