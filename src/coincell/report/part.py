"""What every part of report.json shares."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Count = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Scalar = str | int | float | bool | None


class Part(BaseModel):
    """Base of all parts: frozen, no unknown keys, no NaN or infinity (JSON has none)."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True
    )
