"""CONV_2D with an ADD of its result on Armv7E-M: in one kernel, or in two, one over the other.

The C side of one kernel is runtime/kernels/dsp/strip_convolution_add.h. An output of the
convolution goes from a register into the sum: one load for four addends, and three instructions
an element beside the store, where an ADD by itself takes five and two loads more.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from coincell.compiler.apart import parts_of, taken_apart
from coincell.compiler.dsp.add import weighted_sum
from coincell.compiler.dsp.strip_convolution import strip_convolution
from coincell.compiler.dsp.strip_scales import StripForm
from coincell.compiler.fixed_point import INT32_MAX, INT32_MIN, Integers
from coincell.compiler.ir import EXACTLY_IN_PLACE, Graph, KernelArgument, KernelCall, Op
from coincell.compiler.operators import Add
from coincell.compiler.operators.conv_2d_add import one_over_the_other

_MOST_RIGHT_SHIFT = 22  # 128 << 22 leaves room in an int32 for what saturates
_FACTOR_SHIFT = 8  # bits of the addend's product that are dropped
_BLOCK = 4  # outputs whose addends are loaded at once
_NEAR = 1 << 10  # how far from changing its output a pair may be left out of the search
_NUDGES = tuple(
    (one, other)
    for far in range(5)
    for one in sorted({-far, far})
    for other in range(-128 * (far + 1), 128 * (far + 1) + 1, 16)
)
"""Of both factors; the addend's is finer by `_FACTOR_SHIFT` bits."""


@dataclass(frozen=True)
class Sum:
    """Constants of dsp/strip_convolution_sum.h.

    Attributes:
        factor, addend_factor, offset: F, G and H.
        shift: of h to the sum.
        clamp: smallest and largest sum.
    """

    factor: int
    addend_factor: int
    offset: int
    shift: int
    clamp: tuple[int, int]

    def apply(self, outputs: Integers, addends: Integers) -> Integers:
        """int64 sums of int8 values, as the core computes them."""
        high = self.factor * outputs + (self.addend_factor * addends >> _FACTOR_SHIFT)
        sums: Integers = np.clip((high + self.offset) >> self.shift, *self.clamp)
        return sums


def convolution_and_add(op: Op, graph: Graph, optimize: str) -> tuple[KernelCall, ...]:
    """coincell_strip_convolution_add; where it is not proved, the two ops' kernels in place."""
    convolution, addition = parts_of(op, graph)
    apart = taken_apart(graph)
    first = strip_convolution(convolution, apart, optimize)
    if first is not None:
        fused = _fused(first[0], op, addition, apart)
        if fused is not None:
            return (fused,)
    else:
        first = convolution.attributes.kernel_calls(convolution, apart)
    second = weighted_sum(addition, apart, optimize)
    if second is None:
        second = addition.attributes.kernel_calls(addition, apart)
    return one_over_the_other(first, second, convolution.output, op.output)


def _fused(call: KernelCall, op: Op, addition: Op, apart: Graph) -> KernelCall | None:
    """The call of the convolution that also adds; None where the kernel cannot.

    It has no room for the constants of the general form of scales, and no code for blocks of less
    than four outputs, nor for groups: they are rare beside a residual connection.
    """
    parameters = call.parameters
    if parameters["form"] == StripForm.GENERAL or parameters["groups"] > 1:
        return None
    found = choose_sum(addition, apart) if parameters["output_channels"] % _BLOCK == 0 else None
    if found is None:
        return None
    image, addend = op.inputs[:2]
    constants = [found.factor, found.addend_factor, found.offset]

    def argument(given: KernelArgument) -> KernelArgument:
        if isinstance(given, tuple) and given[0] == "scales":
            return "scales", np.insert(given[1], 1, constants).astype(np.int32)
        return op.output if given == addition.inputs[0] else given

    return replace(
        call,
        kernel="dsp/strip_convolution_add",
        parameters={
            **parameters,
            "sum_shift": found.shift,
            "sum_min": found.clamp[0],
            "sum_max": found.clamp[1],
        },
        arguments=(image, addend, *(argument(given) for given in call.arguments[1:])),
        overlaps={**call.overlaps, addend: EXACTLY_IN_PLACE},
    )


def choose_sum(addition: Op, graph: Graph) -> Sum | None:
    """Constants with which h gives TFLM's sum of all pairs of bytes, or None.

    Args:
        addition: an ADD of a convolution's output, the first input, and an addend.
        graph: where its tensors are described.
    """
    assert isinstance(addition.attributes, Add)
    clamp = addition.attributes.clamp
    first, second, target = (graph.tensor(name) for name in (*addition.inputs, addition.output))
    values = np.arange(-128, 128, dtype=np.int64)
    pairs = values[:, np.newaxis], values[np.newaxis]
    sums = addition.attributes.combine(addition, graph, *pairs).astype(np.int64)
    ratios = first.scale / target.scale, second.scale / target.scale
    room = min(INT32_MAX / (255 * sum(ratios) + 256), 2.0**22 / max(ratios))
    shift = min(_MOST_RIGHT_SHIFT, math.floor(math.log2(room)))
    if shift < 1:
        return None
    low = np.where(sums > clamp[0], sums << shift, INT32_MIN)
    high = np.where(sums < clamp[1], ((sums + 1) << shift) - 1, INT32_MAX)
    ideal = round(ratios[0] * 2.0**shift), round(ratios[1] * 2.0 ** (shift + _FACTOR_SHIFT))
    return _search(ideal, shift, clamp, low, high)


def _search(
    ideal: tuple[int, int], shift: int, clamp: tuple[int, int], low: Integers, high: Integers
) -> Sum | None:
    """Factors near the ideal ones, and an offset, that bring h of every pair into its bounds.

    Other factors than the ideal ones are first tried on the pairs near their bounds alone.
    """
    values = np.arange(-128, 128, dtype=np.int64)
    first, second = (array.reshape(-1) for array in np.meshgrid(values, values, indexing="ij"))
    low, high = low.reshape(-1), high.reshape(-1)

    def offset(factors: tuple[int, int], chosen: Integers | slice) -> int | None:
        heights = factors[0] * first[chosen]
        heights = heights + (factors[1] * second[chosen] >> _FACTOR_SHIFT)
        least = max(int((low[chosen] - heights).max()), INT32_MIN - int(heights.min()), INT32_MIN)
        most = min(int((high[chosen] - heights).min()), INT32_MAX - int(heights.max()), INT32_MAX)
        return (least + most) // 2 if least <= most else None

    heights = ideal[0] * first + (ideal[1] * second >> _FACTOR_SHIFT)
    least, most = int((low - heights).max()), int((high - heights).min())
    if least - most > _NEAR:
        return None
    middle = (least + most) // 2
    near = np.flatnonzero((low - heights > middle - _NEAR) | (high - heights < middle + _NEAR))
    for one, other in _NUDGES:
        factors = ideal[0] + one, ideal[1] + other
        if len(near) and offset(factors, near) is None:
            continue
        found = offset(factors, slice(None))
        if found is not None:
            return Sum(*factors, found, shift, clamp)
    return None
