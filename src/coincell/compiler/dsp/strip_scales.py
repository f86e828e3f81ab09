"""Constants that bring strip convolution's sums to int8, proved equal to TensorFlow Lite Micro's.

One output is

    x = B + (sum << L)
    h = C + (x * M >> 32) - (x < 0 ? D : 0)
    output = clamp(saturate8(h >> S))

with B, M and D of the channel, and L, C and S of the layer. Unlike a C of each channel, B has L
more bits than a sum, fine enough to take in the bias, the zero points and TFLM's first rounding;
shift and addition are one instruction, and C stays in a register. D is TFLM's other rule for ties
of negative numbers: it is 0 for all channels where no output is below the zero point, as in ReLU
layers ("plain"), and the instructions for it are left out.

The proof is as in `requantization`: both are rising step functions of the sum, and equal when they
reach every output at the same sum. TFLM reaches q at the sum T(q); the kernel does so when x
reaches X(q) = ceil(((q << S) - C) * 2**32 / M). So B must lie in

    X(q) - (T(q) << L) <= B < X(q) - ((T(q) - 1) << L)     for all q above the least output.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coincell.compiler.dsp.requantization import Rescaling
from coincell.compiler.fixed_point import INT32_MAX, INT32_MIN, Integers
from coincell.compiler.ir import Values

LEAST_LEFT_SHIFT = 8
"""The kernel has every other sum raised by so much already."""

_MOST_LEFT_SHIFT = 20
_USUAL_SHIFTS = ((11, 16), (11, 17), (10, 16))
_MOST_RIGHT_SHIFT = 22  # 128 << 22 leaves room in an int32 for what saturates
_NUDGES = (0, *(sign * size for size in range(1, 25) for sign in (1, -1)))
_FAR = np.int64(1) << 60


@dataclass(frozen=True)
class StripScales:
    """Constants of a layer; arrays are int32 [channels].

    Attributes:
        biases: B.
        multipliers: M, 1 .. 2**31 - 1.
        steps: D; all 0 where the kernel leaves it out.
        left_shift: L, at least 8.
        offset: C.
        shift: S, 1 .. 22.
        clamp: smallest and largest output.
    """

    biases: Values
    multipliers: Values
    steps: Values
    left_shift: int
    offset: int
    shift: int
    clamp: tuple[int, int]

    @property
    def signed(self) -> bool:
        """Whether any channel has a D."""
        return bool(self.steps.any())

    @property
    def constants(self) -> Values:
        """int32 [channels, 2 or 3]: B, M and, if signed, D."""
        columns = (self.biases, self.multipliers, self.steps)
        return np.stack(columns[: 2 + self.signed], axis=1)

    def apply(self, sums: Integers) -> Values:
        """int8 outputs [..., channels] of sums without bias, as the core computes them."""
        x = self.biases.astype(np.int64) + (sums << self.left_shift)
        high = (x * self.multipliers >> 32) - np.where(x < 0, self.steps, 0) + self.offset
        result: Values = np.clip(high >> self.shift, *self.clamp).astype(np.int8)
        return result


def choose_strip_scales(rescaling: Rescaling) -> StripScales | None:
    """Constants that are exact on the layer's sums, or None where none were found.

    Usual shifts are tried first, so that layers of one shape can share their code.
    """
    most = min(_most_left_shift(rescaling), _MOST_LEFT_SHIFT)
    if rescaling.wraps:
        return None
    for signed in (False, True):
        for left_shift, shift in (*_USUAL_SHIFTS, (most, _MOST_RIGHT_SHIFT)):
            if LEAST_LEFT_SHIFT <= left_shift <= most:
                found = _with_shifts(rescaling, left_shift, shift, signed)
                if found is not None:
                    return found
    return None


def _with_shifts(
    rescaling: Rescaling, left_shift: int, most_shift: int, signed: bool
) -> StripScales | None:
    """Constants for an L, and the largest S up to `most_shift` that keeps M below 2**31."""
    top = int(np.where(rescaling.multipliers > 0, rescaling.shifts, -31).max())
    shift = min(left_shift - 1 - top, most_shift)
    places = left_shift - 1 - shift - rescaling.shifts  # M = multiplier / 2**places
    if shift < 1 or np.any((places < 0) & (rescaling.multipliers > 0)):
        return None
    places = np.clip(places, 0, 62)
    multipliers = (rescaling.multipliers + ((np.int64(1) << places) >> 1)) >> places
    multipliers[rescaling.low == rescaling.high] = 1 << 30  # B alone makes its output
    solver = _Solver(rescaling, left_shift, shift, np.clip(multipliers, 1, INT32_MAX))
    return solver.solve(signed)


def _most_left_shift(rescaling: Rescaling) -> int:
    """The most that keeps sums with their bias in an int32; channels that never change aside."""
    r = rescaling
    low, high = r.low + r.bias, r.high + r.bias
    magnitude = np.where(r.low == r.high, np.abs(r.low), np.maximum(np.abs(low), np.abs(high)))
    return 31 - int(magnitude.max(initial=1) + 1).bit_length()


class _Solver:
    """Looks for B of each channel, with M as it is or a little beside."""

    def __init__(
        self, rescaling: Rescaling, left_shift: int, shift: int, multipliers: Integers
    ) -> None:
        self.rescaling = rescaling
        self.left_shift = left_shift
        self.shift = shift
        self.multipliers = multipliers
        self.offset = (rescaling.zero_point << shift) + (1 << shift >> 1)
        self.thresholds = rescaling.thresholds()

    def solve(self, signed: bool) -> StripScales | None:
        """All channels, with or without D."""
        r = self.rescaling
        exponent = self.shift + np.minimum(r.shifts, 0)
        steps = np.zeros_like(r.bias)
        if signed:
            present = (r.shifts < 0) & (exponent >= 0)
            steps = np.where(present, np.int64(1) << np.maximum(exponent, 0), 0)
        multipliers = self.multipliers.copy()
        biases = np.zeros_like(r.bias)
        left = np.arange(len(biases))
        for nudge in _NUDGES:
            tried = np.clip(self.multipliers[left] + nudge, 1, INT32_MAX)
            least, most = self._biases(left, tried, steps[left])
            good = least <= most
            chosen = left[good]
            multipliers[chosen] = tried[good]
            biases[chosen] = (least + (most - least) // 2)[good]
            left = left[~good]
            if not len(left):
                return StripScales(
                    biases.astype(np.int32),
                    multipliers.astype(np.int32),
                    steps.astype(np.int32),
                    self.left_shift,
                    self.offset,
                    self.shift,
                    r.clamp,
                )
        return None

    def _biases(
        self, channels: Integers, multipliers: Integers, steps: Integers
    ) -> tuple[Integers, Integers]:
        """The least and the largest B of each of `channels`; none fits where they cross."""
        r = self.rescaling
        low, high = r.low[channels, np.newaxis], r.high[channels, np.newaxis]
        sums = self.thresholds[channels]
        needed = (np.arange(r.clamp[0] + 1, r.clamp[1] + 1) << self.shift) - self.offset
        m = multipliers[:, np.newaxis]
        below = -(-((needed + steps[:, np.newaxis]) << 32) // m)
        above = np.maximum(-(-(needed << 32) // m), np.where(steps[:, np.newaxis] > 0, 0, -_FAR))
        reached = np.where((below < 0) & (steps[:, np.newaxis] > 0), below, above)
        at, before = np.maximum(sums, low), np.minimum(sums - 1, high)
        least = np.where(sums <= high, reached - (at << self.left_shift), -_FAR)
        most = np.where(sums > low, reached - 1 - (before << self.left_shift), _FAR)
        floor = INT32_MIN - (low[:, 0] << self.left_shift)
        ceiling = INT32_MAX - (high[:, 0] << self.left_shift)
        smallest = np.maximum(least.max(1, initial=-_FAR), np.maximum(floor, INT32_MIN))
        largest = np.minimum(most.min(1, initial=_FAR), np.minimum(ceiling, INT32_MAX))
        return smallest, largest
