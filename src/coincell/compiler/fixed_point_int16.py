"""TensorFlow Lite's arithmetic of 16-bit activations, exactly, over NumPy int64.

Semantics: `tensorflow/lite/kernels/internal/common.cc` (64-bit accumulators) and
`reference/integer_ops/{logistic,tanh}.h` (a table of the sigmoid, interpolated). The C side is
runtime/kernels/fixed_point_int16.h and sigmoid_interpolation.h.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.compiler.fixed_point import Integers, wrap_int32

INT16_MIN, INT16_MAX = -32768, 32767
INT16_RANGE = (INT16_MIN, INT16_MAX)

MAX_WIDE_SHIFT = 7
"""The largest shift that TFLM takes for a 64-bit accumulator."""
MAX_WIDE_SUM = 1 << 47
"""Accumulators must stay below this much, so that no product leaves 64 bits."""

_TABLE_STEP = 24  # entries of the sigmoid's table for a step of 1
_INTERVALS = 512  # of a table over all 16-bit inputs


def reduced_multiplier(multiplier: NDArray[Any] | int) -> Integers:
    """A multiplier of 31 bits, rounded to 15."""
    whole = np.asarray(multiplier, np.int64)
    return np.where(whole < 0x7FFF0000, (whole + (1 << 15)) >> 16, 0x7FFF)


def multiply_wide(
    values: Integers, multiplier: NDArray[Any] | int, shift: NDArray[Any] | int
) -> Integers:
    """values * multiplier * 2**(shift - 31) for 64-bit sums: 15 bits of the multiplier, rounded up.

    Args:
        values: below `MAX_WIDE_SUM`, any shape.
        multiplier: as from `quantize_multiplier`, broadcast over `values`.
        shift: likewise, in -31..7.
    """
    total = 15 - np.asarray(shift, np.int64)
    product = values * reduced_multiplier(multiplier) + (np.int64(1) << (total - 1))
    return wrap_int32(product >> total)


@cache
def sigmoid_table() -> NDArray[np.uint16]:
    """1 / (1 + exp(-i / 24)) for i in 0..255, in 1/65536, raised by half of what chords lie below.

    Between two entries the curve lies above its chord by up to f'' / 8 of the squared step; with
    half of that added, interpolation errs as much upward as downward. The last entry is 1.
    """
    table = np.empty(256, np.uint16)
    for index in range(256):
        value = 1 / (1 + math.exp(-index / _TABLE_STEP))
        bend = value * (1 - value) * (2 * value - 1) / _TABLE_STEP**2
        table[index] = min(65535, math.floor(65536 * (value + bend / 16) + 0.5))
    table[255] = 65535
    table.setflags(write=False)
    return table


def table_input(values: Integers, multiplier: int, shift: int) -> Integers:
    """16-bit inputs in steps of 1 / (3 * 4096), rounded to nearest with ties upward."""
    half = (1 << shift) >> 1
    scaled: Integers = wrap_int32(values * multiplier + half) >> shift
    return scaled


def _interpolated(magnitude: Integers, bits: int) -> Integers:
    """The table at magnitude / 2**bits, in 1 / 2**(16 + bits), where the table reaches."""
    table = sigmoid_table().astype(np.int64)
    index = np.minimum(magnitude >> bits, 254)
    low, high = table[index], table[index + 1]
    between: Integers = (low << bits) + (magnitude & ((1 << bits) - 1)) * (high - low)
    return between


def logistic(values: Integers, multiplier: int, shift: int) -> Integers:
    """1 / (1 + exp(-x)) of 16-bit x in 1/32768; multiplier and shift as for `table_input`."""
    scaled = table_input(values, multiplier, shift)
    magnitude = np.abs(scaled)
    inside = _interpolated(magnitude, 9)
    result = np.where(magnitude >> 9 >= 255, 0x7FFF << 10, inside)
    half = 1 << 9
    signed = np.where(scaled >= 0, result + half, (1 << 25) - result + half - 1)
    return signed >> 10


def tanh(values: Integers, multiplier: int, shift: int) -> Integers:
    """tanh(x) = 2 * logistic(2 * x) - 1 of 16-bit x in 1/32768."""
    scaled = table_input(values, multiplier, shift)
    magnitude = np.abs(scaled)
    inside = _interpolated(magnitude, 8)
    result = np.where(magnitude >> 8 >= 255, 0xFFFF << 8, inside)
    one, half = 1 << 23, 1 << 7
    signed = np.where(scaled >= 0, result - one + half, -result + one + half - 1)
    return signed >> 8


def table_of(
    function: Callable[[NDArray[np.float32]], NDArray[np.float32]], low: float, high: float
) -> NDArray[np.int16]:
    """`function` at 513 places from `low` to `high`, in 1/32768, as TFLM's gen_lut: in float32.

    Each entry is lowered by half of the error that interpolation has half way to the next.
    """
    step = (np.float32(high) - np.float32(low)) / np.float32(_INTERVALS)
    places = np.float32(low) + np.arange(_INTERVALS + 1, dtype=np.float32) * step
    scale = np.float32(1 << 15)
    exact = _rounded(function(places) * scale)
    halfway = _rounded(function(places[:-1] + step / np.float32(2)) * scale)
    interpolated = _rounded((function(places[1:]) * scale + exact[:-1]) / np.float32(2))
    table = exact.copy()
    table[:-1] -= _rounded((interpolated - halfway) / np.float32(2))
    table[-1] = _rounded(function(np.float32(high).reshape(1)) * scale)[0]
    return np.clip(table, *INT16_RANGE).astype(np.int16)


def _rounded(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """To the nearest integer, ties away from zero."""
    return np.trunc(values + np.copysign(np.float32(0.5), values)).astype(np.float32)


def looked_up(table: NDArray[np.int16], values: Integers) -> Integers:
    """A table as from `table_of` at 16-bit values, interpolated."""
    index = 256 + (values >> 7)
    base = table.astype(np.int64)[index]
    slope = table.astype(np.int64)[index + 1] - base
    between: Integers = base + ((slope * (values & 127) + 64) >> 7)
    return between
