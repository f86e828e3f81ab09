"""MIRROR_PAD: a border of what lies inside, mirrored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from coincell.compiler.ir import Attributes, Graph, KernelCall, Op, Values
from coincell.compiler.operators import common
from coincell.compiler.operators.strided import (
    Loop,
    copy_block,
    require_few_loops,
    steps_of,
    strided_copy,
)


@dataclass(frozen=True)
class MirrorPad(Attributes):
    """The input with its mirror images around it.

    Attributes:
        padding: (before, after) of each dimension.
        edge_twice: whether the mirror stands beyond the outermost element, which is then repeated
            (SYMMETRIC), rather than on it (REFLECT).
    """

    kind: ClassVar[str] = "mirror_pad"

    padding: tuple[tuple[int, int], ...]
    edge_twice: bool

    def check(self, op: Op, graph: Graph) -> None:
        """No border is larger than what there is to mirror."""
        common.require_count(op, 1, 1)
        shape = graph.tensor(op.inputs[0]).shape
        common.require_same_kind(op, graph, op.inputs[0], op.output)
        op.require(
            len(self.padding) == len(shape),
            f"has {len(self.padding)} paddings for the shape {list(shape)}",
        )
        for size, pair in zip(shape, self.padding, strict=True):
            most = size if self.edge_twice else size - 1
            op.require(
                min(pair) >= 0 and max(pair) <= most,
                f"mirrors {pair[0]} and {pair[1]} of {size} elements",
            )
        common.require_shape(
            op, graph, [b + size + a for size, (b, a) in zip(shape, self.padding, strict=True)]
        )
        target = graph.tensor(op.output).shape
        loops = [
            Loop(size, -step, step) for size, step in zip(target, steps_of(target), strict=True)
        ]
        require_few_loops(op, loops)

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """NumPy's padding of the same names."""
        del op, graph
        pairs = ((0, 0), *self.padding)
        if self.edge_twice:
            return np.pad(inputs[0], pairs, mode="symmetric")
        return np.pad(inputs[0], pairs, mode="reflect")

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """coincell_strided_copy: the middle, then one dimension after the other, within the output.

        When a dimension has its turn, those after it are whole, and of those before it the middle.
        """
        shape = graph.tensor(op.inputs[0]).shape
        before = [pair[0] for pair in self.padding]
        calls = [copy_block(graph, (op.inputs[0], op.output), shape, [0] * len(shape), before)]
        for axis in reversed(range(len(shape))):
            low, high = self.padding[axis]
            last = before[axis] + shape[axis] - 1
            beyond = 0 if self.edge_twice else 1
            if low:
                calls.append(self._border(op, graph, axis, low, low + beyond, low - 1))
            if high:
                calls.append(self._border(op, graph, axis, high, last - beyond, last + 1))
        return tuple(calls)

    def _border(
        self, op: Op, graph: Graph, axis: int, count: int, from_: int, to: int
    ) -> KernelCall:
        """`count` slices of the output from `from_` to `to`, both moving away from the border.

        Below the middle one reads upwards and writes downwards; above it, the other way round.
        """
        target = graph.tensor(op.output)
        steps = steps_of(target.shape)
        direction = 1 if to < from_ else -1
        loops = []
        for index, (size, step) in enumerate(zip(target.shape, steps, strict=True)):
            if index == axis:
                loops.append(Loop(count, direction * step, -direction * step))
            elif index < axis:
                loops.append(Loop(graph.tensor(op.inputs[0]).shape[index], step, step))
            else:
                loops.append(Loop(size, step, step))
        corner = sum(self.padding[index][0] * steps[index] for index in range(axis))
        start, end = corner + from_ * steps[axis], corner + to * steps[axis]
        return strided_copy(target, target, loops, start, end)
