"""LEAKY_RELU, ELU and HARD_SWISH: tables of 256 entries, made from TFLM's formulas."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from coincell.compiler import fixed_point
from coincell.compiler.ir import Attributes, DType, Graph, KernelCall, Op, Values
from coincell.compiler.operators import common

_SCALES = (2.0**-40, 2.0**40)
"""Outside it, float32 arithmetic on scales could overflow."""


class Table(Attributes):
    """A function of one value, int8 unless `types` says more, whatever the quantizations are."""

    pointwise: ClassVar[bool] = True
    by_rows: ClassVar[bool] = True

    types: ClassVar[tuple[DType, ...]] = (DType.INT8,)

    def check(self, op: Op, graph: Graph) -> None:
        """The same type and shape."""
        common.require_count(op, 1, 1)
        common.require_activations(op, graph, op.inputs[0], op.output, types=self.types)
        common.require_shape(op, graph, graph.tensor(op.inputs[0]).shape)
        for name in (op.inputs[0], op.output):
            scale = graph.tensor(name).scale
            op.require(_SCALES[0] < scale < _SCALES[1], f"has the scale {scale} for {name!r}")

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """coincell_lookup_table."""
        return common.table_call(op, graph)


@dataclass(frozen=True)
class LeakyRelu(Table):
    """x, and alpha * x where x is negative.

    Attributes:
        alpha: a float32 value, not negative.
    """

    kind: ClassVar[str] = "leaky_relu"
    types: ClassVar[tuple[DType, ...]] = common.ACTIVATIONS

    alpha: float

    def check(self, op: Op, graph: Graph) -> None:
        """Also: the scales lead to factors that 32-bit arithmetic can take."""
        super().check(op, graph)
        op.require(math.isfinite(self.alpha) and self.alpha >= 0, f"has the slope {self.alpha}")
        self._multipliers(op, graph)

    def _multipliers(self, op: Op, graph: Graph) -> tuple[NDArray[Any], NDArray[Any]]:
        """Of what is positive, and of what is negative, as TFLM's leaky_relu_common.cc."""
        source, target = graph.tensor(op.inputs[0]).scale, graph.tensor(op.output).scale
        reals = [source / target, source * self.alpha / target]
        return common.quantize_multipliers(op, reals, common.MAX_PRODUCT_SHIFT)

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """As TFLM's reference_ops::QuantizeLeakyRelu."""
        target = graph.tensor(op.output)
        multipliers, shifts = self._multipliers(op, graph)
        values = inputs[0].astype(np.int64) - graph.tensor(op.inputs[0]).zero_point
        which = (values < 0).astype(np.int64)
        whole, zero = common.RANGES[target.dtype], target.zero_point
        return common.rescale(values, multipliers[which], shifts[which], zero, whole, target.dtype)

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """coincell_lookup_table, or coincell_leaky_relu_int16."""
        source = graph.tensor(op.inputs[0])
        if source.dtype is DType.INT8:
            return super().kernel_calls(op, graph)
        parameters = {"count": source.elements}
        multipliers, shifts = self._multipliers(op, graph)
        for role, multiplier, shift in zip(
            ("positive", "negative"), multipliers, shifts, strict=True
        ):
            parameters[f"{role}_multiplier"] = int(multiplier)
            parameters[f"{role}_shift"] = int(shift)
        overlaps = common.elementwise_overlaps(source, source)
        arguments = (source.name, op.output)
        return (KernelCall("leaky_relu_int16", parameters, arguments, overlaps=overlaps),)


@dataclass(frozen=True)
class Elu(Table):
    """x, and exp(x) - 1 where x is negative."""

    kind: ClassVar[str] = "elu"

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """As TFLM's elu.cc, in float32; exp is rounded once, as good libraries do."""

        def elu(x: Values) -> Values:
            below = np.exp(np.minimum(x, 0)).astype(np.float32) - np.float32(1)
            return np.where(x < 0, below, x)

        return table_of_reals(op, graph, inputs[0], elu)


@dataclass(frozen=True)
class HardSwish(Table):
    """x * min(max(x + 3, 0), 6) / 6."""

    kind: ClassVar[str] = "hard_swish"

    def check(self, op: Op, graph: Graph) -> None:
        """Also: the factors fit the 16-bit arithmetic."""
        super().check(op, graph)
        (_, output), (_, slope) = self._multipliers(op, graph)
        op.require(
            -14 <= output <= 0 and -14 <= slope <= 30,
            f"has scales, {graph.tensor(op.inputs[0]).scale} and {graph.tensor(op.output).scale}, "
            "that TFLM's 16-bit arithmetic cannot take",
        )

    @staticmethod
    def _multipliers(op: Op, graph: Graph) -> tuple[tuple[int, int], tuple[int, int]]:
        """(16-bit multiplier, shift) of the output, and of x + 3, as TFLM's hard_swish_common.cc.

        Ratios are taken in float32.
        """
        fine = np.float32(graph.tensor(op.inputs[0]).scale) / np.float32(128)
        output = fine / np.float32(graph.tensor(op.output).scale)
        slope = fine / (np.float32(3) / np.float32(32768))

        def narrow(real: float) -> tuple[int, int]:
            multiplier, shift = fixed_point.quantize_multiplier(real)
            return min((multiplier + (1 << 15)) >> 16, 32767), shift

        return narrow(float(output)), narrow(float(slope))

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """As TFLM's reference_ops::HardSwish: 16-bit numbers in 64-bit arrays."""
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        (factor, shift), (slope_factor, slope_shift) = self._multipliers(op, graph)
        fine = (inputs[0].astype(np.int64) - source.zero_point) << 7
        value = _doubling_high_multiply_16(fine, factor)
        slope = _saturate_16(fine << max(slope_shift - 1, 0))
        slope = _doubling_high_multiply_16(slope, slope_factor)
        if slope_shift > 0:
            slope = _saturate_16(slope << 1)
        slope = fixed_point.rounding_shift_right(slope, max(-slope_shift, 0))
        product = ((slope + (1 << 15)) >> 1) * value
        truncated = np.where(product < 0, -((-product) >> 15), product >> 15)
        shifted = fixed_point.rounding_shift_right(truncated, -shift) + target.zero_point
        wrapped = shifted.astype(np.int16)
        clipped: Values = np.clip(wrapped, *common.FULL_RANGE).astype(np.int8)
        return clipped


def table_of_reals(
    op: Op, graph: Graph, inputs: Values, function: Callable[[Values], Values]
) -> Values:
    """int8 results of a function of real numbers, as TFLM and LiteRT tabulate them in float32.

    Args:
        op: of one input and one output.
        graph: where they are described.
        inputs: int8.
        function: of float64 numbers that float32 can hold; its results are rounded to float32.
    """
    source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
    values = (inputs.astype(np.int32) - source.zero_point).astype(np.float32)
    real = (np.float32(source.scale) * values).astype(np.float64)
    scaled = function(real).astype(np.float32) * (np.float32(1) / np.float32(target.scale))
    rounded = np.trunc(scaled.astype(np.float64) + np.copysign(0.5, scaled)) + target.zero_point
    clipped: Values = np.clip(rounded, *common.FULL_RANGE).astype(np.int8)
    return clipped


def _saturate_16(values: fixed_point.Integers) -> fixed_point.Integers:
    return np.clip(values, -(1 << 15), (1 << 15) - 1)


def _doubling_high_multiply_16(values: fixed_point.Integers, factor: int) -> fixed_point.Integers:
    """gemmlowp's SaturatingRoundingDoublingHighMul of 16-bit numbers, for a positive factor."""
    return (values * factor + (1 << 14)) >> 15
