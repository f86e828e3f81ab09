"""Other orders of the same elements: TRANSPOSE, SPACE_TO_DEPTH and DEPTH_TO_SPACE."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from coincell.compiler.ir import Attributes, Graph, KernelCall, Op, Values
from coincell.compiler.operators import common
from coincell.compiler.operators.strided import Loop, require_few_loops, steps_of, strided_copy


@dataclass(frozen=True)
class Transpose(Attributes):
    """The dimensions in another order.

    Attributes:
        order: the input's dimension that becomes each of the output's.
    """

    kind: ClassVar[str] = "transpose"

    order: tuple[int, ...]

    def check(self, op: Op, graph: Graph) -> None:
        """The order names every dimension once."""
        common.require_count(op, 1, 1)
        source = graph.tensor(op.inputs[0])
        common.require_same_kind(op, graph, source.name, op.output)
        op.require(
            sorted(self.order) == list(range(len(source.shape))),
            f"orders the dimensions of {list(source.shape)} as {list(self.order)}",
        )
        common.require_shape(op, graph, [source.shape[axis] for axis in self.order])
        require_few_loops(op, self._loops(op, graph))

    def _loops(self, op: Op, graph: Graph) -> list[Loop]:
        steps = steps_of(graph.tensor(op.inputs[0]).shape)
        shape = graph.tensor(op.output).shape
        return [
            Loop(size, steps[axis], step)
            for size, axis, step in zip(shape, self.order, steps_of(shape), strict=True)
        ]

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """NumPy's transposition, samples first."""
        del op, graph
        return np.transpose(inputs[0], (0, *(axis + 1 for axis in self.order)))

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """coincell_strided_copy."""
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        return (strided_copy(source, target, self._loops(op, graph)),)


@dataclass(frozen=True)
class SpaceDepth(Attributes):
    """What SPACE_TO_DEPTH and DEPTH_TO_SPACE share.

    Attributes:
        block: height and width of the squares that become channels, or the other way round.
    """

    block: int

    def require_images(self, op: Op, graph: Graph, deep: str, wide: str) -> None:
        """Fail unless `wide` [b, h * block, w * block, c] fits `deep` [b, h, w, block**2 * c]."""
        common.require_count(op, 1, 1)
        common.require_same_kind(op, graph, deep, wide)
        small, large = graph.tensor(deep).shape, graph.tensor(wide).shape
        op.require(
            len(small) == len(large) == 4 and self.block >= 1,
            f"needs images and a positive block, not {list(small)}, {list(large)}, {self.block}",
        )
        batch, height, width, channels = large
        wanted = [small[0], small[1] * self.block, small[2] * self.block]
        op.require(
            [batch, height, width] == wanted and small[3] == self.block**2 * channels,
            f"cannot turn {list(graph.tensor(op.inputs[0]).shape)} into "
            f"{list(graph.tensor(op.output).shape)} with blocks of {self.block}",
        )

    def loops(self, deep: Sequence[int], wide: Sequence[int]) -> list[tuple[int, int, int]]:
        """(size, step in deep, step in wide) of batch, row, row in block, column, rest of a row."""
        batch, height, width, depth = deep
        small, large = steps_of(deep), steps_of(wide)
        inner = depth // self.block
        return [
            (batch, small[0], large[0]),
            (height, small[1], large[1] * self.block),
            (self.block, inner, large[1]),
            (width, small[2], inner),
            (inner, 1, 1),
        ]


@dataclass(frozen=True)
class SpaceToDepth(SpaceDepth):
    """Squares of pixels become one pixel with the channels of all, row by row."""

    kind: ClassVar[str] = "space_to_depth"

    def check(self, op: Op, graph: Graph) -> None:
        """The output is as much deeper as it is smaller."""
        self.require_images(op, graph, deep=op.output, wide=op.inputs[0])

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """Rows and columns of a square move behind its place."""
        batch, height, width, depth = graph.tensor(op.output).shape
        split = (-1, batch, height, self.block, width, self.block, depth // self.block**2)
        squares = inputs[0].reshape(split).transpose(0, 1, 2, 4, 3, 5, 6)
        return squares.reshape(-1, batch, height, width, depth)

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """coincell_strided_copy."""
        wide, deep = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        loops = [Loop(n, from_, to) for n, to, from_ in self.loops(deep.shape, wide.shape)]
        return (strided_copy(wide, deep, loops),)


@dataclass(frozen=True)
class DepthToSpace(SpaceDepth):
    """The inverse of SPACE_TO_DEPTH."""

    kind: ClassVar[str] = "depth_to_space"

    def check(self, op: Op, graph: Graph) -> None:
        """The output is as much larger as it is flatter."""
        self.require_images(op, graph, deep=op.inputs[0], wide=op.output)

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """Channels spread over rows and columns of a square."""
        batch, height, width, depth = graph.tensor(op.inputs[0]).shape
        split = (-1, batch, height, width, self.block, self.block, depth // self.block**2)
        squares = inputs[0].reshape(split).transpose(0, 1, 2, 4, 3, 5, 6)
        return squares.reshape(-1, *graph.tensor(op.output).shape)

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """coincell_strided_copy."""
        deep, wide = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        loops = [Loop(n, from_, to) for n, from_, to in self.loops(deep.shape, wide.shape)]
        return (strided_copy(deep, wide, loops),)
