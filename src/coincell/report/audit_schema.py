"""Of report.json: figures by group of people, how far groups are apart, and what int8 added."""

from __future__ import annotations

from pydantic import Field

from coincell.report.part import Count, Metric, Part


class AuditedGroup(Part):
    """The test examples of one group."""

    column: str
    value: str
    told: bool = Field(description="False of those whose column is empty: never compared.")
    claimed: bool = Field(description="Whether it has people enough for a claim.")
    examples: Count
    people: Count
    figures: dict[str, dict[str, Metric]] = Field(description="Place -> metric -> figure.")


class GroupGap(Part):
    """How far the groups of a column are apart by one criterion, at one place."""

    column: str
    place: str
    criterion: str
    metric: str
    label: str = Field("", description="The class, against the rest, in which they differ most.")
    difference: Metric
    ratio: float | None = None
    worst: str
    worst_value: float
    best: str
    best_value: float


class AddedGap(Part):
    """What quantization added to a gap, the same people judged twice."""

    column: str
    criterion: str
    float_gap: float
    int8_gap: float
    added: Metric
    p_corrected: float
    clear: bool


class AuditFinding(Part):
    """One comparison of a group with the others, in words."""

    words: str
    column: str
    people: Count
    difference: Metric
    p_corrected: float
    clear: bool = Field(description="Whether it is more than chance, all comparisons considered.")


class FairnessPart(Part):
    """Whom the model fails: groups of the test split compared. Without groups, notes say so."""

    person: str = Field(description="What tells people apart: what intervals draw.")
    people: Count
    smallest_group: Count
    rounds: Count
    judged: str = Field(description="The place whose groups were compared.")
    headline: str = Field(description="The figure that pictures show, by its key.")
    unit: str = Field("", description="Of that figure; empty where it is a share.")
    places: tuple[str, ...]
    device: str = Field("", description="What is known of the device's own decisions.")
    groups: tuple[AuditedGroup, ...] = ()
    gaps: tuple[GroupGap, ...] = ()
    added: tuple[AddedGap, ...] = ()
    findings: tuple[AuditFinding, ...] = Field((), description="Surest first; no more than twelve.")
    compared: Count = Field(0, description="How many comparisons were made and corrected for.")
    notes: tuple[str, ...] = ()
