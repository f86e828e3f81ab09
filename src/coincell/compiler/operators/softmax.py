"""SOFTMAX over the last dimension, in fixed point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from coincell.compiler import fixed_point
from coincell.compiler.ir import Attributes, Graph, KernelCall, Op, Values
from coincell.compiler.operators import common

_INTEGER_BITS = 5  # of the scaled differences, Q5.26
_SUM_BITS = 12  # integer bits of the sum of exponentials


@dataclass(frozen=True)
class Softmax(Attributes):
    """exp(beta * x) over its sum, along the last dimension; scale 1/256, zero point -128.

    Attributes:
        beta: a float32 value.
    """

    kind: ClassVar[str] = "softmax"
    by_rows: ClassVar[bool] = True

    beta: float

    def check(self, op: Op, graph: Graph) -> None:
        """int8 in and out, and the output's quantization is the one that softmax is defined for."""
        common.require_count(op, 1, 1)
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        common.require_activations(op, graph, source.name, target.name)
        op.require(len(source.shape) >= 1, "needs a last dimension")
        common.require_shape(op, graph, source.shape)
        op.require(
            target.scale == 1 / 256 and target.zero_point == common.INT8_MIN,
            f"needs an output of scale 1/256 and zero point -128, "
            f"not {target.scale} and {target.zero_point}",
        )
        factor = self.beta * source.scale * (1 << (31 - _INTEGER_BITS))
        op.require(factor > 1.0, f"needs beta * scale above 2**-26, not {self.beta * source.scale}")
        op.require(source.shape[-1] < 1 << _SUM_BITS, "has too many classes for its 32-bit sum")

    def _scaling(self, op: Op, graph: Graph) -> tuple[int, int, int]:
        """(multiplier, shift, smallest difference that counts), as TFLM's softmax_common.cc."""
        scale = graph.tensor(op.inputs[0]).scale
        factor = min(self.beta * scale * (1 << (31 - _INTEGER_BITS)), float((1 << 31) - 1))
        multiplier, shift = fixed_point.quantize_multiplier(factor)
        return multiplier, shift, -fixed_point.input_radius(_INTEGER_BITS, shift)

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """As TFLM's reference_ops::Softmax for int8."""
        multiplier, shift, smallest = self._scaling(op, graph)
        values = inputs[0].astype(np.int64)
        differences = values - values.max(axis=-1, keepdims=True)
        counted = differences >= smallest
        scaled = fixed_point.multiply_by_quantized_multiplier(
            np.where(counted, differences, 0), multiplier, shift
        )
        exponentials = fixed_point.exp_on_negative_values(scaled, _INTEGER_BITS)
        shares = fixed_point.rounding_shift_right(exponentials, _SUM_BITS)
        sums = np.sum(np.where(counted, shares, 0), axis=-1, keepdims=True)
        headroom = 31 - np.floor(np.log2(sums)).astype(np.int64)
        fraction = (sums << headroom) - (1 << 31)
        reciprocal = fixed_point.one_over_one_plus(fraction)
        products = fixed_point.doubling_high_multiply(reciprocal, exponentials)
        results = fixed_point.rounding_shift_right(products, _SUM_BITS - headroom + 31 - 8)
        shifted = np.where(counted, results, 0) + common.INT8_MIN
        clipped: Values = np.clip(shifted, *common.FULL_RANGE).astype(np.int8)
        return clipped

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """coincell_softmax."""
        source = graph.tensor(op.inputs[0])
        multiplier, shift, smallest = self._scaling(op, graph)
        parameters = {
            "rows": source.elements // source.shape[-1],
            "depth": source.shape[-1],
            "multiplier": multiplier,
            "shift": shift,
            "smallest_difference": smallest,
        }
        arguments = (source.name, op.output)
        return (KernelCall("softmax", parameters, arguments, overlaps={source.name: 0}),)
