"""L2_NORMALIZATION over the last dimension, in fixed point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from coincell.compiler.ir import Attributes, Graph, KernelCall, Op, Values
from coincell.compiler.logarithm import inverse_square_root
from coincell.compiler.operators import common

_OUTPUT_BITS = 7


@dataclass(frozen=True)
class L2Normalization(Attributes):
    """x over the square root of the sum of squares along the last dimension; scale 1/128."""

    kind: ClassVar[str] = "l2_normalization"
    by_rows: ClassVar[bool] = True

    def check(self, op: Op, graph: Graph) -> None:
        """int8, the same shape, and the output quantization that the function is defined for."""
        common.require_count(op, 1, 1)
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        common.require_activations(op, graph, source.name, target.name)
        op.require(len(source.shape) >= 1, "needs a last dimension")
        common.require_shape(op, graph, source.shape)
        common.require_quantization(op, target, 1 / 128, 0)
        op.require(source.shape[-1] <= 1 << 15, "has rows too long for a 32-bit sum of squares")

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """As TFLM's reference_integer_ops::L2Normalization."""
        values = inputs[0].astype(np.int64) - graph.tensor(op.inputs[0]).zero_point
        multiplier, shift = inverse_square_root(np.sum(values**2, axis=-1, keepdims=True))
        return common.rescale(values, multiplier, shift + _OUTPUT_BITS, 0, common.FULL_RANGE)

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """coincell_l2_normalization."""
        source = graph.tensor(op.inputs[0])
        depth = source.shape[-1]
        parameters = {
            "rows": source.elements // depth,
            "depth": depth,
            "input_zero_point": source.zero_point,
        }
        arguments = (source.name, op.output)
        return (KernelCall("l2_normalization", parameters, arguments, overlaps={source.name: 0}),)
