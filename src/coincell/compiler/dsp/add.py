"""ADD and SUB on Armv7E-M: two multiplications an element, proved on all 65,536 pairs of int8."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from coincell.compiler.fixed_point import INT32_MAX, INT32_MIN, Integers
from coincell.compiler.ir import DType, Graph, KernelCall, Op
from coincell.compiler.operators import Add, Sub

_MOST_RIGHT_SHIFT = 22  # 128 << 22 leaves room in an int32 for what saturates
_FACTOR_SHIFT = 8  # bits of a factor's product that are dropped
_NEAR = 1 << 10  # how far from changing its output a pair may be left out of the search
_NUDGES = tuple(range(-96, 97, 16))  # of factors; 256 move the product of 1 by 1


@dataclass(frozen=True)
class _Sum:
    """Constants of dsp/weighted_sum.h."""

    factors: tuple[int, int]
    offset: int
    ties: bool
    rounding: int
    right_shift: int


def weighted_sum(op: Op, graph: Graph, optimize: str) -> tuple[KernelCall, ...] | None:
    """coincell_weighted_sum of two int8 tensors of one shape; None where it was not proved."""
    del optimize
    attributes = op.attributes
    tensors = [graph.tensor(name) for name in (*op.inputs, op.output)]
    first, second, target = tensors
    if not isinstance(attributes, Add | Sub) or target.quantization is None:
        return None
    if {tensor.dtype for tensor in tensors} != {DType.INT8}:
        return None
    if len({tensor.elements for tensor in tensors}) > 1 or first.is_constant or second.is_constant:
        return None
    values = np.arange(-128, 128, dtype=np.int64)
    outputs = attributes.combine(op, graph, values[:, np.newaxis], values[np.newaxis])
    sign = 1 if isinstance(attributes, Add) else -1
    chosen = _choose(
        outputs.astype(np.int64),
        (first.scale / target.scale, sign * second.scale / target.scale),
        (first.zero_point, second.zero_point),
        attributes.clamp,
    )
    if chosen is None:
        return None
    parameters = {
        "count": target.elements,
        "first_factor": chosen.factors[0],
        "second_factor": chosen.factors[1],
        "offset": chosen.offset,
        "ties": int(chosen.ties),
        "rounding": chosen.rounding,
        "right_shift": chosen.right_shift,
        "clamp_min": attributes.clamp[0],
        "clamp_max": attributes.clamp[1],
    }
    arguments = (first.name, second.name, target.name)
    in_place = dict.fromkeys((first.name, second.name), 0)
    return (KernelCall("dsp/weighted_sum", parameters, arguments, True, in_place),)


def _choose(
    outputs: Integers,
    ratios: tuple[float, float],
    zero_points: tuple[int, int],
    clamp: tuple[int, int],
) -> _Sum | None:
    """Constants that give `outputs` [256, 256] of all pairs, both from -128 on.

    Args:
        ratios: of either input's scale to the output's, with its sign in the sum.
        zero_points: of the inputs.
        clamp: of the outputs.
    """
    reach = 255 * sum(abs(ratio) for ratio in ratios) + 256
    room = min(INT32_MAX / reach, 2.0**22 / max(abs(ratio) for ratio in ratios))
    right = min(_MOST_RIGHT_SHIFT, math.floor(math.log2(room)))
    if right < 1:
        return None
    # `reach` holds |h| on the way as well, whose sign tells ties apart.
    scale = 2.0 ** (right + _FACTOR_SHIFT)
    ideal = round(ratios[0] * scale), round(ratios[1] * scale)
    low = np.where(outputs > clamp[0], outputs << right, INT32_MIN)
    high = np.where(outputs < clamp[1], ((outputs + 1) << right) - 1, INT32_MAX)
    for ties in (False, True):
        origin = zero_points if ties else None
        found = _search(ideal, origin, low, high)
        if found is not None:
            factors, constant = found
            offset = _offset(factors, zero_points) if ties else constant
            return _Sum(factors, offset, ties, constant if ties else 0, right)
    return None


def _products(factors: tuple[int, int], first: Integers, second: Integers) -> Integers:
    """The sum of each pair's products."""
    return (factors[0] * first >> _FACTOR_SHIFT) + (factors[1] * second >> _FACTOR_SHIFT)


def _offset(factors: tuple[int, int], origin: tuple[int, int]) -> int:
    """What makes h of the pair `origin` 0."""
    first, second = (np.full(1, value, np.int64) for value in origin)
    return -int(_products(factors, first, second)[0])


def _heights(
    factors: tuple[int, int], origin: tuple[int, int] | None, first: Integers, second: Integers
) -> Integers:
    """h of pairs, less the constant that is looked for.

    Args:
        origin: where ties count, the pair at which h is 0.
    """
    products = _products(factors, first, second)
    if origin is None:
        return products
    centred = products + _offset(factors, origin)
    return centred + (centred >> 63)


def _search(
    ideal: tuple[int, int], origin: tuple[int, int] | None, low: Integers, high: Integers
) -> tuple[tuple[int, int], int] | None:
    """Factors near the ideal ones, and a constant, that bring h of every pair into its bounds.

    Other factors than the ideal ones are first tried on the pairs near their bounds alone.
    """
    values = np.arange(-128, 128, dtype=np.int64)
    first, second = (array.reshape(-1) for array in np.meshgrid(values, values, indexing="ij"))
    low, high = low.reshape(-1), high.reshape(-1)
    heights = _heights(ideal, origin, first, second)
    least, most = int((low - heights).max()), int((high - heights).min())
    if least - most > _NEAR:
        return None
    middle = (least + most) // 2
    near = (low - heights > middle - _NEAR) | (high - heights < middle + _NEAR)
    for nudges in sorted(itertools.product(_NUDGES, _NUDGES), key=lambda pair: max(map(abs, pair))):
        factors = ideal[0] + nudges[0], ideal[1] + nudges[1]
        tried = _heights(factors, origin, first[near], second[near])
        if _constant(tried, low[near], high[near]) is None:
            continue
        constant = _constant(_heights(factors, origin, first, second), low, high)
        if constant is not None:
            return factors, constant
    return None


def _constant(heights: Integers, low: Integers, high: Integers) -> int | None:
    """What added to all heights keeps them in their bounds and in an int32."""
    if not heights.size:
        return 0
    least = max(int((low - heights).max()), INT32_MIN - int(heights.min()), INT32_MIN)
    most = min(int((high - heights).min()), INT32_MAX - int(heights.max()), INT32_MAX)
    return (least + most) // 2 if least <= most else None
