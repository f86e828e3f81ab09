"""The unit in which people and programs are told how strange something is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_LARGEST_STEP = 1e12
_LONGEST_NAME = 60


@dataclass(frozen=True)
class StrangenessUnit:
    """What the int32 of a detector stands for: raw * step.

    Attributes:
        step: of the score.
        threshold: the least raw score that is strange.
        unit: in words, such as "nats".
    """

    step: float
    threshold: int
    unit: str

    def value(self, raw: int) -> float:
        """In `unit`."""
        return raw * self.step

    def told(self, raw: int) -> str:
        """For people: the score beside the threshold."""
        return f"{self.value(raw):.4g} {self.unit}, strange from {self.value(self.threshold):.4g}"


def strangeness_unit(description: Mapping[str, Any]) -> StrangenessUnit | None:
    """What an image's description says of its detector; None where it says nothing of use.

    Args:
        description: from an image or a line, and so not to be trusted.
    """
    told = description.get("strangeness")
    if not isinstance(told, dict):
        return None
    step, threshold, unit = told.get("step"), told.get("threshold"), told.get("unit")
    if not isinstance(step, float) or not 0 < step <= _LARGEST_STEP:
        return None
    if type(threshold) is not int or not -(2**31) <= threshold < 2**31:
        return None
    if not isinstance(unit, str) or len(unit) > _LONGEST_NAME:
        return None
    return StrangenessUnit(step, threshold, unit)
