"""One value many times: TILE, BROADCAST_TO and FILL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from coincell.compiler.ir import Attributes, Graph, KernelCall, Op, Values
from coincell.compiler.operators import common
from coincell.compiler.operators.broadcast import extended
from coincell.compiler.operators.strided import (
    Loop,
    copy_block,
    fits,
    require_few_loops,
    steps_of,
    strided_copy,
)


@dataclass(frozen=True)
class Tile(Attributes):
    """The whole input side by side.

    Attributes:
        multiples: how often, along each dimension.
    """

    kind: ClassVar[str] = "tile"

    multiples: tuple[int, ...]

    def check(self, op: Op, graph: Graph) -> None:
        """One positive multiple a dimension."""
        common.require_count(op, 1, 1)
        shape = graph.tensor(op.inputs[0]).shape
        common.require_same_kind(op, graph, op.inputs[0], op.output)
        op.require(
            len(self.multiples) == len(shape) and all(times >= 1 for times in self.multiples),
            f"repeats the shape {list(shape)} by {list(self.multiples)}",
        )
        common.require_shape(
            op, graph, [size * times for size, times in zip(shape, self.multiples, strict=True)]
        )

    def _loops(self, op: Op, graph: Graph) -> list[Loop]:
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        loops = []
        for size, times, step, output_step in zip(
            source.shape,
            self.multiples,
            steps_of(source.shape),
            steps_of(target.shape),
            strict=True,
        ):
            loops += [Loop(times, 0, size * output_step), Loop(size, step, output_step)]
        return loops

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """NumPy's tile, samples left alone."""
        del op, graph
        return np.tile(inputs[0], (1, *self.multiples))

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """coincell_strided_copy: at once, or along one dimension after the other in the output."""
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        loops = self._loops(op, graph)
        if fits(loops):
            return (strided_copy(source, target, loops),)
        origin = [0] * len(source.shape)
        calls = [copy_block(graph, (source.name, target.name), source.shape, origin, origin)]
        steps = steps_of(target.shape)
        for axis in reversed(range(len(source.shape))):
            block = source.shape[axis] * steps[axis]
            outer = [
                Loop(size, step, step)
                for size, step in zip(source.shape[:axis], steps[:axis], strict=True)
            ]
            loops = [*outer, Loop(self.multiples[axis] - 1, 0, block), Loop(block, 1, 1)]
            if self.multiples[axis] > 1:
                calls.append(strided_copy(target, target, loops, 0, block))
        return tuple(calls)


@dataclass(frozen=True)
class BroadcastTo(Attributes):
    """BROADCAST_TO and FILL: the input stretched to the output's shape, as NumPy broadcasts."""

    kind: ClassVar[str] = "broadcast_to"

    def check(self, op: Op, graph: Graph) -> None:
        """Dimensions are equal, 1, or missing in front."""
        common.require_count(op, 1, 1)
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        common.require_same_kind(op, graph, source.name, target.name)
        op.require(
            len(source.shape) <= len(target.shape)
            and all(
                size in (1, made)
                for size, made in zip(
                    extended(source.shape, len(target.shape)), target.shape, strict=True
                )
            ),
            f"cannot stretch {list(source.shape)} to {list(target.shape)}",
        )
        require_few_loops(op, self._loops(op, graph))

    def _loops(self, op: Op, graph: Graph) -> list[Loop]:
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        shape = extended(source.shape, len(target.shape))
        return [
            Loop(made, step if size > 1 else 0, output_step)
            for size, made, step, output_step in zip(
                shape, target.shape, steps_of(shape), steps_of(target.shape), strict=True
            )
        ]

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """NumPy's broadcast."""
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        values = inputs[0].reshape(-1, *extended(source.shape, len(target.shape)))
        return np.broadcast_to(values, (len(values), *target.shape))

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """coincell_strided_copy."""
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        return (strided_copy(source, target, self._loops(op, graph)),)
