"""The C arithmetic that all kernels share, against the NumPy one, over hard and random values."""

from __future__ import annotations

import ctypes
import itertools
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from coincell.compiler import fixed_point
from coincell.runtime import c_sources
from coincell.toolchain import build_shared_library

HARNESS = """
#include "kernels/exponential.h"
#include "kernels/fixed_point.h"
#include "kernels/window.h"

void rescale(int32_t n, const int32_t *v, const int32_t *m, const int32_t *s, int32_t *out)
{
    for (int32_t i = 0; i < n; ++i) out[i] = coincell_rescale(v[i], m[i], s[i]);
}
void shift_right(int32_t n, const int32_t *v, const int32_t *e, int32_t *out)
{
    for (int32_t i = 0; i < n; ++i) out[i] = coincell_rounding_shift_right(v[i], e[i]);
}
void exp_negative(int32_t n, const int32_t *v, int32_t *out)
{
    for (int32_t i = 0; i < n; ++i) out[i] = coincell_exp_on_negative(v[i]);
}
void reciprocal(int32_t n, const int32_t *v, int32_t *out)
{
    for (int32_t i = 0; i < n; ++i) out[i] = coincell_one_over_one_plus(v[i]);
}
void clip(int32_t origin, int32_t taps, int32_t dilation, int32_t size, int32_t *out)
{
    const coincell_window window = coincell_clip_window(origin, taps, dilation, size);
    out[0] = window.first;
    out[1] = window.last;
}
"""

HARD = [0, 1, -1, 2, -2, 127, -128, 1 << 30, -(1 << 30), (1 << 31) - 1, -(1 << 31)]


@pytest.fixture(scope="module")
def library() -> ctypes.CDLL:
    sources = {**c_sources("kernels"), "harness.c": HARNESS}
    return ctypes.CDLL(str(build_shared_library("arithmetic", sources)))


def _call(function: Any, *arrays: NDArray[np.int32]) -> NDArray[np.int64]:
    result = np.zeros(len(arrays[0]), np.int32)
    function(len(result), *(array.ctypes.data_as(ctypes.c_void_p) for array in (*arrays, result)))
    return result.astype(np.int64)


def _values(count: int, seed: int) -> NDArray[np.int32]:
    random = np.random.default_rng(seed)
    magnitudes = np.exp2(random.uniform(0, 31, count)) * random.choice([-1, 1], count)
    return np.concatenate([HARD, magnitudes.astype(np.int64)]).astype(np.int32)


def test_rescale(library: ctypes.CDLL) -> None:
    random = np.random.default_rng(1)
    values = np.repeat(_values(3000, 0), 4)
    multipliers = random.integers(1 << 30, 1 << 31, len(values)).astype(np.int32)
    multipliers[::50] = 0
    multipliers[1::50] = 1 << 30
    multipliers[2::50] = (1 << 31) - 1
    shifts = random.integers(-31, 31, len(values)).astype(np.int32)
    expected = fixed_point.multiply_by_quantized_multiplier(values, multipliers, shifts)
    assert np.array_equal(_call(library.rescale, values, multipliers, shifts), expected)


def test_rounding_shift_right(library: ctypes.CDLL) -> None:
    values = np.repeat(_values(500, 2), 32)
    exponents = np.tile(np.arange(32, dtype=np.int32), len(values) // 32)
    expected = fixed_point.rounding_shift_right(values.astype(np.int64), exponents)
    assert np.array_equal(_call(library.shift_right, values, exponents), expected)


def test_exponential(library: ctypes.CDLL) -> None:
    random = np.random.default_rng(3)
    values = np.concatenate([[0, -1, -(1 << 31)], -random.integers(0, 1 << 31, 20_000)])
    expected = fixed_point.exp_on_negative_values(values, 5)
    assert np.array_equal(_call(library.exp_negative, values.astype(np.int32)), expected)


def test_reciprocal(library: ctypes.CDLL) -> None:
    random = np.random.default_rng(4)
    values = np.concatenate([[0, 1, (1 << 31) - 1], random.integers(0, 1 << 31, 20_000)])
    expected = fixed_point.one_over_one_plus(values)
    assert np.array_equal(_call(library.reciprocal, values.astype(np.int32)), expected)


def test_windows_are_clipped_to_the_input(library: ctypes.CDLL) -> None:
    found = np.zeros(2, np.int32)
    place = found.ctypes.data_as(ctypes.c_void_p)
    for size, taps, dilation in itertools.product(range(1, 6), range(1, 5), (1, 2, 3)):
        for origin in range(-4, size):
            inside = [tap for tap in range(taps) if 0 <= origin + tap * dilation < size]
            library.clip(origin, taps, dilation, size, place)
            first, last = found.tolist()
            assert first <= last
            assert list(range(first, last)) == inside
