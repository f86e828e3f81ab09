"""SHAPE and PACK: what converters leave where a batch was open, and more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from coincell.compiler.ir import Attributes, DType, Graph, KernelCall, Op, Values
from coincell.compiler.operators import common
from coincell.compiler.operators.strided import Loop, steps_of, strided_copy, write


@dataclass(frozen=True)
class Shape(Attributes):
    """The shape of the input, as int32."""

    kind: ClassVar[str] = "shape"

    def check(self, op: Op, graph: Graph) -> None:
        """One int32 a dimension."""
        common.require_count(op, 1, 1)
        op.require(graph.tensor(op.output).dtype is DType.INT32, "needs an int32 output")
        common.require_shape(op, graph, (len(graph.tensor(op.inputs[0]).shape),))

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """Known without the input's values."""
        del inputs
        return np.array([graph.tensor(op.inputs[0]).shape], np.int32)

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """coincell_strided_copy of the known numbers."""
        shape = np.array(graph.tensor(op.inputs[0]).shape)
        return (write(graph.tensor(op.output), shape),)


@dataclass(frozen=True)
class Pack(Attributes):
    """The inputs side by side along a new dimension.

    Attributes:
        axis: the new dimension, not negative.
    """

    kind: ClassVar[str] = "pack"

    axis: int

    def check(self, op: Op, graph: Graph) -> None:
        """All inputs are alike."""
        common.require_count(op, 1, common.MOST_OPERANDS)
        first = graph.tensor(op.inputs[0])
        for name in op.inputs:
            common.require_same_kind(op, graph, name, op.output)
            shape = graph.tensor(name).shape
            op.require(
                shape == first.shape, f"packs the shapes {list(first.shape)} and {list(shape)}"
            )
        op.require(0 <= self.axis <= len(first.shape), f"has the axis {self.axis}")
        shape = (*first.shape[: self.axis], len(op.inputs), *first.shape[self.axis :])
        common.require_shape(op, graph, shape)

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """A stack one dimension further, for samples come first."""
        del op, graph
        count = max(len(values) for values in inputs)
        whole = [np.broadcast_to(values, (count, *values.shape[1:])) for values in inputs]
        return np.stack(whole, axis=self.axis + 1)

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """coincell_strided_copy, once an input."""
        target = graph.tensor(op.output)
        steps = steps_of(target.shape)
        left = (*steps[: self.axis], *steps[self.axis + 1 :])
        calls = []
        for index, name in enumerate(op.inputs):
            source = graph.tensor(name)
            places = zip(source.shape, steps_of(source.shape), left, strict=True)
            loops = [Loop(*place) for place in places]
            calls.append(strided_copy(source, target, loops, 0, index * steps[self.axis]))
        return tuple(calls)
