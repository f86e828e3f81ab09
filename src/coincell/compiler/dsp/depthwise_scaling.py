"""From sums to outputs in the 3x3 depthwise kernels, whose sums come 256 times too large for free.

    x = (sum << 8) + B,  less D where that is negative (in signed scaling)
    output = clamp(saturate8(((x * M >> 32) + rounding) >> shift))

A channel's B and D are solved for: the output is at least q where x reaches a limit K_q, and TFLM's
is where the sum reaches a threshold T_q (see `rescaling`). Each threshold so leaves 256
neighbouring values for B, and what all leave is an interval, or nothing; then multipliers beside
TFLM's are tried. TFLM's ties go away from zero. Where the zero point is the least output, no
negative tie is seen and D is not needed; elsewhere D moves the limits of the negative side.

The C side is runtime/kernels/dsp/depthwise_taps.h.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincell.compiler.dsp.rescaling import Rescaling, column, fitting_addends, rounded_shift
from coincell.compiler.fixed_point import INT32_MAX, INT32_MIN, Integers

RAISED = 8
"""Bits by which sums are raised: taps are, and 256 * -128 still fits an int16."""

_USUAL_SHIFT = 10  # layers that have it alike share their code
_MOST_SHIFT = 22  # 128 << (32 + 22) fits an int64

Solution = tuple[Integers, Integers, NDArray[np.bool_]]
"""B and D of some channels, and whether there are any."""


@dataclass(frozen=True)
class Scaling:
    """Constants of a layer; arrays are int64 [channels], and fit an int32."""

    is_signed: bool
    shift: int
    rounding: int
    clamp: tuple[int, int]
    multipliers: Integers
    biases: Integers
    steps: Integers

    @property
    def form(self) -> str:
        """Its name, for people."""
        return "signed" if self.is_signed else "plain"

    @property
    def constants(self) -> tuple[Integers, ...]:
        """Of each channel, behind its taps."""
        plain = (self.multipliers, self.biases)
        return (*plain, self.steps) if self.is_signed else plain

    @property
    def parameters(self) -> dict[str, int]:
        """The member `scaling` of a kernel's parameters."""
        fields = {
            "is_signed": int(self.is_signed),
            "constants": 6 if self.is_signed else 5,
            "rounding": self.rounding,
            "shift": self.shift,
            "clamp_min": self.clamp[0],
            "clamp_max": self.clamp[1],
        }
        return {f"scaling.{field}": value for field, value in fields.items()}

    def apply(self, sums: Integers) -> Integers:
        """Outputs [..., channels] of sums without bias, as the core computes them."""
        x = (sums << RAISED) + self.biases
        high = (np.where(x < 0, x - self.steps, x) * self.multipliers >> 32) + self.rounding
        outputs: Integers = np.clip(high >> self.shift, *self.clamp)
        return outputs


def choose_scaling(rescaling: Rescaling) -> Scaling | None:
    """Constants that give TFLM's outputs for all sums in range; None where there are none."""
    finest = min(7 - int(rescaling.shifts.max()), _MOST_SHIFT)
    shifts = (_USUAL_SHIFT, finest) if finest > _USUAL_SHIFT else (finest,)
    plain = (False,) if rescaling.zero_point <= rescaling.clamp[0] else ()
    for is_signed in (*plain, True):
        for shift in shifts:
            if shift >= 1 and (found := _solve(rescaling, shift, is_signed)):
                return found
    return None


def _solve(r: Rescaling, shift: int, is_signed: bool) -> Scaling | None:
    rounding = (2 * r.zero_point + 1) << (shift - 1) if is_signed else 0

    thresholds = r.thresholds()
    outputs = np.arange(r.clamp[0] + 1, r.clamp[1] + 1, dtype=np.int64) << shift

    def solve(multipliers: Integers, chosen: Integers) -> Solution:
        limits = -(-((outputs - rounding) << 32) // column(multipliers))
        low, high, bias = r.low[chosen], r.high[chosen], r.bias[chosen]
        channels = _Channels(low, high, bias, thresholds[chosen], limits)
        return (_signed if is_signed else _plain)(channels)

    places = np.minimum(7 - shift - r.shifts, 62)
    exact = np.maximum(rounded_shift(r.multipliers, places), 1)
    multipliers = exact.copy()
    biases, steps, good = solve(exact, np.arange(len(exact)))
    for tried in _neighbours(exact):
        if good.all():
            return Scaling(is_signed, shift, rounding, r.clamp, multipliers, biases, steps)
        rest = np.flatnonzero(~good)
        biases[rest], steps[rest], good[rest] = solve(tried[rest], rest)
        multipliers[rest] = tried[rest]
    return None


def _neighbours(multipliers: Integers) -> Iterator[Integers]:
    """Other multipliers: a little off, and, for channels with hardly an output, far larger."""
    for size in range(1, 49):
        for nudge in (size, -size):
            yield np.clip(multipliers + nudge * np.maximum(multipliers >> 24, 1), 1, INT32_MAX)
    for sixteenths in range(1, 16 * 30):
        larger = multipliers * 2.0 ** (sixteenths / 16)
        yield np.minimum(larger, INT32_MAX).astype(np.int64)


@dataclass(frozen=True)
class _Channels:
    """Some channels with their multipliers.

    Attributes:
        low, high, bias: as in Rescaling, [channels].
        thresholds: likewise, [channels, outputs above the least].
        limits: what x must reach for each output, in the same shape.
    """

    low: Integers
    high: Integers
    bias: Integers
    thresholds: Integers
    limits: Integers

    def addends(self, low: Integers, high: Integers) -> tuple[Integers, Integers]:
        """Least and largest number that may be added to all raised sums from `low` to `high`."""
        return fitting_addends(lambda sums: sums << RAISED, self.thresholds, self.limits, low, high)


def _plain(channels: _Channels) -> Solution:
    """One addend for all sums."""
    least, most = channels.addends(channels.low, channels.high)
    return least + (most - least) // 2, np.zeros_like(least), least <= most


def _signed(channels: _Channels) -> Solution:
    """Two addends: B from 0 on, the layer's bias and less than one sum more, and B - D below.

    Channels with hardly an output may do with one.
    """
    low, high, bias = channels.low, channels.high, channels.bias
    least, most = channels.addends(np.maximum(low, -bias), high)
    least, most = np.maximum(least, bias << RAISED), np.minimum(most, (bias << RAISED) + 255)
    above = least + (most - least) // 2
    lower, upper = channels.addends(low, np.minimum(high, -bias - 1))
    some = low < -bias
    below = np.where(some, lower + (upper - lower) // 2, above)
    fits = np.maximum(abs(above), abs(above - below)) <= INT32_MAX
    fits &= (low << RAISED) + above >= INT32_MIN
    good = fits & (least <= most) & (~some | (lower <= upper))
    one, _, enough = _plain(channels)
    return np.where(good, above, one), np.where(good, above - below, 0), good | enough
