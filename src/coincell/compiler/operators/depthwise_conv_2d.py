"""DEPTHWISE_CONV_2D: a filter of its own for each channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from coincell.compiler.ir import DType, Graph, KernelCall, Op, Values
from coincell.compiler.operators import common, sums
from coincell.compiler.operators.convolution import Convolution

_MOST_INT16_COLUMNS = 256  # so that a row of products fits 32 bits


@dataclass(frozen=True)
class DepthwiseConv2D(Convolution):
    """Inputs: image, filter [1, height, width, outputs], optional bias [outputs].

    Outputs c * m ... c * m + m - 1 read input channel c, with m = outputs / channels.
    """

    kind: ClassVar[str] = "depthwise_conv_2d"

    def check(self, op: Op, graph: Graph) -> None:
        """Ranks, channels, sizes and quantization fit together."""
        self.require_images(op, graph)
        source = graph.tensor(op.inputs[0])
        channels = source.shape[3]
        first, _, _, outputs = graph.tensor(op.inputs[1]).shape
        op.require(first == 1, f"has a filter whose first dimension is {first}, not 1")
        op.require(outputs % channels == 0, f"has {outputs} outputs for {channels} input channels")
        self.check_sliding(op, graph, outputs, axis=3)
        op.require(
            source.dtype is DType.INT8 or sums.are_wide(op, graph),
            "needs an int64 bias for int16 activations",
        )
        width = graph.tensor(op.inputs[1]).shape[2]
        op.require(
            source.dtype is DType.INT8 or width <= _MOST_INT16_COLUMNS,
            f"has a filter {width} wide; for int16 at most {_MOST_INT16_COLUMNS} are supported",
        )

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """Sums over taps, channel by channel."""
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        weights = graph.tensor(op.inputs[1]).array[0].astype(np.int64)
        height, width, outputs = weights.shape
        image = common.joined(inputs[0], source.shape).astype(np.int64) - source.zero_point
        padded = common.pad_image(image, self.padding, 0)
        spread = np.repeat(padded, outputs // source.shape[3], axis=3)
        products = np.zeros((image.shape[0], *target.shape[1:]), np.int64)
        for row, column, seen in common.taps(
            spread, (height, width), self.stride, self.dilation, (target.shape[1], target.shape[2])
        ):
            products += seen * weights[row, column]
        return self.finish(op, graph, products)

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """coincell_depthwise_conv_2d or coincell_depthwise_conv_2d_int16."""
        channels = graph.tensor(op.inputs[0]).shape[3]
        outputs = graph.tensor(op.inputs[1]).shape[3]
        return self.sliding_call(op, graph, {"depth_multiplier": outputs // channels})

    def macs(self, op: Op, graph: Graph) -> int:
        """Outputs times taps; taps in the padding count, as is customary."""
        _, height, width, _ = graph.tensor(op.inputs[1]).shape
        return graph.tensor(op.output).elements * height * width
