"""RESHAPE, SQUEEZE, EXPAND_DIMS: the same bytes under another shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from coincell.compiler.ir import Attributes, DType, Graph, Op, Values
from coincell.compiler.operators import common


@dataclass(frozen=True)
class Reshape(Attributes):
    """Inputs: any tensor, and optionally the new shape (int32), which the output's shape repeats.

    Costs nothing: the planner gives the output its input's place.
    """

    kind: ClassVar[str] = "reshape"
    aliases_input: ClassVar[bool] = True

    def check(self, op: Op, graph: Graph) -> None:
        """Number of elements, type and quantization stay; a known shape is the output's."""
        common.require_count(op, 1, 2)
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        op.require(
            source.elements == target.elements,
            f"turns {list(source.shape)} into {list(target.shape)}, another number of elements",
        )
        op.require(source.dtype is target.dtype, "changes the element type")
        op.require(source.quantization == target.quantization, "changes the quantization")
        if len(op.inputs) == 2:
            shape = graph.tensor(op.inputs[1])
            op.require(shape.dtype is DType.INT32, "needs an int32 shape")
            if shape.is_constant:
                wanted = shape.array.reshape(-1).tolist()
                op.require(
                    len(wanted) == len(target.shape)
                    and all(w in (-1, size) for w, size in zip(wanted, target.shape, strict=True)),
                    f"is to give {wanted}, but the output is declared {list(target.shape)}",
                )

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """The same values."""
        return np.reshape(inputs[0], (-1, *graph.tensor(op.output).shape))
