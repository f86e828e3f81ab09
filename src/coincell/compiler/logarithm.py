"""Logarithm and reciprocal square root in TFLM's fixed point, exactly, over NumPy int64.

As log_x_for_x_greater_than_or_equal_to_1 and GetInvSqrtQuantizedMultiplierExp of
tensorflow/lite/kernels/internal/common.h. The C side is runtime/kernels/logarithm.c and
runtime/kernels/l2_normalization.c.
"""

from __future__ import annotations

import numpy as np

from coincell.compiler.fixed_point import (
    INT32_MAX,
    INT32_MIN,
    Integers,
    doubling_high_multiply,
    one_over_one_plus,
    rounding_shift_right,
)

_LOG_2 = 1488522236  # in Q0.31, as what follows
_SQRT_HALF = 1518500250
_FOURTH_ROOT_HALF = 1805811301
_ALPHA_N = 117049297  # 11/240 * 2**(1/4)
_ALPHA_D = 127690142  # 1/20 * 2**(1/4)
_ALPHA_I = 1057819769  # 2 / 2**(1/4) - 2**(1/4)
_ALPHA_F = 638450708  # 1/4 * 2**(1/4)

_WIDE_BITS = 6  # integer bits of intermediate logarithms
_QUARTER = 1 << (29 - _WIDE_BITS)


def _saturate(values: Integers) -> Integers:
    return np.clip(values, INT32_MIN, INT32_MAX)


def leading_zeros(values: Integers) -> Integers:
    """Of positive 32-bit numbers."""
    exponents: Integers = np.frexp(values.astype(np.float64))[1].astype(np.int64)
    return 32 - exponents


def logarithm(values: Integers) -> Integers:
    """log of raw Q12.19 values of at least 1, as raw Q5.26.

    The value is written as a power of two, or that times sqrt(2), whichever is nearer, and a rest
    close to 1, whose logarithm is a rational function.
    """
    headroom = leading_zeros(values)
    whole = values << (headroom - 1)
    rest_a = _saturate(doubling_high_multiply(whole, _SQRT_HALF) << 1)
    power_a = _saturate(((12 - headroom) << (31 - _WIDE_BITS)) + _QUARTER)

    headroom = leading_zeros(doubling_high_multiply(values, _SQRT_HALF)) - 1
    rest_b = _saturate(values << headroom)
    power_b = _saturate(((12 - headroom) << (31 - _WIDE_BITS)) - _QUARTER)

    rest, power = np.minimum(rest_a, rest_b), np.maximum(power_a, power_b)
    middle = (rest + _FOURTH_ROOT_HALF + 1) >> 1
    twice = 2 * (rest - _FOURTH_ROOT_HALF)
    square = doubling_high_multiply(twice, twice)
    numerator = doubling_high_multiply(twice, rest) + doubling_high_multiply(
        doubling_high_multiply(twice, square), _ALPHA_N
    )
    inner = _ALPHA_I + twice + doubling_high_multiply(square, _ALPHA_D)
    denominator = doubling_high_multiply(middle, inner) + doubling_high_multiply(twice, _ALPHA_F)
    quotient = doubling_high_multiply(
        rounding_shift_right(numerator, _WIDE_BITS), one_over_one_plus(denominator)
    )
    return _saturate((doubling_high_multiply(power, _LOG_2) + quotient) << 1)


def inverse_square_root(values: Integers) -> tuple[Integers, Integers]:
    """1 / sqrt(v) of integers v >= 0 as (multiplier, shift); 0 counts as 1.

    Five steps of Newton's method from 1, on v scaled to [1/4, 1) by a power of four.
    """
    tiny = values <= 1
    scaled = np.where(tiny, 2, values)
    right = np.full_like(scaled, 11)
    for _ in range(2):
        large = scaled >= 1 << 29
        scaled, right = np.where(large, scaled >> 2, scaled), right + large
    pairs = (leading_zeros(scaled) - 1) // 2 - 1
    right = right - pairs
    source = (scaled << (2 * pairs)) >> 1  # Q3.28, as x
    half = rounding_shift_right(source, 1)
    x = np.full_like(source, 1 << 28)
    for _ in range(5):
        cube = _saturate(doubling_high_multiply(doubling_high_multiply(x, x), x) << 6)
        step = doubling_high_multiply(x, 3 << 27) - doubling_high_multiply(half, cube)
        x = _saturate(step << 3)
    x = doubling_high_multiply(x, _SQRT_HALF)
    x, right = x << np.maximum(-right, 0), np.maximum(right, 0)
    return np.where(tiny, INT32_MAX, x), np.where(tiny, 0, -right)
