"""CONV_2D: dense and grouped convolution, per channel or per tensor."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from coincell.compiler.ir import Graph, KernelCall, Op, Values
from coincell.compiler.operators import common
from coincell.compiler.operators.convolution import Convolution


@dataclass(frozen=True)
class Conv2D(Convolution):
    """Inputs: image, filter [outputs, height, width, channels of a group], optional bias [outputs].

    With g groups, the filter's depth is the g-th part of the image's channels, and each g-th part
    of the outputs reads its own part of the channels.
    """

    kind: ClassVar[str] = "conv_2d"

    def check(self, op: Op, graph: Graph) -> None:
        """Ranks, depths, sizes and quantization fit together."""
        self.require_images(op, graph)
        channels = graph.tensor(op.inputs[0]).shape[3]
        outputs, _, _, depth = graph.tensor(op.inputs[1]).shape
        op.require(
            channels % depth == 0 and outputs % (channels // depth) == 0,
            f"has a filter of depth {depth} and {outputs} outputs for {channels} input channels",
        )
        self.check_sliding(op, graph, outputs, axis=0)

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """Sums in float64, which is exact below 2**53."""
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        weights = graph.tensor(op.inputs[1]).array.astype(np.float64)
        outputs, height, width, depth = weights.shape
        groups = source.shape[3] // depth
        per_group = outputs // groups
        image = common.joined(inputs[0], source.shape).astype(np.float64) - source.zero_point
        padded = common.pad_image(image, self.padding, 0)
        sums = np.zeros((image.shape[0], *target.shape[1:]))
        for row, column, seen in common.taps(
            padded, (height, width), self.stride, self.dilation, (target.shape[1], target.shape[2])
        ):
            for group in range(groups):
                made = slice(group * per_group, (group + 1) * per_group)
                read = slice(group * depth, (group + 1) * depth)
                sums[..., made] += seen[..., read] @ weights[made, row, column].T
        return self.finish(op, graph, sums.astype(np.int64))

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """coincell_conv_2d or coincell_conv_2d_int16."""
        outputs, _, _, depth = graph.tensor(op.inputs[1]).shape
        return self.sliding_call(op, graph, {"filter_channels": depth, "output_channels": outputs})

    def macs(self, op: Op, graph: Graph) -> int:
        """Outputs times taps; taps in the padding count, as is customary."""
        weights = graph.tensor(op.inputs[1])
        return graph.tensor(op.output).elements * math.prod(weights.shape[1:])
