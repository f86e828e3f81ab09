"""Ops of two inputs that are repeated along dimensions of 1: shapes, loops, and a base class."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from coincell.compiler.fixed_point import Integers, wrap_int32
from coincell.compiler.ir import Attributes, DType, Graph, KernelCall, Op, Values
from coincell.compiler.operators import common
from coincell.compiler.operators.strided import steps_of

_KERNEL_RANK = 4
_PLAIN_FUNCTIONS = ("add", "sub", "mul", "squared_difference", "maximum", "minimum")
"""The kinds in the order of the enumeration in runtime/kernels/plain_int32.h."""


class Broadcasting(Attributes):
    """Two inputs, of which either may be constant; the output has their joint shape."""

    by_rows: ClassVar[bool] = True

    @abstractmethod
    def check_types(self, op: Op, graph: Graph) -> None:
        """Raise through `op.fail` unless types and quantizations are right."""

    @abstractmethod
    def combine(self, op: Op, graph: Graph, first: Integers, second: Integers) -> Values:
        """The output of two arrays that broadcast, in the output's dtype."""

    @abstractmethod
    def parameters(self, op: Op, graph: Graph) -> Mapping[str, int]:
        """The kernel's parameters beside its dimensions."""

    def check(self, op: Op, graph: Graph) -> None:
        """The shapes broadcast to the output's, in at most four dimensions for the kernel."""
        common.require_count(op, 2, 2)
        self.check_types(op, graph)
        first, second = (graph.tensor(name).shape for name in op.inputs)
        try:
            shape = np.broadcast_shapes(first, second)
        except ValueError:
            op.fail(f"cannot combine the shapes {list(first)} and {list(second)}")
        common.require_shape(op, graph, shape)
        op.require(
            len(joint_dimensions(first, second, shape)) <= _KERNEL_RANK,
            f"broadcasts {list(first)} and {list(second)} in too many dimensions",
        )

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """NumPy's broadcasting, each sample on its own."""
        rank = len(graph.tensor(op.output).shape)
        first, second = (
            values.reshape(values.shape[0], *extended(graph.tensor(name).shape, rank))
            for name, values in zip(op.inputs, inputs, strict=True)
        )
        return self.combine(op, graph, first.astype(np.int64), second.astype(np.int64))

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """The kernel called like the kind; a table where one side is a single constant."""
        first, second = (graph.tensor(name) for name in op.inputs)
        target = graph.tensor(op.output)
        tables = ((second, first), (first, second)) if target.dtype is DType.INT8 else ()
        for constant, running in tables:
            if constant.is_constant and constant.elements == 1 and not running.is_constant:
                return common.table_call(op, graph, running.name)
        parameters = {**_loop_parameters(first.shape, second.shape, target.shape)}
        if is_plain(op, graph):
            kernel = "plain_int32"
            parameters["function"] = _PLAIN_FUNCTIONS.index(self.kind)
        else:
            kernel = f"{self.kind}_int16" if target.dtype is DType.INT16 else self.kind
            parameters |= self.parameters(op, graph)
        return (
            KernelCall(
                kernel,
                parameters,
                (first.name, second.name, target.name),
                overlaps={
                    tensor.name: 0
                    for tensor in (first, second)
                    if tensor.elements == target.elements and not tensor.is_constant
                },
            ),
        )


class Arithmetic(Broadcasting):
    """The same for int8, and perhaps int16, with one scale each, or for plain int32, such as the
    shapes of models with an open batch."""

    types: ClassVar[tuple[DType, ...]] = common.ACTIVATIONS

    clamp: tuple[int, int]

    @abstractmethod
    def combine_plain(self, first: Integers, second: Integers) -> Integers:
        """The function of plain integers, before it wraps."""

    @abstractmethod
    def combine_quantized(self, op: Op, graph: Graph, first: Integers, second: Integers) -> Values:
        """The output of int8 or int16 inputs."""

    def check_types(self, op: Op, graph: Graph) -> None:
        """Activations of one type, or plain int32 throughout."""
        if is_plain(op, graph):
            op.require(self.clamp == common.FULL_RANGE, "has a fused activation on plain integers")
            return
        common.require_activations(op, graph, *op.inputs, op.output, types=self.types)
        common.require_clamp(op, self.clamp, graph.tensor(op.output).dtype)
        self.parameters(op, graph)

    def combine(self, op: Op, graph: Graph, first: Integers, second: Integers) -> Values:
        """int32 wraps around."""
        if is_plain(op, graph):
            plain: Values = wrap_int32(self.combine_plain(first, second)).astype(np.int32)
            return plain
        return self.combine_quantized(op, graph, first, second)


def is_plain(op: Op, graph: Graph) -> bool:
    """Whether all operands are int32 without a quantization."""
    operands = [graph.tensor(name) for name in (*op.inputs, op.output)]
    return all(tensor.dtype is DType.INT32 and not tensor.quantization for tensor in operands)


def extended(shape: Sequence[int], rank: int) -> tuple[int, ...]:
    """`shape` with leading dimensions of 1, up to `rank`."""
    return (1,) * (rank - len(shape)) + tuple(shape)


def repeating_steps(shape: Sequence[int]) -> list[int]:
    """How far one step along each dimension goes; 0 along dimensions of 1, which are repeated."""
    return [step if size > 1 else 0 for size, step in zip(shape, steps_of(shape), strict=True)]


def joint_dimensions(
    first: Sequence[int], second: Sequence[int], shape: Sequence[int]
) -> list[tuple[int, int, int]]:
    """(size, step in the first, step in the second) of each dimension, as few as possible.

    Dimensions that both inputs walk through without a jump become one; those of 1 go.
    """
    rank = len(shape)
    own = [repeating_steps(extended(operand, rank)) for operand in (first, second)]
    steps = zip(shape, *own, strict=True)
    merged: list[tuple[int, int, int]] = []
    for size, a, b in reversed([dimension for dimension in steps if dimension[0] > 1]):
        if merged and (a, b) == (merged[-1][0] * merged[-1][1], merged[-1][0] * merged[-1][2]):
            inner = merged.pop()
            merged.append((size * inner[0], inner[1], inner[2]))
        else:
            merged.append((size, a, b))
    return merged[::-1]


def _loop_parameters(
    first: Sequence[int], second: Sequence[int], shape: Sequence[int]
) -> dict[str, int]:
    """The fields of coincell_broadcast_dimensions."""
    dimensions = joint_dimensions(first, second, shape)
    padded = [(1, 0, 0)] * (_KERNEL_RANK - len(dimensions)) + dimensions
    return {
        f"dimensions.{role}_{i}": padded[i][part]
        for part, role in enumerate(("size", "first_step", "second_step"))
        for i in range(_KERNEL_RANK)
    }
