"""What the score of an exported decision stands for, and how C writes it without a float."""

from __future__ import annotations

import math
from dataclasses import dataclass

from coincell.errors import ModelError
from coincell.firmware.application import Application
from coincell.firmware.export.words import plain
from coincell.runtime import quantity_unit, strangeness_unit

_MULTIPLIER_BITS = 31
_MOST_DECIMALS = 9
_MOST_SHIFT = 40


@dataclass(frozen=True)
class Answer:
    """A decision's score is `(raw - zero) * step` of a unit; C gives it in 10^-decimals of that.

    Attributes:
        zero: the raw score that stands for 0.
        step: what 1 of the raw score is worth.
        unit: in words; "" of a class, whose score is a share from 0 to 1.
        decimals: places behind the point.
        shift: of the multiplier; raw scores are int32, and the product fits int64.
    """

    zero: int
    step: float
    unit: str
    decimals: int
    shift: int

    @property
    def multiplier(self) -> int:
        """`step` in 10^-decimals, times 2^shift."""
        return round(self.step * 10.0**self.decimals * (1 << self.shift))

    @property
    def sample(self) -> str:
        """What the text of a score looks like."""
        return f"{1234.56789012:.{self.decimals}f}"


def answer_of(application: Application) -> Answer:
    """The unit in which the application's decisions are told.

    Raises:
        ModelError: no integer of 64 bits holds the score.
    """
    network = application.model
    if application.goal == "classes" and network is not None:
        output = network.outputs[0]
        return Answer(output.zero_point * 256, output.scale / 256, "", 3, 24)
    if application.goal == "quantity" and network is not None:
        output = network.outputs[0]
        known = quantity_unit(application.manifest)
        unit, scale = plain(known.unit) if known else "", output.scale
        return _scaled(output.zero_point * 256, scale / 256, unit, scale)
    strange = strangeness_unit(application.manifest)
    step, unit = (strange.step, plain(strange.unit)) if strange else (1.0, "")
    return _scaled(0, step, unit, step)


def _scaled(zero: int, step: float, unit: str, finest: float) -> Answer:
    """Told to a tenth of `finest`."""
    decimals = max(0, min(_MOST_DECIMALS, 1 - math.floor(math.log10(finest))))
    shift = min(_MOST_SHIFT, _MULTIPLIER_BITS - math.frexp(step * 10**decimals)[1])
    if shift < 1:
        raise ModelError(
            f"One step of the score is {step:g} {unit}, more than an exported library can tell.",
            hint="Features of a smaller unit keep it small: see [features].",
        )
    return Answer(zero, step, unit, decimals, shift)
