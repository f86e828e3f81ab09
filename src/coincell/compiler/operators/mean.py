"""MEAN over neighbouring dimensions, such as global average pooling."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from coincell.compiler.fixed_point import quantize_multiplier
from coincell.compiler.ir import Attributes, Graph, KernelCall, Op, Values
from coincell.compiler.operators import common


@dataclass(frozen=True)
class Mean(Attributes):
    """The mean over some dimensions, which the output leaves out or keeps as 1.

    Attributes:
        axes: increasing, one after the other without a gap, none negative.
    """

    kind: ClassVar[str] = "mean"

    axes: tuple[int, ...]

    def check(self, op: Op, graph: Graph) -> None:
        """The axes are neighbours, and the output has the shape that is left."""
        common.require_count(op, 1, 1)
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        common.require_activations(op, graph, source.name, target.name)
        op.require(
            len(self.axes) > 0 and self.axes[0] >= 0 and self.axes[-1] < len(source.shape),
            f"has the axes {list(self.axes)} for the shape {list(source.shape)}",
        )
        op.require(
            self.axes == tuple(range(self.axes[0], self.axes[-1] + 1)),
            f"takes the mean over the axes {list(self.axes)}; only neighbours are supported",
        )
        kept = [1 if i in self.axes else size for i, size in enumerate(source.shape)]
        left = [size for i, size in enumerate(source.shape) if i not in self.axes]
        op.require(
            list(target.shape) in (kept, left),
            f"gives {left} or {kept}, but the output is declared {list(target.shape)}",
        )
        _, count, _ = self._sizes(op, graph)
        op.require(count < 1 << 22, f"takes the mean of {count} values; sums have 32 bits")
        self._multiplier(op, graph)

    def _sizes(self, op: Op, graph: Graph) -> tuple[int, int, int]:
        """The input's shape as [outer, count, inner]; the mean is over count."""
        shape = graph.tensor(op.inputs[0]).shape
        first, last = self.axes[0], self.axes[-1]
        return (
            math.prod(shape[:first]),
            math.prod(shape[first : last + 1]),
            math.prod(shape[last + 1 :]),
        )

    def _multiplier(self, op: Op, graph: Graph) -> tuple[int, int]:
        """The scales' ratio over the count, in integers, as TFLM's QuantizedMeanOrSum."""
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        multiplier, shift = quantize_multiplier(source.scale / target.scale)
        op.require(shift <= common.MAX_SHIFT, f"rescales by 2**{shift}; scales are off")
        count = self._sizes(op, graph)[1]
        raised = min(count.bit_length() - 1, 32, 31 + shift)
        return (multiplier << raised) // count, shift - raised

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """Sums less the zero points, rescaled by the ratio that has 1 / count in it."""
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        outer, count, inner = self._sizes(op, graph)
        values = inputs[0].reshape(-1, outer, count, inner).astype(np.int64)
        sums = values.sum(axis=2) - source.zero_point * count
        multiplier, shift = self._multiplier(op, graph)
        result = common.rescale(sums, multiplier, shift, target.zero_point, common.FULL_RANGE)
        return result.reshape(-1, *target.shape)

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """coincell_mean."""
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        outer, count, inner = self._sizes(op, graph)
        multiplier, shift = self._multiplier(op, graph)
        parameters = {
            "outer": outer,
            "count": count,
            "inner": inner,
            "multiplier": multiplier,
            "shift": shift,
            "input_zero_point": source.zero_point,
            "output_zero_point": target.zero_point,
        }
        return (KernelCall("mean", parameters, (source.name, target.name)),)
