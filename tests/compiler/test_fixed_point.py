"""The integer arithmetic against plain definitions; against TFLM it is held in test_exactness."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coincell.compiler import fixed_point

INT32 = st.integers(-(1 << 31), (1 << 31) - 1)


def _nearest_away(value: Fraction) -> int:
    """Round to nearest, ties away from zero."""
    magnitude = math.floor(abs(value) + Fraction(1, 2))
    return magnitude if value >= 0 else -magnitude


@settings(derandomize=True, max_examples=300)
@given(INT32, st.integers(0, 31))
def test_rounding_shift_right_rounds_ties_away(value: int, exponent: int) -> None:
    got = int(fixed_point.rounding_shift_right(np.array([value]), exponent)[0])
    assert got == _nearest_away(Fraction(value, 1 << exponent))


@settings(derandomize=True, max_examples=300)
@given(INT32, st.integers(0, (1 << 31) - 1))
def test_doubling_high_multiply_rounds_ties_up(a: int, b: int) -> None:
    got = int(fixed_point.doubling_high_multiply(np.array([a]), b)[0])
    assert got == math.floor(Fraction(a * b, 1 << 31) + Fraction(1, 2))


@settings(derandomize=True, max_examples=300)
@given(st.floats(2.0**-31, 2.0**30))
def test_quantize_multiplier_is_close(real: float) -> None:
    multiplier, shift = fixed_point.quantize_multiplier(real)
    assert 1 << 30 <= multiplier < 1 << 31
    assert -31 <= shift <= 31
    assert multiplier * 2.0 ** (shift - 31) == pytest.approx(real, rel=2**-30)


def test_quantize_multiplier_at_its_edges() -> None:
    assert fixed_point.quantize_multiplier(0.0) == (0, 0)
    assert fixed_point.quantize_multiplier(2.0**-40) == (0, 0)
    assert fixed_point.quantize_multiplier(1.0) == (1 << 30, 1)
    # The fraction rounds up to 1: one more shift instead of a 33rd bit.
    assert fixed_point.quantize_multiplier(1.0 - 2.0**-40) == (1 << 30, 1)


@settings(derandomize=True, max_examples=200)
@given(st.integers(-(1 << 24), 1 << 24), st.floats(2.0**-20, 16.0))
def test_rescaling_is_within_one_of_the_real_product(value: int, real: float) -> None:
    multiplier, shift = fixed_point.quantize_multiplier(real)
    got = int(fixed_point.multiply_by_quantized_multiplier(np.array([value]), multiplier, shift)[0])
    assert abs(got - value * real) <= 1.0


def test_a_left_shift_wraps_as_an_int32_does() -> None:
    got = fixed_point.multiply_by_quantized_multiplier(np.array([1 << 30]), 1 << 30, 2)
    assert got.tolist() == [0]


def test_functions_are_close_to_the_real_ones() -> None:
    inputs = np.linspace(-8, 8, 4001)
    raw = np.round(inputs * 2**27).astype(np.int64)
    logistic = fixed_point.logistic(raw, 4) / 2**31
    assert np.abs(logistic - 1 / (1 + np.exp(-inputs))).max() < 1e-6
    tanh = fixed_point.tanh(raw, 4) / 2**31
    assert np.abs(tanh - np.tanh(inputs)).max() < 1e-6
    negative = -np.linspace(0, 20, 4001)
    exponential = fixed_point.exp_on_negative_values(np.round(negative * 2**26).astype(np.int64), 5)
    assert np.abs(exponential / 2**31 - np.exp(negative)).max() < 1e-6
    fraction = np.linspace(0, 0.999999, 4001)
    reciprocal = fixed_point.one_over_one_plus(np.round(fraction * 2**31).astype(np.int64))
    assert np.abs(reciprocal / 2**31 - 1 / (1 + fraction)).max() < 1e-7
