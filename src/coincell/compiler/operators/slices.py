"""Parts of a tensor: SLICE, STRIDED_SLICE, SPLIT, SPLIT_V and UNPACK."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from coincell.compiler.ir import Attributes, Graph, KernelCall, Op, SeveralOutputs, Values
from coincell.compiler.operators import common
from coincell.compiler.operators.strided import (
    Loop,
    copy_block,
    require_few_loops,
    steps_of,
    strided_copy,
)


@dataclass(frozen=True)
class StridedSlice(Attributes):
    """SLICE and STRIDED_SLICE: `count` elements from `start` on, `step` apart, in each dimension.

    Attributes:
        start: the first element's index, not negative.
        count: at least 1.
        step: may be negative; not 0.
    """

    kind: ClassVar[str] = "strided_slice"

    start: tuple[int, ...]
    count: tuple[int, ...]
    step: tuple[int, ...]

    def check(self, op: Op, graph: Graph) -> None:
        """What is taken lies in the input; dimensions of one element may come or go."""
        common.require_count(op, 1, 1)
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        common.require_same_kind(op, graph, source.name, target.name)
        op.require(
            len(self.start) == len(self.count) == len(self.step) == len(source.shape),
            f"has {len(self.start)} slices for the shape {list(source.shape)}",
        )
        for size, start, count, step in zip(
            source.shape, self.start, self.count, self.step, strict=True
        ):
            op.require(step != 0, "has a stride of 0")
            last = start + (count - 1) * step
            op.require(
                count >= 1 and 0 <= start < size and 0 <= last < size,
                f"takes {count} elements from {start} on in steps of {step}, of {size}",
            )
        given, wanted = _without_ones(target.shape), _without_ones(self.count)
        op.require(
            given == wanted,
            f"gives the shape {list(self.count)}, but the output is declared {list(target.shape)}",
        )
        require_few_loops(op, self._loops(op, graph))

    def _loops(self, op: Op, graph: Graph) -> list[Loop]:
        steps = steps_of(graph.tensor(op.inputs[0]).shape)
        return [
            Loop(count, taken * step, output_step)
            for count, taken, step, output_step in zip(
                self.count, self.step, steps, steps_of(self.count), strict=True
            )
        ]

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """Chosen indices along one dimension after the other."""
        values = inputs[0]
        for axis, (start, count, step) in enumerate(
            zip(self.start, self.count, self.step, strict=True)
        ):
            values = np.take(values, start + step * np.arange(count), axis=axis + 1)
        return values.reshape(-1, *graph.tensor(op.output).shape)

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """coincell_strided_copy."""
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        places = zip(self.start, steps_of(source.shape), strict=True)
        first = sum(start * step for start, step in places)
        return (strided_copy(source, target, self._loops(op, graph), first),)


def _without_ones(shape: Sequence[int]) -> list[int]:
    return [size for size in shape if size != 1]


@dataclass(frozen=True)
class Split(SeveralOutputs):
    """SPLIT and SPLIT_V: the input in pieces, whose shapes are those of the outputs.

    Attributes:
        axis: the dimension along which, not negative.
    """

    kind: ClassVar[str] = "split"

    axis: int

    def check(self, op: Op, graph: Graph) -> None:
        """The pieces are alike but for the axis, along which they make up the input."""
        common.require_counts(op, (1, 1), (1, common.MOST_OPERANDS))
        source = graph.tensor(op.inputs[0])
        rank = len(source.shape)
        op.require(0 <= self.axis < rank, f"has the axis {self.axis} for {rank} dimensions")
        shapes = [graph.tensor(name).shape for name in op.outputs]
        for name, shape in zip(op.outputs, shapes, strict=True):
            common.require_same_kind(op, graph, source.name, name)
            rest = (*source.shape[: self.axis], *source.shape[self.axis + 1 :])
            op.require(
                len(shape) == rank and (*shape[: self.axis], *shape[self.axis + 1 :]) == rest,
                f"splits {list(source.shape)} along axis {self.axis}, not into {list(shape)}",
            )
        total = sum(shape[self.axis] for shape in shapes)
        op.require(
            total == source.shape[self.axis],
            f"splits {source.shape[self.axis]} elements into {total}",
        )

    def _starts(self, op: Op, graph: Graph) -> list[int]:
        """Where each piece begins along the axis."""
        sizes = [graph.tensor(name).shape[self.axis] for name in op.outputs]
        return [sum(sizes[:index]) for index in range(len(sizes))]

    def interpret_outputs(
        self, op: Op, graph: Graph, inputs: Sequence[Values]
    ) -> tuple[Values, ...]:
        """NumPy's split, one dimension further, for samples come first."""
        return tuple(np.split(inputs[0], self._starts(op, graph)[1:], axis=self.axis + 1))

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """coincell_strided_copy, once a piece."""
        rank = len(graph.tensor(op.inputs[0]).shape)
        return tuple(
            copy_block(
                graph,
                (op.inputs[0], name),
                graph.tensor(name).shape,
                [start if axis == self.axis else 0 for axis in range(rank)],
                [0] * rank,
            )
            for name, start in zip(op.outputs, self._starts(op, graph), strict=True)
        )


@dataclass(frozen=True)
class Unpack(SeveralOutputs):
    """UNPACK: one output an element of a dimension, which they leave out.

    Attributes:
        axis: the dimension, not negative.
    """

    kind: ClassVar[str] = "unpack"

    axis: int

    def check(self, op: Op, graph: Graph) -> None:
        """As many outputs as the axis has elements, all of the shape that is left."""
        common.require_counts(op, (1, 1), (1, common.MOST_OPERANDS))
        source = graph.tensor(op.inputs[0])
        rank = len(source.shape)
        op.require(0 <= self.axis < rank, f"has the axis {self.axis} for {rank} dimensions")
        op.require(
            len(op.outputs) == source.shape[self.axis],
            f"unpacks {source.shape[self.axis]} elements into {len(op.outputs)} outputs",
        )
        left = (*source.shape[: self.axis], *source.shape[self.axis + 1 :])
        for name in op.outputs:
            common.require_same_kind(op, graph, source.name, name)
            shape = graph.tensor(name).shape
            op.require(
                shape == left,
                f"gives the shape {list(left)}, but an output is declared {list(shape)}",
            )

    def interpret_outputs(
        self, op: Op, graph: Graph, inputs: Sequence[Values]
    ) -> tuple[Values, ...]:
        """One index of the axis after the other."""
        del graph
        return tuple(
            np.take(inputs[0], index, axis=self.axis + 1) for index in range(len(op.outputs))
        )

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """coincell_strided_copy, once an output."""
        source = graph.tensor(op.inputs[0])
        steps = steps_of(source.shape)
        calls = []
        for index, name in enumerate(op.outputs):
            target = graph.tensor(name)
            left = (*steps[: self.axis], *steps[self.axis + 1 :])
            loops = [
                Loop(*loop) for loop in zip(target.shape, left, steps_of(target.shape), strict=True)
            ]
            calls.append(strided_copy(source, target, loops, index * steps[self.axis]))
        return tuple(calls)
