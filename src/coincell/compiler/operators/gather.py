"""GATHER: elements of one dimension by their indices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from coincell.compiler.ir import Attributes, DType, Graph, KernelCall, Op, Values
from coincell.compiler.operators import common


@dataclass(frozen=True)
class Gather(Attributes):
    """Inputs: values, and int32 indices, constant or computed.

    The output's shape is that of the values, with the shape of the indices less its first `shared`
    dimensions in place of the axis. A computed index outside the axis counts as its nearest end.

    Attributes:
        axis: the dimension that the indices choose from, not negative.
        shared: as many leading dimensions belong to both; each has its own indices.
    """

    kind: ClassVar[str] = "gather"

    axis: int
    shared: int

    def check(self, op: Op, graph: Graph) -> None:
        """Constant indices lie within the axis."""
        common.require_count(op, 2, 2)
        source, indices = graph.tensor(op.inputs[0]), graph.tensor(op.inputs[1])
        common.require_same_kind(op, graph, source.name, op.output)
        op.require(indices.dtype is DType.INT32, f"needs int32 indices, not {indices.dtype.value}")
        rank = len(source.shape)
        op.require(
            0 <= self.shared <= self.axis < rank
            and source.shape[: self.shared] == indices.shape[: self.shared]
            and self.shared <= len(indices.shape),
            f"takes from {list(source.shape)} by {list(indices.shape)} along axis {self.axis}, "
            f"{self.shared} dimensions shared",
        )
        common.require_shape(
            op,
            graph,
            (
                *source.shape[: self.axis],
                *indices.shape[self.shared :],
                *source.shape[self.axis + 1 :],
            ),
        )
        if indices.is_constant:
            low, high = int(indices.array.min()), int(indices.array.max())
            op.require(
                low >= 0 and high < source.shape[self.axis],
                f"takes elements {low} to {high} of {source.shape[self.axis]}",
            )

    def _sizes(self, op: Op, graph: Graph) -> tuple[int, int, int, int, int]:
        """The values as [batches, outer, size, inner], the indices as [batches, count]."""
        source, indices = graph.tensor(op.inputs[0]).shape, graph.tensor(op.inputs[1]).shape
        return (
            math.prod(source[: self.shared]),
            math.prod(source[self.shared : self.axis]),
            source[self.axis],
            math.prod(source[self.axis + 1 :]),
            math.prod(indices[self.shared :]),
        )

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """NumPy's take_along_axis."""
        batches, outer, size, inner, count = self._sizes(op, graph)
        values = inputs[0].reshape(-1, batches, outer, size, inner)
        chosen = np.clip(inputs[1].reshape(-1, batches, 1, count, 1), 0, size - 1)
        samples = max(len(values), len(chosen))
        taken = np.take_along_axis(
            np.broadcast_to(values, (samples, batches, outer, size, inner)),
            np.broadcast_to(chosen, (samples, batches, outer, count, inner)),
            axis=3,
        )
        return taken.reshape(samples, *graph.tensor(op.output).shape)

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """coincell_gather."""
        batches, outer, size, inner, count = self._sizes(op, graph)
        parameters = {
            "batches": batches,
            "outer": outer,
            "size": size,
            "inner": inner * graph.tensor(op.output).dtype.size,
            "count": count,
        }
        return (KernelCall("gather", parameters, (*op.inputs, op.output)),)
