"""TensorFlow Lite Micro's integer arithmetic, exactly, over NumPy int64.

The semantics are those of `tensorflow/lite/kernels/internal/{common.cc,quantization_util.cc}` and
of gemmlowp's `fixedpoint/fixedpoint.h` (double rounding, as TFLM is built). Raw fixed-point values
"Qm.n" are int32 numbers held in int64 arrays. The C side is runtime/kernels/fixed_point.h.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]

INT32_MAX = (1 << 31) - 1
INT32_MIN = -(1 << 31)


def quantize_multiplier(real: float) -> tuple[int, int]:
    """A positive real factor as (multiplier, shift): real ~ multiplier * 2**(shift - 31).

    Returns:
        A multiplier in [2**30, 2**31), or 0 where the factor is below about 2**-32; the shift is
        at least -31, and above 0 for factors of 1 and more.
    """
    if real == 0.0:
        return 0, 0
    fraction, shift = math.frexp(real)
    multiplier = math.floor(fraction * (1 << 31) + 0.5)
    if multiplier == 1 << 31:
        multiplier //= 2
        shift += 1
    if shift < -31:
        return 0, 0
    return multiplier, shift


def wrap_int32(values: NDArray[Any]) -> Integers:
    """`values` modulo 2**32, as signed 32-bit numbers: what an int32 accumulator holds."""
    wrapped: Integers = values.astype(np.int64).astype(np.int32).astype(np.int64)
    return wrapped


def doubling_high_multiply(a: Integers, b: Integers | int) -> Integers:
    """Upper half of 2 * a * b, rounded to nearest with ties upward: (a * b + 2**30) >> 31.

    gemmlowp's SaturatingRoundingDoublingHighMul; its division of a nudged product that truncates
    towards zero is this arithmetic shift for either sign.
    """
    product: Integers = np.minimum((a * b + (1 << 30)) >> 31, INT32_MAX)
    return product


def rounding_shift_right(values: Integers, exponent: Integers | int) -> Integers:
    """values / 2**exponent, rounded to nearest with ties away from zero (exponent in 0..31)."""
    mask = (np.int64(1) << np.asarray(exponent, np.int64)) - 1
    threshold = (mask >> 1) + (values < 0)
    rounded: Integers = (values >> exponent) + ((values & mask) > threshold)
    return rounded


def multiply_by_quantized_multiplier(
    values: NDArray[Any], multiplier: NDArray[Any] | int, shift: NDArray[Any] | int
) -> Integers:
    """values * multiplier * 2**(shift - 31) with TFLM's two roundings.

    Args:
        values: int32 numbers, any shape.
        multiplier: as from `quantize_multiplier`, broadcast over `values`.
        shift: likewise, in -31..30.
    """
    shifts = np.asarray(shift, np.int64)
    raised = wrap_int32(values.astype(np.int64) << np.maximum(shifts, 0))
    product = doubling_high_multiply(raised, np.asarray(multiplier, np.int64))
    return rounding_shift_right(product, np.maximum(-shifts, 0))


def input_radius(integer_bits: int, left_shift: int) -> int:
    """The largest input that, scaled by 2**left_shift, still fits a Q`integer_bits` number."""
    top = ((1 << integer_bits) - 1) * (1 << (31 - integer_bits))
    return math.floor(top / (1 << left_shift))


def _saturating_shift_left(values: Integers, exponent: int) -> Integers:
    shifted: Integers = np.clip(values << exponent, INT32_MIN, INT32_MAX)
    return shifted


_EXP_MINUS_EIGHTH = 1895147668  # exp(-1/8) in Q0.31
_ONE_THIRD = 715827883  # 1/3 in Q0.31
_EXP_OF_MINUS_POWERS = (  # (k, exp(-2**k) in Q0.31)
    (-2, 1672461947),
    (-1, 1302514674),
    (0, 790015084),
    (1, 290630308),
    (2, 39332535),
    (3, 720401),
    (4, 242),
)


def _exp_near_zero(values: Integers) -> Integers:
    """exp of Q0.31 values in [-1/4, 0), as Q0.31: a Taylor polynomial about -1/8."""
    x = values + (1 << 28)
    x2 = doubling_high_multiply(x, x)
    x3 = doubling_high_multiply(x2, x)
    x4 = doubling_high_multiply(x2, x2)
    cubic = doubling_high_multiply(rounding_shift_right(x4, 2) + x3, _ONE_THIRD) + x2
    series = x + rounding_shift_right(cubic, 1)
    return _EXP_MINUS_EIGHTH + doubling_high_multiply(series, _EXP_MINUS_EIGHTH)


def exp_on_negative_values(values: Integers, integer_bits: int) -> Integers:
    """exp of raw Q`integer_bits` values <= 0, as raw Q0.31 (integer_bits at most 5)."""
    fraction_bits = 31 - integer_bits
    quarter = 1 << (fraction_bits - 2)
    below_quarter = (values & (quarter - 1)) - quarter
    result = _exp_near_zero(_saturating_shift_left(below_quarter, integer_bits))
    remainder = below_quarter - values
    for power, factor in _EXP_OF_MINUS_POWERS:
        if power < integer_bits:
            present = (remainder & (1 << (fraction_bits + power))) != 0
            result = np.where(present, doubling_high_multiply(result, factor), result)
    return np.where(values == 0, INT32_MAX, result)


def _reciprocal_of_half_denominator(values: Integers) -> Integers:
    """2 / (1 + v) for raw Q0.31 v in [0, 1), as raw Q2.29: three Newton-Raphson steps."""
    half_denominator = (values + INT32_MAX + 1) >> 1
    x = 1515870810 + doubling_high_multiply(half_denominator, -1010580540)  # 48/17 - 32/17 * d
    for _ in range(3):
        error = (1 << 29) - doubling_high_multiply(half_denominator, x)
        x = x + _saturating_shift_left(doubling_high_multiply(x, error), 2)
    return x


def one_over_one_plus(values: Integers) -> Integers:
    """1 / (1 + v) for raw Q0.31 v in [0, 1), as raw Q0.31."""
    return _saturating_shift_left(_reciprocal_of_half_denominator(values), 1)


def logistic(values: Integers, integer_bits: int) -> Integers:
    """1 / (1 + exp(-v)) of raw Q`integer_bits` values, as raw Q0.31."""
    positive = one_over_one_plus(exp_on_negative_values(-np.abs(values), integer_bits))
    result = np.where(values > 0, positive, INT32_MAX - positive)
    return np.where(values == 0, 1 << 30, result)


def tanh(values: Integers, integer_bits: int) -> Integers:
    """tanh of raw Q`integer_bits` values, as raw Q0.31: (1 - e) / (1 + e) with e = exp(-2 |v|)."""
    exponential = exp_on_negative_values(-np.abs(values), integer_bits + 1)
    ratio = _reciprocal_of_half_denominator(exponential) - (1 << 29)
    magnitude = _saturating_shift_left(ratio, 2)
    return np.where(values == 0, 0, np.where(values > 0, magnitude, -magnitude))
