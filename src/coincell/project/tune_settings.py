"""[tune]: what `coincell tune` tries, what it wants, and what it may cost."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from coincell.project.section import Fraction, Section

Objective = Literal[
    "accuracy", "auc", "mae", "latency_ms", "cycles", "ram_bytes", "flash_bytes", "energy_uj",
    "parameters", "macs",
    "features",
]  # fmt: skip
Cost = Literal[
    "latency_ms",
    "cycles",
    "ram_bytes",
    "flash_bytes",
    "energy_uj",
    "parameters",
    "macs",
    "features",
]
Value = bool | int | float | str
Choices = Annotated[tuple[Value, ...], Field(strict=False, min_length=1)]


class Span(Section):
    """A range of numbers to search: { low = 0.0003, high = 0.01, log = true }"""

    low: int | float = Field(description="The lowest value.")
    high: int | float = Field(description="The highest value.")
    step: int | float | None = Field(None, gt=0, description="From value to value.")
    log: bool = Field(False, description="Whether factors matter, not differences.")

    @field_validator("low", "high", "step", mode="before")
    @classmethod
    def _finite(cls, value: Any) -> Any:
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"a range is of finite numbers; received {value}")
        return value

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.low > self.high:
            raise ValueError(f"a range needs low <= high; received {self.low} and {self.high}")
        if self.log and (self.low <= 0 or self.step is not None):
            raise ValueError("a range with log = true begins above 0, and has no step")
        if self.step is not None and self.step > self.high - self.low:
            raise ValueError(f"step must fit into the range; received {self.step}")
        return self


def _kind(value: Any) -> str:
    return "range" if isinstance(value, dict | Span) else "values"


Searched = Annotated[
    Annotated[Choices, Tag("values")] | Annotated[Span, Tag("range")], Discriminator(_kind)
]


class TuneSettings(Section):
    """[tune]: the search"""

    objectives: Annotated[tuple[Objective, ...], Field(strict=False, max_length=4)] = Field(
        (),
        description="What is to be good, of the validation split and of the board; empty: the "
        "task's own figure (accuracy, auc or mae), latency_ms and ram_bytes. features is how many "
        "numbers the model is given.",
    )
    limits: Mapping[Cost, Annotated[float, Field(gt=0)]] = Field(
        {},
        description="What no candidate may exceed, such as { latency_ms = 50, ram_bytes = 65536 }; "
        "what does is not trained. The gates of the board count too.",
    )
    space: Mapping[str, Searched] = Field(
        {},
        description='Settings to search, such as "model.dropout" = [0.1, 0.2] or '
        '"training.learning_rate" = { low = 0.0003, high = 0.01, log = true }; empty: a space '
        "made for the project's task, features and architecture.",
    )
    early_epochs: Fraction = Field(
        0.25,
        description="Share of training.epochs after which a candidate that others dominate is "
        "given up; 0: each is trained to the end.",
    )
    early_rivals: int = Field(
        2, ge=1, le=100, description="How many must be better in everything for that."
    )
    storage: str = Field(
        "",
        description="Where the study is kept: a database's URL, for several machines; empty: a "
        "journal in build/tune, which a shared folder can hold too.",
    )

    @model_validator(mode="after")
    def _unique(self) -> Self:
        if len(set(self.objectives)) != len(self.objectives):
            raise ValueError(f"objectives must be unlike; received {list(self.objectives)}")
        for key in self.space:
            if "." not in key or key.split(".")[0] not in _SEARCHED:
                raise ValueError(
                    f"space holds settings of {', '.join(_SEARCHED)}, such as model.dropout; "
                    f"received {key!r}"
                )
        return self


_SEARCHED = ("features", "augmentation", "model", "training", "quantization")
