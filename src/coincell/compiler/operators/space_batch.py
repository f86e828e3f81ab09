"""SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND: every n-th pixel as an image of its own, and back."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import ClassVar

import numpy as np

from coincell.compiler.ir import Attributes, Graph, KernelCall, Op, Values
from coincell.compiler.operators import common
from coincell.compiler.operators.strided import (
    Loop,
    fill,
    require_few_loops,
    steps_of,
    strided_copy,
)

_MOST_BLOCKS = 64

_Piece = tuple[list[tuple[int, int, int]], int, int]
"""Loops as (size, step in the batch, step in space), and the first element in each."""


@dataclass(frozen=True)
class _SpaceBatch(Attributes):
    """What both share. `batch` is [blocks * n, *sizes, ...] and `space` [n, *larger sizes, ...].

    Attributes:
        block: along each dimension after the first, how many images it is divided among.
        margin: (before, after) of each such dimension: of all images woven together, what lies
            outside `space`.
    """

    block: tuple[int, ...]
    margin: tuple[tuple[int, int], ...]

    def require_fit(self, op: Op, graph: Graph, batch: Sequence[int], space: Sequence[int]) -> None:
        """Fail unless the two shapes belong together."""
        common.require_count(op, 1, 1)
        common.require_same_kind(op, graph, op.inputs[0], op.output)
        count = len(self.block)
        op.require(
            1 <= count < len(space) == len(batch) and len(self.margin) == count,
            f"has {count} block sizes and {len(self.margin)} paddings for {list(space)}",
        )
        op.require(
            min(self.block) >= 1 and all(min(pair) >= 0 for pair in self.margin),
            "has a block size below 1 or a negative padding",
        )
        op.require(
            math.prod(self.block) <= _MOST_BLOCKS,
            f"divides an image into more than {_MOST_BLOCKS}, which is not supported",
        )
        woven = [
            size + sum(pair) for size, pair in zip(space[1 : count + 1], self.margin, strict=True)
        ]
        wanted = [
            size * block for size, block in zip(batch[1 : count + 1], self.block, strict=True)
        ]
        op.require(
            woven == wanted
            and batch[0] == space[0] * math.prod(self.block)
            and list(batch[count + 1 :]) == list(space[count + 1 :]),
            f"cannot turn {list(graph.tensor(op.inputs[0]).shape)} into "
            f"{list(graph.tensor(op.output).shape)} with blocks of {list(self.block)}",
        )
        for loops, _, _ in self.pieces(batch, space):
            require_few_loops(op, [Loop(*loop) for loop in loops])

    def woven(self, values: Values, batch: Sequence[int]) -> Values:
        """[samples, *batch] as [samples, *space with its margins]."""
        count = len(self.block)
        split = values.reshape(len(values), *self.block, -1, *batch[1:])
        order = [0, count + 1]  # samples; images; then size and block of each dimension in turn
        for axis in range(count):
            order += [count + 2 + axis, 1 + axis]
        order += range(2 * count + 2, split.ndim)
        sizes = [size * block for size, block in zip(batch[1 : count + 1], self.block, strict=True)]
        return split.transpose(order).reshape(len(values), -1, *sizes, *batch[count + 1 :])

    def pieces(self, batch: Sequence[int], space: Sequence[int]) -> Iterator[_Piece]:
        """Copies that move everything; with margins, one an image of the batch."""
        small, large = steps_of(batch), steps_of(space)
        count = len(self.block)
        inner = [(space[axis], small[axis], large[axis]) for axis in range(count + 1, len(space))]
        images = (space[0], small[0], large[0])
        places = [  # one step in the image is a block in space
            (size, step, wide * block)
            for size, step, wide, block in zip(
                batch[1 : count + 1],
                small[1 : count + 1],
                large[1 : count + 1],
                self.block,
                strict=True,
            )
        ]
        strides = [space[0] * small[0] * math.prod(self.block[i + 1 :]) for i in range(count)]
        if not any(before or after for before, after in self.margin):
            blocks = [
                (block, stride, large[axis + 1])
                for axis, (block, stride) in enumerate(zip(self.block, strides, strict=True))
            ]
            yield [*blocks, images, *places, *inner], 0, 0
            return
        for offsets in product(*(range(block) for block in self.block)):
            loops, in_batch, in_space = [images], 0, 0
            for axis, offset in enumerate(offsets):
                size, block = space[axis + 1], self.block[axis]
                shifted = offset - self.margin[axis][0]
                first = max(0, -(shifted // block))
                last = (size - 1 - shifted) // block
                loops.append((last + 1 - first, *places[axis][1:]))
                in_batch += offset * strides[axis] + first * small[axis + 1]
                in_space += (first * block + shifted) * large[axis + 1]
            if all(loop[0] >= 1 for loop in loops):
                yield [*loops, *inner], in_batch, in_space


@dataclass(frozen=True)
class SpaceToBatch(_SpaceBatch):
    """Each image becomes several of every n-th pixel; `value` stands in the margins.

    Attributes:
        value: in the output's integers.
    """

    kind: ClassVar[str] = "space_to_batch"

    value: int

    def check(self, op: Op, graph: Graph) -> None:
        """Sizes with their margins are multiples of the blocks."""
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        self.require_fit(op, graph, target.shape, source.shape)
        common.require_representable(op, target, self.value)

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """The margins added, every n-th pixel picked, block by block."""
        count, target = len(self.block), graph.tensor(op.output)
        rest = ((0, 0),) * (inputs[0].ndim - 2 - count)
        padded = np.pad(
            inputs[0], ((0, 0), (0, 0), *self.margin, *rest), constant_values=self.value
        )
        picked = []
        for offsets in product(*(range(block) for block in self.block)):
            chosen = zip(offsets, self.block, strict=True)
            picked.append(
                padded[(slice(None), slice(None), *(slice(o, None, b) for o, b in chosen))]
            )
        return np.concatenate(picked, axis=1).reshape(-1, *target.shape)

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """coincell_strided_copy: the value everywhere if there are margins, then the pixels."""
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        margins = any(before or after for before, after in self.margin)
        calls = [fill(target, self.value)] if margins else []
        for loops, to, from_ in self.pieces(target.shape, source.shape):
            swapped = [Loop(size, wide, small) for size, small, wide in loops]
            calls.append(strided_copy(source, target, swapped, from_, to))
        return tuple(calls)


@dataclass(frozen=True)
class BatchToSpace(_SpaceBatch):
    """The inverse: images are woven into one, whose margins are cut off."""

    kind: ClassVar[str] = "batch_to_space"

    def check(self, op: Op, graph: Graph) -> None:
        """The woven image less its margins is the output."""
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        self.require_fit(op, graph, source.shape, target.shape)

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """Woven, then cut."""
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        whole = self.woven(inputs[0], source.shape)
        sizes = zip(self.margin, target.shape[1:], strict=False)
        kept = (slice(before, before + size) for (before, _), size in sizes)
        return whole[(slice(None), slice(None), *kept)]

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """coincell_strided_copy."""
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        return tuple(
            strided_copy(source, target, [Loop(*loop) for loop in loops], from_, to)
            for loops, from_, to in self.pieces(source.shape, target.shape)
        )
