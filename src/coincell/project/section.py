"""What the sections of coincell.toml share: strictness, and the types of their values."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Range = Annotated[tuple[float, float], Field(strict=False)]
WholeRange = Annotated[tuple[int, int], Field(strict=False)]
Word = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9 _.+-]*$")]
Words = Annotated[tuple[Word, ...], Field(strict=False)]
"""Not strict about being a tuple: TOML gives a list. What is in it is checked strictly."""


class Section(BaseModel):
    """A table of coincell.toml."""

    # Strict: "30" is no number and true is no 1, so that a slip of the pen is told, not guessed at.
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


def check_ordered(name: str, pair: Range) -> None:
    """Refuse a range whose low end lies above its high one."""
    if pair[0] > pair[1]:
        raise ValueError(f"{name} must be [low, high] with low <= high; received {list(pair)}")
