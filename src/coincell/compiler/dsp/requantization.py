"""Cheap requantization on Armv7E-M, proved equal to TensorFlow Lite Micro's on a layer's range.

TFLM brings an accumulator to int8 with two roundings (`fixed_point`), ten instructions and more.
The core's short sequence is

    x = B + (sum << left_shift)                   B = 0 in the form "affine"
    h = C + (x * M >> 32) - (x < 0 ? D : 0)       D = 0 but in the form "signed"
    output = clamp(saturate8(h >> right_shift))

It is proved equal by `rescaling`, which gives the interval of all C that fit.

ReLU layers, whose zero point is the least output, see only one of TFLM's two rules for ties, and
take "affine" (3 instructions, two constants) where some integer C and an M at or beside TFLM's
multiplier absorb the bias, or "biased" (3 instructions, three constants). The others pay 2
instructions more for TFLM's ties, which are away from zero ("signed", four constants).

The C side is runtime/kernels/dsp/requantization.h.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coincell.compiler.dsp.rescaling import Rescaling, column, fitting_addends, rounded_shift
from coincell.compiler.fixed_point import INT32_MAX, Integers
from coincell.compiler.ir import Values

_MOST_RIGHT_SHIFT = 22  # 128 << 22 leaves room in an int32 for what saturates
_NUDGES = tuple(sign * size for size in range(1, 33) for sign in (1, -1))
_ROUNDS = 4  # of finding channels that cannot do with their bias in C


class Form(IntEnum):
    """How a sum becomes an output; the value is the number of constants a channel."""

    AFFINE = 2
    BIASED = 3
    SIGNED = 4


@dataclass(frozen=True)
class Requantization:
    """Constants of a layer's requantization; all arrays are int32 [channels].

    Attributes:
        form: which of B and D there are.
        left_shift: of the sums.
        right_shift: before saturation.
        clamp: smallest and largest output.
        biases: B, which holds the layer's bias raised by `left_shift`; zeros in AFFINE.
        multipliers: M, at least 0.
        offsets: C.
        steps: D; zeros but in SIGNED.
    """

    form: Form
    left_shift: int
    right_shift: int
    clamp: tuple[int, int]
    biases: Values
    multipliers: Values
    offsets: Values
    steps: Values

    @property
    def constants(self) -> Values:
        """[channels, form]: M, C; or B, M, C; or B, M, C, D."""
        columns = (self.biases, self.multipliers, self.offsets, self.steps)
        chosen = columns[1:3] if self.form is Form.AFFINE else columns[: self.form]
        return np.ascontiguousarray(np.stack(chosen, axis=1))

    def apply(self, sums: NDArray[np.int64]) -> Values:
        """int8 outputs [..., channels] of sums without bias, as the core computes them."""
        x = self.biases.astype(np.int64) + (sums << self.left_shift)
        high = (x * self.multipliers >> 32) - np.where(x < 0, self.steps, 0) + self.offsets
        saturated = np.clip(high >> self.right_shift, -128, 127)
        result: Values = np.clip(saturated, *self.clamp).astype(np.int8)
        return result


def choose_requantization(
    multipliers: ArrayLike,
    shifts: ArrayLike,
    zero_point: int,
    clamp: tuple[int, int],
    low: ArrayLike,
    high: ArrayLike,
    bias: ArrayLike,
    *,
    left_shift: int | None = None,
    share_multiplier: bool = False,
) -> Requantization | None:
    """The cheapest sequence that equals TFLM's on all sums between `low` and `high`.

    Args:
        multipliers: int32 [channels] or [1], as from `quantize_multiplier`.
        shifts: likewise.
        zero_point: of the output.
        clamp: smallest and largest output.
        low: least sum before the bias, [channels] or [1]; see `accumulator_ranges`.
        high: largest one.
        bias: [channels] or [1], with the input's zero point folded in.
        left_shift: where the kernel's sums come raised by that much already, or it wants no
            other; None takes the one that leaves the most precision.
        share_multiplier: insist on one M for all channels, and unless in AFFINE on one C and one
            D, so that channels differ by one number.

    Returns:
        None where nothing could be proved: a sum may wrap, or the scales are too far apart.
    """
    arrays = (np.asarray(values, np.int64) for values in (multipliers, shifts, low, high, bias))
    per_channel = [np.atleast_1d(values).reshape(-1) for values in arrays]
    m, s, least, most, b = np.broadcast_arrays(*per_channel)
    rescaling = Rescaling(m, s, zero_point, clamp, least, most, b)
    if rescaling.wraps:
        return None
    solver = _Solver(rescaling, left_shift, share_multiplier)
    return solver.affine() or solver.with_bias(Form.BIASED) or solver.with_bias(Form.SIGNED)


@dataclass(frozen=True)
class _Scaling:
    """Shifts of a layer, and M of each channel before it is nudged."""

    left_shift: int
    right_shift: int
    multipliers: Integers


class _Solver:
    """Looks for constants of one layer, form by form.

    Attributes:
        thresholds: [channels, outputs above the least], see `Rescaling`.
        factors: TFLM's multipliers; 0 where no sum in range changes the output, so that such a
            channel's scale, however odd, is in no other's way.
        failed: channels without a solution in the last attempt.
    """

    def __init__(self, rescaling: Rescaling, left_shift: int | None, share: bool) -> None:
        self.rescaling = rescaling
        self.wanted = left_shift
        self.share = share
        self.thresholds = rescaling.thresholds()
        within = self.thresholds > column(rescaling.low)
        within &= self.thresholds <= column(rescaling.high)
        changing = within.any(1) | (share and bool(within.any()))
        self.factors = np.where(changing, rescaling.multipliers, 0)
        self.failed = np.zeros(len(rescaling.bias), bool)

    def affine(self) -> Requantization | None:
        """Every channel with its bias in C."""
        return self._with_biases(Form.AFFINE, np.zeros(len(self.rescaling.bias), bool))

    def with_bias(self, form: Form) -> Requantization | None:
        """Channels that need it with their bias in x, found by and by; the others as in AFFINE."""
        needy = np.full(len(self.rescaling.bias), self.share)
        for _ in range(_ROUNDS):
            result = self._with_biases(form, needy)
            if result is not None or not np.any(self.failed & ~needy):
                return result
            needy |= self.failed
        return None

    def _with_biases(self, form: Form, needy: NDArray[np.bool_]) -> Requantization | None:
        """All channels, of which the needy have their bias in x and, in SIGNED, a step."""
        r = self.rescaling
        biases = np.where(needy, r.bias, 0)
        scaling = self._scaling(np.maximum(-(r.low + biases) - 1, r.high + biases))
        if scaling is None:
            self.failed = ~needy
            return None
        raised = biases << scaling.left_shift
        steps = np.zeros_like(biases)
        if form is Form.SIGNED:
            steps = np.where(needy, r.tie_steps(scaling.right_shift), 0)
        found = self._solve(scaling, raised, steps, self.share and form is not Form.AFFINE)
        return None if found is None else self._result(form, scaling, raised, found, steps)

    def _scaling(self, magnitude: Integers) -> _Scaling | None:
        """Shifts that keep raised sums of such magnitudes in an int32, and M to go with them."""
        shifts = self.rescaling.shifts
        present = self.factors > 0
        most = 31 - max(int(magnitude.max(initial=0)), 1).bit_length()
        top = int(shifts[present].max()) if present.any() else -8
        left = min(most, _MOST_RIGHT_SHIFT + 1 + top) if self.wanted is None else self.wanted
        left = max(left, 0)
        right = min(left - 1 - top, _MOST_RIGHT_SHIFT)
        places = left - 1 - right - shifts  # M = multiplier / 2**places
        if left > most or right < 0 or np.any((places < 0) & present):
            return None
        places = np.clip(places, 0, 62)
        multipliers = rounded_shift(self.factors, places)
        return _Scaling(left, right, np.minimum(multipliers, INT32_MAX))

    def _solve(
        self, scaling: _Scaling, biases: Integers, steps: Integers, one_offset: bool
    ) -> tuple[Integers, Integers] | None:
        """(M, C) of all channels, M as it is or nudged; None, and `failed`, where some have none.

        A nudge moves high(x) by less than its size over 2, so wider gaps it cannot close.
        """
        multipliers = scaling.multipliers.copy()
        least, largest = self._offsets(scaling, multipliers, biases, steps)
        for nudge in _NUDGES:
            if one_offset:
                least, largest = (
                    np.full_like(least, least.max()),
                    np.full_like(least, largest.min()),
                )
            self.failed = least > largest
            if not self.failed.any() or np.any(least - largest > 2 * _NUDGES[-2]):
                break
            nudged = np.clip(scaling.multipliers + nudge, 0, INT32_MAX)
            again = np.ones_like(self.failed) if self.share else self.failed
            found = self._offsets(scaling, nudged, biases, steps, again)
            least[again], largest[again], multipliers[again] = *found, nudged[again]
        offsets = least + (largest - least) // 2
        return None if self.failed.any() else (multipliers, offsets)

    def _offsets(
        self,
        scaling: _Scaling,
        multipliers: Integers,
        biases: Integers,
        steps: Integers,
        chosen: NDArray[np.bool_] | None = None,
    ) -> tuple[Integers, Integers]:
        """Least and largest C that fit each chosen channel; none does where they are crossed."""
        r = self.rescaling
        chosen = np.ones(len(r.bias), bool) if chosen is None else chosen
        bias, m, d = (column(a[chosen]) for a in (biases, multipliers, steps))

        def high(sums: Integers) -> Integers:
            x = bias + (sums << scaling.left_shift)
            return (x * m >> 32) - np.where(x < 0, d, 0)

        outputs = np.arange(r.clamp[0] + 1, r.clamp[1] + 1) << scaling.right_shift
        low, most = r.low[chosen], r.high[chosen]
        return fitting_addends(high, self.thresholds[chosen], outputs, low, most)

    def _result(
        self,
        form: Form,
        scaling: _Scaling,
        biases: Integers,
        found: tuple[Integers, Integers],
        steps: Integers,
    ) -> Requantization:
        columns = (values.astype(np.int32) for values in (biases, *found, steps))
        shifts = (scaling.left_shift, scaling.right_shift)
        return Requantization(form, *shifts, self.rescaling.clamp, *columns)
