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

The proof is that of `rescaling`: output q comes when x reaches ceil(((q << S) - C) * 2**32 / M).

Where some channel has no such B, which happens in wide layers with large sums, the layer takes
TFLM's own steps ("general", three instructions more):

    x = B + (sum << 1)
    v = x * M rounded >> 32;  v = v - (v < 0 ? 1 : 0)
    output = clamp(saturate8((v + R) >> E))                with E and R = (zero point + 1/2) << E
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from coincell.compiler.dsp.rescaling import Rescaling, column, fitting_addends, rounded_shift
from coincell.compiler.fixed_point import INT32_MAX, Integers
from coincell.compiler.ir import Values

LEAST_LEFT_SHIFT = 8
"""The kernel has every other sum raised by so much already."""

_MOST_LEFT_SHIFT = 20
_USUAL_SHIFTS = ((11, 16), (11, 17), (10, 16))
_MOST_RIGHT_SHIFT = 22  # 128 << 22 leaves room in an int32 for what saturates
_NUDGES = (0, *(sign * size for size in range(1, 25) for sign in (1, -1)))
_FAR = np.int64(1) << 60


class StripForm(IntEnum):
    """How a sum becomes an output; the value is the number of constants a channel."""

    PLAIN = 2
    SIGNED = 3
    GENERAL = 4


@dataclass(frozen=True)
class StripScales:
    """Constants of a layer.

    Attributes:
        form: which constants there are.
        constants: int32 [channels, form]: B and M; B, M and D; or B, M, R and E.
        left_shift: L: at least 8, or 1 in GENERAL.
        offset: C; 0 in GENERAL.
        shift: S, 1 .. 22; 1 in GENERAL.
        clamp: smallest and largest output.
    """

    form: StripForm
    constants: Values
    left_shift: int
    offset: int
    shift: int
    clamp: tuple[int, int]

    def apply(self, sums: Integers) -> Values:
        """int8 outputs [..., channels] of sums without bias, as the core computes them."""
        columns = self.constants.astype(np.int64).T
        x = columns[0] + (sums << self.left_shift)
        if self.form is StripForm.GENERAL:
            rounded = (x * columns[1] + (1 << 31)) >> 32
            outputs = (rounded + (rounded >> 31) + columns[2]) >> columns[3]
        else:
            steps = columns[2] if self.form is StripForm.SIGNED else 0
            high = (x * columns[1] >> 32) - np.where(x < 0, steps, 0) + self.offset
            outputs = high >> self.shift
        result: Values = np.clip(outputs, *self.clamp).astype(np.int8)
        return result


def choose_strip_scales(rescaling: Rescaling) -> StripScales | None:
    """Constants that are exact on the layer's sums, or None where none were found.

    Usual shifts are tried first, so that layers of one shape can share their code.
    """
    if rescaling.wraps:
        return None
    most = min(_most_left_shift(rescaling), _MOST_LEFT_SHIFT)
    signed = rescaling.clamp[0] < rescaling.zero_point
    for left_shift, shift in (*_USUAL_SHIFTS, (most, _MOST_RIGHT_SHIFT)):
        if LEAST_LEFT_SHIFT <= left_shift <= most:
            found = _with_shifts(rescaling, left_shift, shift, signed)
            if found is not None:
                return found
    return general_scales(rescaling)


def general_scales(rescaling: Rescaling) -> StripScales | None:
    """TFLM's own steps; None where a scale is too large or too small for them."""
    r = rescaling
    constant = r.low == r.high
    exponent = np.where(constant, 0, -r.shifts)
    rounding = (2 * np.int64(r.zero_point) + 1 << np.maximum(exponent, 0)) >> 1
    bias = np.where(constant, 0, 2 * r.bias)
    multipliers = np.where(constant, 0, r.multipliers)
    outputs = r.clamp[0] + (r.thresholds() <= r.low[:, np.newaxis]).sum(1)
    rounding = np.where(constant, outputs, rounding)
    if np.any(~constant & ((exponent < 1) | (exponent > _MOST_RIGHT_SHIFT))):
        return None
    magnitude = np.maximum(np.abs(bias + 2 * r.low), np.abs(bias + 2 * r.high))
    if np.any(magnitude > INT32_MAX):
        return None
    constants = np.stack([bias, multipliers, rounding, exponent], axis=1).astype(np.int32)
    return StripScales(StripForm.GENERAL, constants, 1, 0, 1, r.clamp)


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
    multipliers = rounded_shift(rescaling.multipliers, places)
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
        steps = r.tie_steps(self.shift) if signed else np.zeros_like(r.bias)
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
            if 2 * len(left) > len(biases):
                break  # M is not what is wrong
            if not len(left):
                form = StripForm.SIGNED if steps.any() else StripForm.PLAIN
                columns = np.stack([biases, multipliers, steps], axis=1)[:, :form]
                constants = columns.astype(np.int32)
                return StripScales(
                    form, constants, self.left_shift, self.offset, self.shift, r.clamp
                )
        return None

    def _biases(
        self, channels: Integers, multipliers: Integers, steps: Integers
    ) -> tuple[Integers, Integers]:
        """The least and the largest B of each of `channels`; none fits where they cross."""
        r, step = self.rescaling, column(steps)
        needed = (np.arange(r.clamp[0] + 1, r.clamp[1] + 1) << self.shift) - self.offset
        m = column(multipliers)
        below = -(-((needed + step) << 32) // m)
        above = np.maximum(-(-(needed << 32) // m), np.where(step > 0, 0, -_FAR))
        limits = np.where((below < 0) & (step > 0), below, above)
        return fitting_addends(
            lambda sums: sums << self.left_shift,
            self.thresholds[channels],
            limits,
            r.low[channels],
            r.high[channels],
        )
