"""ARG_MAX and ARG_MIN: where along a dimension the largest or smallest value is."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from coincell.compiler.ir import Attributes, DType, Graph, KernelCall, Op, Values
from coincell.compiler.operators import common


class _ArgExtremum(Attributes):
    """The first index of the extreme value, as int32 or int64; the output leaves the axis out."""

    axis: int
    function: ClassVar[Callable[..., Values]]
    sign: ClassVar[int]
    """1 where the largest value is looked for, -1 for the smallest."""

    def check(self, op: Op, graph: Graph) -> None:
        """int8 in, int32 or int64 out, and the axis is one of the input's."""
        common.require_count(op, 1, 1)
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        common.require_int8(op, source)
        op.require(
            target.dtype in (DType.INT32, DType.INT64),
            f"gives places as int32 or int64, not as {target.dtype.value}",
        )
        op.require(
            0 <= self.axis < len(source.shape),
            f"has the axis {self.axis} for {list(source.shape)}",
        )
        left = [size for i, size in enumerate(source.shape) if i != self.axis]
        common.require_shape(op, graph, left)

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """NumPy's argmax or argmin, which take the first as well."""
        found: Values = type(self).function(inputs[0], axis=self.axis + 1)
        target = graph.tensor(op.output)
        return found.astype(target.dtype.numpy).reshape(-1, *target.shape)

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """coincell_arg_extremum."""
        shape = graph.tensor(op.inputs[0]).shape
        parameters = {
            "outer": math.prod(shape[: self.axis]),
            "count": shape[self.axis],
            "inner": math.prod(shape[self.axis + 1 :]),
            "sign": self.sign,
            "wide": int(graph.tensor(op.output).dtype is DType.INT64),
        }
        return (KernelCall("arg_extremum", parameters, (op.inputs[0], op.output)),)


@dataclass(frozen=True)
class ArgMax(_ArgExtremum):
    """Where the largest value is.

    Attributes:
        axis: not negative.
    """

    kind: ClassVar[str] = "arg_max"
    function: ClassVar[Callable[..., Values]] = np.argmax
    sign: ClassVar[int] = 1

    axis: int


@dataclass(frozen=True)
class ArgMin(_ArgExtremum):
    """Where the smallest value is.

    Attributes:
        axis: not negative.
    """

    kind: ClassVar[str] = "arg_min"
    function: ClassVar[Callable[..., Values]] = np.argmin
    sign: ClassVar[int] = -1

    axis: int
