"""TFLM's own rescaling by SMMULR, where sums leave room; see runtime/kernels/dsp/rounding.h."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.compiler.fixed_point import Integers

_ROOM = 1 << 31


def rounding(multiplier: int, shift: int, largest: int) -> Mapping[str, int] | None:
    """The fields of coincell_rounding.

    Args:
        multiplier: of 31 bits, as from `quantize_multiplier`.
        shift: of the same factor multiplier * 2**(shift - 31).
        largest: magnitude of a sum.

    Returns:
        None where a sum that is to be shifted left might leave 32 bits.
    """
    left_shift = max(shift, 0) + 1
    if largest << left_shift >= _ROOM:
        if shift > 0:
            return None
        left_shift = 0  # without room to double it
    return {
        "multiplier": multiplier,
        "left_shift": left_shift,
        "right_shift": max(-shift, 0),
    }


def largest_sums(rows: NDArray[Any], bias: Integers) -> Integers:
    """The greatest magnitude of bias plus products of any int8 with each row: [rows]."""
    reached: Integers = np.abs(rows.astype(np.int64)).sum(axis=1) * 128 + np.abs(bias)
    return reached
