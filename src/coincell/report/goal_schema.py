"""Of report.json: figures of a model that tells what is strange, and of one that tells a number.

They stand in a model's evaluation beside those of a classifier: `int8.normality`, `int8.quantity`.
"""

from __future__ import annotations

from pydantic import Field, model_validator

from coincell.report.part import Count, Metric, Part, RocCurve, Share

MOST_VALUES = 50_000
"""Test windows whose scores or numbers a report holds; an evaluation takes each n-th of more."""


class LabelScores(Part):
    """The test windows of one label, by a detector's score; the higher, the stranger."""

    label: str
    strange: bool
    samples: Count
    alarms: Metric = Field(description="Share at or above the threshold: detected, or false.")
    auc: Metric | None = Field(None, description="Against all normal windows; null of normal.")
    scores: tuple[float, ...] = Field((), max_length=MOST_VALUES)


class GroupScores(Part):
    """The test windows with one value in a group column."""

    column: str
    value: str
    normal: Count
    strange: Count
    auc: Metric | None = None
    partial_auc: Metric | None = None
    detection_rate: Metric | None = None
    false_alarm_rate: Metric | None = None


class Method(Part):
    """One way to tell what is strange, on the same features, for comparison."""

    name: str
    used: bool = Field(False, description="Whether it is the one that the image holds.")
    auc: Metric | None = None
    partial_auc: Metric | None = None
    detection_rate: Metric | None = None
    false_alarm_rate: Metric | None = None
    table_bytes: Count | None = Field(None, description="Flash of its tables, or its network's.")
    scratch_bytes: Count | None = None


class NormalityPart(Part):
    """How well what is strange is told from what is normal, on the test split."""

    detector: str
    normal_label: str
    normal: Count
    strange: Count
    unit: str = Field("", description="Of a score: nats, spreads, squared feature units.")
    threshold: float | None = Field(None, description="Of an alarm, in that unit.")
    wished_false_alarm_rate: Share | None = None
    auc: Metric | None = None
    partial_auc: Metric | None = None
    detection_rate: Metric | None = None
    false_alarm_rate: Metric | None = None
    roc: RocCurve | None = None
    labels: tuple[LabelScores, ...] = Field((), description="Normal first.")
    groups: tuple[GroupScores, ...] = Field((), description="By the data set's group columns.")
    methods: tuple[Method, ...] = ()


class ErrorShare(Part):
    """What a share of test windows is off by at most, without sign."""

    share: Share
    error: Metric


class QuantityPart(Part):
    """How near the predicted number is, on the test split; all but r2 in the number's unit."""

    target: str
    unit: str
    mae: Metric | None = None
    rmse: Metric | None = None
    r2: Metric | None = None
    bias: Metric | None = Field(None, description="Mean of predicted minus true.")
    spread: Metric | None = Field(None, description="RMSE of always saying the training mean.")
    errors: tuple[ErrorShare, ...] = Field((), description="Rising: the median, 90 %, 95 % ...")
    truth: tuple[float, ...] = Field((), max_length=MOST_VALUES)
    predicted: tuple[float, ...] = Field((), max_length=MOST_VALUES)

    @model_validator(mode="after")
    def _pairs(self) -> QuantityPart:
        if len(self.truth) != len(self.predicted):
            raise ValueError(
                f"truth and predicted differ in length: {len(self.truth)}, {len(self.predicted)}"
            )
        return self
