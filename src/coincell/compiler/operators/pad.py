"""PAD and PADV2: a constant around a tensor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from coincell.compiler.ir import Attributes, Graph, KernelCall, Op, Tensor, Values
from coincell.compiler.operators import common
from coincell.compiler.operators.strided import (
    Loop,
    copy_block,
    fill,
    require_few_loops,
    steps_of,
)

_KERNEL_RANK = 4

_Side = tuple[int, int, int]
"""Before, size, after along one dimension, in bytes of what is within it."""


@dataclass(frozen=True)
class Pad(Attributes):
    """The input with `value` before and after it.

    Attributes:
        padding: (before, after) of each dimension.
        value: in the output's integers, or the number itself for floats.
    """

    kind: ClassVar[str] = "pad"

    padding: tuple[tuple[int, int], ...]
    value: float

    def check(self, op: Op, graph: Graph) -> None:
        """One quantization, and the output is the input and its border."""
        common.require_count(op, 1, 1)
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        common.require_same_kind(op, graph, source.name, target.name)
        op.require(
            len(self.padding) == len(source.shape),
            f"has {len(self.padding)} paddings for the shape {list(source.shape)}",
        )
        op.require(
            all(before >= 0 and after >= 0 for before, after in self.padding),
            "has a negative padding",
        )
        common.require_representable(op, target, self.value)
        common.require_shape(
            op,
            graph,
            [b + size + a for size, (b, a) in zip(source.shape, self.padding, strict=True)],
        )
        steps = zip(source.shape, steps_of(source.shape), steps_of(target.shape), strict=True)
        require_few_loops(op, [Loop(*step) for step in steps])

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """The value everywhere, the input in the middle."""
        del op, graph
        return np.pad(inputs[0], ((0, 0), *self.padding), constant_values=self.value)

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """coincell_pad where it can; else the value everywhere and then a copy of the input."""
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        pattern = set(np.array([self.value], target.dtype.numpy).tobytes())
        sides = self._sides(source)
        if len(sides) > _KERNEL_RANK or len(pattern) > 1:
            corner = [before for before, _ in self.padding]
            origin = [0] * len(corner)
            copy = copy_block(graph, (source.name, target.name), source.shape, origin, corner)
            return (fill(target, self.value), copy)
        sides = [(0, 1, 0)] * (_KERNEL_RANK - len(sides)) + sides
        parameters = {f"size_{i}": size for i, (_, size, _) in enumerate(sides)}
        parameters |= {f"before_{i}": before for i, (before, _, _) in enumerate(sides)}
        parameters |= {f"after_{i}": after for i, (_, _, after) in enumerate(sides)}
        parameters["value"] = pattern.pop()
        return (KernelCall("pad", parameters, (source.name, op.output)),)

    def _sides(self, source: Tensor) -> list[_Side]:
        """The dimensions, outermost first, each without padding made one with the one before it."""
        sides: list[_Side] = []
        for size, (before, after) in zip(source.shape, self.padding, strict=True):
            if sides and before == after == 0:
                sides[-1] = (sides[-1][0] * size, sides[-1][1] * size, sides[-1][2] * size)
            else:
                sides.append((before, size, after))
        width = source.dtype.size
        before, size, after = sides.pop() if sides else (0, 1, 0)
        return [*sides, (before * width, size * width, after * width)]
