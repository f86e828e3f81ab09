"""ADD and SUB on Armv7E-M: two multiplications an element, proved on all 65,536 pairs of int8."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from coincell.compiler.fixed_point import INT32_MAX, INT32_MIN, Integers
from coincell.compiler.ir import DType, Graph, KernelCall, Op, Tensor
from coincell.compiler.operators import Add, Sub

_MOST_RIGHT_SHIFT = 22  # 128 << 22 leaves room in an int32 for what saturates
_FACTOR_SHIFT = 8  # bits of a factor's product that are dropped
_WORTH_A_ROW = 2  # elements of an input that is repeated
_NEAR = 1 << 10  # how far from changing its output a pair may be left out of the search
_NUDGES = tuple(range(-96, 97, 16))  # of factors; 256 move the product of 1 by 1


@dataclass(frozen=True)
class _Sum:
    """Constants of dsp/weighted_sum.h."""

    factors: tuple[int, int]
    offset: int
    step: int
    rounding: int
    right_shift: int


def weighted_sum(op: Op, graph: Graph, optimize: str) -> tuple[KernelCall, ...] | None:
    """coincell_weighted_sum; None where it was not proved.

    Both inputs have the output's shape, or one has its last dimensions and is repeated.
    """
    del optimize
    attributes = op.attributes
    tensors = [graph.tensor(name) for name in (*op.inputs, op.output)]
    if not isinstance(attributes, Add | Sub) or tensors[2].quantization is None:
        return None
    if {tensor.dtype for tensor in tensors} != {DType.INT8}:
        return None
    values = np.arange(-128, 128, dtype=np.int64)
    outputs = attributes.combine(op, graph, values[:, np.newaxis], values[np.newaxis])
    first, second, target = tensors
    signs = (1, 1 if isinstance(attributes, Add) else -1)
    if first.elements < second.elements:
        first, second, outputs, signs = second, first, outputs.T, signs[::-1]
    if not is_repeated(first, second, target):
        return None
    ratios = (signs[0] * first.scale / target.scale, signs[1] * second.scale / target.scale)
    zero_points = (first.zero_point, second.zero_point)
    exponent = attributes.multipliers(op, graph)[2][1]
    chosen = _choose(outputs.astype(np.int64), ratios, zero_points, attributes.clamp, exponent)
    if chosen is None:
        return None
    rows = target.elements // second.elements
    parameters = {
        "rows": rows,
        "count": second.elements,
        "first_factor": chosen.factors[0],
        "second_factor": chosen.factors[1],
        "offset": chosen.offset,
        "step": chosen.step,
        "rounding": chosen.rounding,
        "right_shift": chosen.right_shift,
        "clamp_min": attributes.clamp[0],
        "clamp_max": attributes.clamp[1],
    }
    arguments = (first.name, second.name, target.name)
    in_place = (first.name, second.name) if rows == 1 else (first.name,)
    overlaps = {name: 0 for name in in_place if not graph.tensor(name).is_constant}
    form = "signed" if chosen.step else "plain"
    return (KernelCall("dsp/weighted_sum", parameters, arguments, True, overlaps, rescaling=form),)


def is_repeated(first: Tensor, second: Tensor, target: Tensor) -> bool:
    """Whether the first has the output's shape, and the second that or the last dimensions of it.

    A second one of a single element is no case for a kernel: a table does that.
    """
    whole = first.elements == target.elements and not first.is_constant
    enough = second.elements >= min(_WORTH_A_ROW, target.elements)
    return whole and enough and _ends(target.shape, first) and _ends(target.shape, second)


def _ends(shape: tuple[int, ...], tensor: Tensor) -> bool:
    """Whether a tensor's shape, but for leading dimensions of 1, is how `shape` ends."""
    sizes = list(tensor.shape)
    while sizes and sizes[0] == 1:
        del sizes[0]
    return not sizes or sizes == list(shape[len(shape) - len(sizes) :])


def _choose(
    outputs: Integers,
    ratios: tuple[float, float],
    zero_points: tuple[int, int],
    clamp: tuple[int, int],
    exponent: int,
) -> _Sum | None:
    """Constants that give `outputs` [256, 256] of all pairs, both from -128 on.

    Args:
        ratios: of either input's scale to the output's, with its sign in the sum.
        zero_points: of the inputs.
        clamp: of the outputs.
        exponent: TFLM rounds to 2**exponent before it rounds to outputs, ties away from zero; on
            the negative side that is one such step lower.
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
    for step in dict.fromkeys((0, 1 << max(0, right + exponent), 1)):
        found = _search(ideal, zero_points, step, low, high)
        if found is not None:
            factors, constant = found
            offset = _offset(factors, zero_points) if step else constant
            return _Sum(factors, offset, step, constant if step else 0, right)
    return None


def _products(factors: tuple[int, int], first: Integers, second: Integers) -> Integers:
    """The sum of each pair's products."""
    return (factors[0] * first >> _FACTOR_SHIFT) + (factors[1] * second >> _FACTOR_SHIFT)


def _offset(factors: tuple[int, int], origin: tuple[int, int]) -> int:
    """What makes h of the pair `origin` 0."""
    first, second = (np.full(1, value, np.int64) for value in origin)
    return -int(_products(factors, first, second)[0])


def _heights(
    factors: tuple[int, int],
    origin: tuple[int, int],
    step: int,
    first: Integers,
    second: Integers,
) -> Integers:
    """h of pairs, less the constant that is looked for.

    Args:
        origin: where there is a step, the pair at which h is 0.
        step: down to where h is negative; 0 for none.
    """
    products = _products(factors, first, second)
    if not step:
        return products
    centred = products + _offset(factors, origin)
    return centred - ((centred >> 63) & step)


def _search(
    ideal: tuple[int, int], origin: tuple[int, int], step: int, low: Integers, high: Integers
) -> tuple[tuple[int, int], int] | None:
    """Factors near the ideal ones, and a constant, that bring h of every pair into its bounds.

    Other factors than the ideal ones are first tried on the pairs near their bounds alone.
    """
    values = np.arange(-128, 128, dtype=np.int64)
    first, second = (array.reshape(-1) for array in np.meshgrid(values, values, indexing="ij"))
    low, high = low.reshape(-1), high.reshape(-1)
    heights = _heights(ideal, origin, step, first, second)
    least, most = int((low - heights).max()), int((high - heights).min())
    if least - most > _NEAR:
        return None
    middle = (least + most) // 2
    near = (low - heights > middle - _NEAR) | (high - heights < middle + _NEAR)
    for nudges in sorted(itertools.product(_NUDGES, _NUDGES), key=lambda pair: max(map(abs, pair))):
        factors = ideal[0] + nudges[0], ideal[1] + nudges[1]
        tried = _heights(factors, origin, step, first[near], second[near])
        if _constant(tried, low[near], high[near]) is None:
            continue
        constant = _constant(_heights(factors, origin, step, first, second), low, high)
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
