"""CONCATENATION along one dimension."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from coincell.compiler.ir import Attributes, Graph, KernelCall, Op, Values
from coincell.compiler.operators import common
from coincell.compiler.operators.strided import copy_block


@dataclass(frozen=True)
class Concatenation(Attributes):
    """The inputs one after the other.

    Attributes:
        axis: the dimension along which, not negative.
    """

    kind: ClassVar[str] = "concatenation"

    axis: int

    def check(self, op: Op, graph: Graph) -> None:
        """Inputs differ along the axis alone, and all share the output's type and quantization.

        TFLM copies without rescaling, so that unlike quantizations would change values.
        """
        common.require_count(op, 1, common.MOST_OPERANDS)
        shapes = [list(graph.tensor(name).shape) for name in op.inputs]
        op.require(0 <= self.axis < len(shapes[0]), f"has the axis {self.axis} for {shapes[0]}")
        for name in op.inputs:
            common.require_same_kind(op, graph, name, op.output)
        for shape in shapes:
            op.require(len(shape) == len(shapes[0]), f"joins the shapes {shapes}")
        expected = shapes[0].copy()
        expected[self.axis] = sum(shape[self.axis] for shape in shapes)
        for shape in shapes:
            rest = [s for i, s in enumerate(shape) if i != self.axis]
            wanted = [s for i, s in enumerate(expected) if i != self.axis]
            op.require(rest == wanted, f"joins the shapes {shapes} along axis {self.axis}")
        common.require_shape(op, graph, expected)

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """A concatenation one dimension further, for samples come first."""
        del op, graph
        count = max(len(values) for values in inputs)
        whole = [np.broadcast_to(values, (count, *values.shape[1:])) for values in inputs]
        return np.concatenate(whole, axis=self.axis + 1)

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """coincell_strided_copy, once an input."""
        rank = len(graph.tensor(op.output).shape)
        calls, offset = [], 0
        for name in op.inputs:
            shape = graph.tensor(name).shape
            corner = [offset if axis == self.axis else 0 for axis in range(rank)]
            calls.append(copy_block(graph, (name, op.output), shape, [0] * rank, corner))
            offset += shape[self.axis]
        return tuple(calls)
