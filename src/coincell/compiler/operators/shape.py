"""SHAPE, STRIDED_SLICE and PACK: what converters leave where a batch was open.

They are understood so that they can be computed beforehand; as part of the running model they are
not supported yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from coincell.compiler.ir import Attributes, DType, Graph, Op, Values
from coincell.compiler.operators import common


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


@dataclass(frozen=True)
class StridedSlice(Attributes):
    """input[begin : end : stride] in each dimension.

    Attributes:
        begin, end: None where the slice starts or ends with the dimension.
        strides: not 0.
        dropped: dimensions of which one element is taken, and which the output leaves out.
    """

    kind: ClassVar[str] = "strided_slice"

    begin: tuple[int | None, ...]
    end: tuple[int | None, ...]
    strides: tuple[int, ...]
    dropped: tuple[int, ...]

    def _slices(self) -> tuple[slice | int, ...]:
        bounds = zip(self.begin, self.end, self.strides, strict=True)
        return tuple(
            (begin or 0) if index in self.dropped else slice(begin, end, stride)
            for index, (begin, end, stride) in enumerate(bounds)
        )

    def check(self, op: Op, graph: Graph) -> None:
        """The slices fit the input and give the output."""
        common.require_count(op, 1, 1)
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        op.require(
            len(self.begin) == len(self.end) == len(self.strides) == len(source.shape),
            f"has {len(self.begin)} slices for the shape {list(source.shape)}",
        )
        op.require(0 not in self.strides, "has a stride of 0")
        op.require(source.dtype is target.dtype, "changes the element type")
        op.require(source.quantization == target.quantization, "changes the quantization")
        try:
            shape = np.empty(source.shape, np.int8)[self._slices()].shape
        except IndexError:
            op.fail(f"takes an element outside the shape {list(source.shape)}")
        common.require_shape(op, graph, shape)

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """NumPy's slicing, which has the same meaning."""
        shape = graph.tensor(op.output).shape
        return inputs[0][(slice(None), *self._slices())].reshape(-1, *shape)


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
        common.require_count(op, 1, 64)
        first = graph.tensor(op.inputs[0])
        for name in op.inputs:
            tensor = graph.tensor(name)
            op.require(
                (tensor.shape, tensor.dtype, tensor.quantization)
                == (first.shape, first.dtype, first.quantization),
                "packs unlike tensors",
            )
        op.require(graph.tensor(op.output).dtype is first.dtype, "changes the element type")
        op.require(0 <= self.axis <= len(first.shape), f"has the axis {self.axis}")
        shape = (*first.shape[: self.axis], len(op.inputs), *first.shape[self.axis :])
        common.require_shape(op, graph, shape)

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """A stack one dimension further, for samples come first."""
        del op, graph
        count = max(len(values) for values in inputs)
        whole = [np.broadcast_to(values, (count, *values.shape[1:])) for values in inputs]
        return np.stack(whole, axis=self.axis + 1)
