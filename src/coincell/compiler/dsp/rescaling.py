"""TensorFlow Lite Micro's rescaling of a layer's sums, and the proof that another equals it.

TFLM brings a sum to int8 with two roundings (`fixed_point`); the output is a rising step function
of the sum. So is what a kernel for Armv7E-M computes instead,

    output = clamp((f(sum) + A) >> shift)        or        clamp(g(f(sum) + A) >> shift)

where f and g rise too, and A is a constant of the channel that is to be found. Two rising step
functions are equal on a range of sums when they reach every output at the same sum. TFLM reaches
output q at the threshold T(q); the kernel does where f(sum) + A reaches some limit K(q), so

    f(T(q)) + A >= K(q)   and   f(T(q) - 1) + A < K(q)      for every q above the least output.

That is an interval of A for each q, and what all of them leave is every A that is exact: a channel
is proved by at most 255 comparisons of integers. `fitting_addends` does this for all who rescale:
`requantization` (A comes after the multiplication), `strip_scales` and `depthwise_scaling` (A comes
before it). Nothing here is an approximation: what cannot be proved is declined.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from coincell.compiler.fixed_point import INT32_MAX, INT32_MIN, Integers

_NEVER = np.int64(1) << 40  # a sum that no range has


@dataclass(frozen=True)
class Rescaling:
    """What TFLM does with a layer's sums. Arrays are int64 [channels].

    Attributes:
        multipliers: as from `quantize_multiplier`.
        shifts: likewise.
        zero_point: of the output.
        clamp: smallest and largest output.
        low: least sum that an input can lead to, before the bias.
        high: largest one.
        bias: with the input's zero point folded in.
    """

    multipliers: Integers
    shifts: Integers
    zero_point: int
    clamp: tuple[int, int]
    low: Integers
    high: Integers
    bias: Integers

    @property
    def wraps(self) -> bool:
        """Whether a sum with its bias, or raised by a left shift, may not fit an int32."""
        raised = np.maximum(self.shifts, 0)
        least, most = (self.low + self.bias) << raised, (self.high + self.bias) << raised
        return bool(np.any((least < INT32_MIN) | (most > INT32_MAX)))

    def thresholds(self) -> Integers:
        """[channels, outputs above the least]: the smallest sum, without bias, that gives each.

        Sums beyond the int32 range stand for never, or for always.
        """
        exponent = column(np.maximum(-self.shifts, 0))
        rounded = np.arange(self.clamp[0] + 1, self.clamp[1] + 1) - self.zero_point
        half = (np.int64(1) << exponent) >> 1
        away = (rounded <= 0) & (exponent > 0)  # ties of negative numbers go down
        products = np.clip((rounded << exponent) - half + away, INT32_MIN, INT32_MAX + 1)
        numerators = (products << 31) - (1 << 30)
        multipliers = column(np.maximum(self.multipliers, 1))
        sums = -(-numerators // multipliers)
        sums = -(-sums >> column(np.maximum(self.shifts, 0)))
        zero = column(self.multipliers) == 0
        sums = np.where(zero, np.where(products <= 0, -_NEVER, _NEVER), sums)
        return sums - column(self.bias)

    def tie_steps(self, right_shift: int) -> Integers:
        """[channels]: D, by which negative numbers are made less so that ties go away from zero.

        One unit of what TFLM shifts right, where `right_shift` bits follow the same point; 0 where
        TFLM does not shift, or the unit is too small to be seen.
        """
        exponent = right_shift + np.minimum(self.shifts, 0)
        present = (self.shifts < 0) & (exponent >= 0)
        steps: Integers = np.where(present, np.int64(1) << np.maximum(exponent, 0), 0)
        return steps


def fitting_addends(
    rising: Callable[[Integers], Integers],
    thresholds: Integers,
    limits: Integers,
    low: Integers,
    high: Integers,
) -> tuple[Integers, Integers]:
    """Least and largest A that give TFLM's outputs on all sums from `low` to `high`.

    A threshold below the range stands for its begin, and one above it asks nothing of its own sum.
    Only such A are allowed that they and all `rising(sum) + A` fit an int32.

    Args:
        rising: f, from sums [channels, any] to int64 of the same shape.
        thresholds: T, [channels, outputs above the least], see `Rescaling.thresholds`.
        limits: K, of the same shape, or one row for all channels.
        low: [channels].
        high: [channels]; where it is below `low` there are no sums, and nothing is asked.

    Returns:
        Two arrays [channels]; the first exceeds the second where no A fits.
    """
    first, last = column(low), column(high)
    reached, before = np.maximum(thresholds, first), np.minimum(thresholds - 1, last)
    least = np.where(reached <= last, limits - rising(np.minimum(reached, last)), -_NEVER)
    most = np.where(before >= first, limits - 1 - rising(np.maximum(before, first)), _NEVER)
    lowest = INT32_MIN - np.minimum(rising(first)[:, 0], 0)
    highest = INT32_MAX - np.maximum(rising(last)[:, 0], 0)
    return (
        np.maximum(least.max(1, initial=-_NEVER), lowest),
        np.minimum(most.min(1, initial=_NEVER), highest),
    )


def rounded_shift(values: Integers, places: Integers) -> Integers:
    """`values` / 2**`places`, rounded to the nearest, halves up."""
    rounded: Integers = (values + ((np.int64(1) << places) >> 1)) >> places
    return rounded


def column(values: Integers) -> Integers:
    """[channels] -> [channels, 1]."""
    return values[:, np.newaxis]
