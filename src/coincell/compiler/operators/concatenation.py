"""CONCATENATION along one dimension."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from coincell.compiler.ir import Attributes, Graph, KernelCall, Op, Values
from coincell.compiler.operators import common


@dataclass(frozen=True)
class Concatenation(Attributes):
    """The inputs one after the other.

    Attributes:
        axis: the dimension along which, not negative.
    """

    kind: ClassVar[str] = "concatenation"

    axis: int

    def check(self, op: Op, graph: Graph) -> None:
        """Inputs differ along the axis alone, and all share the output's quantization.

        TFLM copies int8 without rescaling, so that unlike quantizations would change values.
        """
        common.require_count(op, 1, 64)
        common.require_activations(op, graph, *op.inputs, op.output)
        shapes = [list(graph.tensor(name).shape) for name in op.inputs]
        op.require(0 <= self.axis < len(shapes[0]), f"has the axis {self.axis} for {shapes[0]}")
        for name in op.inputs:
            common.require_same_quantization(op, graph, name, op.output)
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
        """coincell_concatenation, once an input."""
        shape = graph.tensor(op.output).shape
        rows = math.prod(shape[: self.axis])
        output_row = math.prod(shape[self.axis :])
        calls, offset = [], 0
        for name in op.inputs:
            input_row = graph.tensor(name).elements // rows
            parameters = {
                "rows": rows,
                "input_row": input_row,
                "output_row": output_row,
                "output_offset": offset,
            }
            calls.append(KernelCall("concatenation", parameters, (name, op.output)))
            offset += input_row
        return tuple(calls)
