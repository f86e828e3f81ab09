"""An autoencoder's mean squared difference, as integers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincell.anomaly.forms import Float
from coincell.errors import DataError
from coincell.features import InputQuantization

_MOST_COLUMNS = 65536
_MOST_WEIGHT_BITS = 20
_SUM_BITS = 62
_SCORE_LIMIT = 2**31 - 2
_MOST_RATIO = 1024.0


@dataclass(frozen=True)
class ReconstructionStep:
    """The numbers of coincell_anomaly_reconstruction, and the score's fraction bits.

    A score is the mean squared difference, in the features' squared unit, times 2^score_bits.
    """

    columns: int
    input_zero: int
    output_zero: int
    input_weight: int
    output_weight: int
    multiplier: int
    shift: int
    score_bits: int

    @property
    def scalars(self) -> dict[str, int]:
        """By the names of the C struct, in its order."""
        names = ("columns", "input_zero", "output_zero", "input_weight", "output_weight")
        return {name: getattr(self, name) for name in (*names, "multiplier", "shift")}

    def largest_score(self) -> int:
        """Over all int8 inputs and outputs; exact."""
        apart = sum(
            weight * max(127 - zero, zero + 128)
            for weight, zero in (
                (self.input_weight, self.input_zero),
                (self.output_weight, self.output_zero),
            )
        )
        total = self.columns * apart**2
        scaled = (total * self.multiplier) >> 32
        if apart >= 1 << 31 or total >= 1 << _SUM_BITS:
            return 1 << 63
        return (scaled + (1 << self.shift >> 1)) >> self.shift


def reconstruction_step(
    columns: int, given: InputQuantization, made: InputQuantization
) -> ReconstructionStep:
    """For a network of `columns` int8 values in and out, quantized as `given` and `made`.

    Raises:
        DataError: there are too many columns, or the two scales are too far apart.
    """
    ratio = given.scale / made.scale
    if not 1 / _MOST_RATIO <= ratio <= _MOST_RATIO:
        raise DataError(
            f"An autoencoder's input and output scales must be within a factor of "
            f"{_MOST_RATIO:g}; received {given.scale:g} and {made.scale:g}.",
            hint="Its output must be what its input is: features in the same unit.",
        )
    if not 1 <= columns <= _MOST_COLUMNS:
        raise DataError(f"A window has 1 to {_MOST_COLUMNS} features; received {columns}.")
    bits = min(_MOST_WEIGHT_BITS, (_SUM_BITS - 1 - (columns - 1).bit_length()) // 2 - 9)
    larger, unit = 1 << bits, max(given.scale, made.scale) / 2.0**bits
    input_weight, output_weight = round(min(ratio, 1.0) * larger), round(larger / max(ratio, 1.0))
    largest = (255 * (given.scale + made.scale)) ** 2
    score_bits = math.floor(math.log2(_SCORE_LIMIT / largest))
    fraction, exponent = math.frexp(unit**2 / columns * 2.0**score_bits)
    multiplier = min(round(fraction * 2**32), 2**32 - 1)
    step = ReconstructionStep(
        columns, given.zero_point, made.zero_point, input_weight, output_weight, multiplier,
        -exponent, score_bits,
    )  # fmt: skip
    check_step(step)
    return step


def check_step(step: ReconstructionStep) -> None:
    """Refuse numbers that overflow, or that the C does not take.

    Raises:
        DataError: they do.
    """
    sound = (
        1 <= step.columns <= _MOST_COLUMNS
        and all(-128 <= zero <= 127 for zero in (step.input_zero, step.output_zero))
        and all(0 <= each <= 1 << 21 for each in (step.input_weight, step.output_weight))
        and 0 <= step.multiplier < 1 << 32
        and 0 <= step.shift <= 62
        and -64 <= step.score_bits <= 64
    )
    if not sound or step.largest_score() > 2**31 - 1:
        raise DataError("The numbers of a reconstruction detector do not fit its integers.")


def mean_squared_difference(
    given: InputQuantization,
    made: InputQuantization,
    inputs: NDArray[np.int8],
    outputs: NDArray[np.int8],
) -> Float:
    """Of features in their unit: int8 [n, columns] twice -> float64 [n]."""
    before = (inputs.astype(np.float64) - given.zero_point) * given.scale
    after = (outputs.astype(np.float64) - made.zero_point) * made.scale
    squares: Float = ((before - after) ** 2).mean(axis=1)
    return squares
