"""The unit in which people and programs are told a score: a share, 0 to 1; or a number's own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

LEVEL_BITS = 8
"""Binary places of a smoothed number of a quantity, as of a smoothed score of a class."""
_RAW = 1 << LEVEL_BITS
_STEPS = 1000
_LARGEST_SCALE = 1e6
_LONGEST_WORD = 64


@dataclass(frozen=True)
class ScoreUnit:
    """What a network's int8 output stands for: (q - zero_point) * scale.

    The decision's C reckons in integers, 1/256 of q, and so do the protocol and `StreamEvent`.

    Attributes:
        scale: of the output.
        zero_point: the q that stands for 0.
    """

    scale: float
    zero_point: int

    def share(self, raw: int) -> float:
        """A smoothed score in 1/256 of q -> 0 to 1 in steps of 0.001, as the exports tell it.

        After a softmax it is the mean probability; what another output gives beyond 0 to 1 is cut.
        """
        exact = (raw / _RAW - self.zero_point) * self.scale
        return math.floor(min(1.0, max(0.0, exact)) * _STEPS + 0.5) / _STEPS

    def to_json(self) -> dict[str, float | int]:
        """As it stands in an image's description, under "score"."""
        return {"scale": self.scale, "zero_point": self.zero_point}


@dataclass(frozen=True)
class QuantityUnit:
    """What the one int8 output of a network that predicts a number stands for.

    Attributes:
        scale: of the output, in the number's unit a step.
        zero_point: the q that stands for 0.
        target: what the number is.
        unit: its unit.
    """

    scale: float
    zero_point: int
    target: str = ""
    unit: str = ""

    def value(self, raw: int) -> float:
        """A smoothed output in 1/256 of q, as the device tells it -> the number in its unit."""
        return (raw / _RAW - self.zero_point) * self.scale

    def told(self, raw: int) -> str:
        """The same in words, such as "1480 rpm"; to four digits, as int8 has no more."""
        return f"{self.value(raw):.4g} {self.unit}".rstrip()

    def to_json(self) -> dict[str, float | int | str]:
        """As it stands in an image's description, under "quantity"."""
        return asdict(self)


def score_unit(description: Mapping[str, Any]) -> ScoreUnit | None:
    """What an image's description says of its scores; None where it says nothing of use.

    Args:
        description: from an image or a line, and so not to be trusted.
    """
    told = description.get("score")
    if not isinstance(told, dict):
        return None
    scale, zero_point = told.get("scale"), told.get("zero_point")
    if not isinstance(scale, float) or not 0 < scale <= _LARGEST_SCALE:
        return None
    if type(zero_point) is not int or not -128 <= zero_point <= 127:
        return None
    return ScoreUnit(scale, zero_point)


def quantity_unit(description: Mapping[str, Any]) -> QuantityUnit | None:
    """What an image's description says of its number; None where it says nothing of use.

    Args:
        description: from an image or a line, and so not to be trusted.
    """
    told = description.get("quantity")
    if not isinstance(told, dict):
        return None
    unit = score_unit({"score": told})
    words = [told.get(name) for name in ("target", "unit")]
    if unit is None or not all(isinstance(w, str) and len(w) <= _LONGEST_WORD for w in words):
        return None
    return QuantityUnit(unit.scale, unit.zero_point, *map(str, words))
