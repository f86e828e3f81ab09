"""What every part of report.json shares."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

Count = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Scalar = str | int | float | bool | None


class Part(BaseModel):
    """Base of all parts: frozen, no unknown keys, no NaN or infinity (JSON has none)."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True
    )


class Metric(Part):
    """A measured value and its 95 % confidence interval; null where it is not defined."""

    value: float | None
    ci95: tuple[float, float] | None = None


class RocCurve(Part):
    """One class against the rest: points from (0, 0) to (1, 1), rising."""

    label: str
    fpr: tuple[Share, ...]
    tpr: tuple[Share, ...]
    auc: float | None = None

    @model_validator(mode="after")
    def _same_length(self) -> RocCurve:
        if len(self.fpr) != len(self.tpr):
            raise ValueError(f"fpr and tpr differ in length: {len(self.fpr)}, {len(self.tpr)}")
        return self
