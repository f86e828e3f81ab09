"""DEPTHWISE_CONV_2D: a filter of its own for each channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from coincell.compiler.fixed_point import wrap_int32
from coincell.compiler.ir import Attributes, Graph, KernelCall, Op, Values
from coincell.compiler.operators import common


@dataclass(frozen=True)
class DepthwiseConv2D(Attributes):
    """Inputs: image [batch, height, width, channels], filter [1, height, width, outputs], optional
    bias [outputs]. Outputs c * m ... c * m + m - 1 read input channel c, m = outputs / channels.

    Attributes:
        stride: steps down and right.
        dilation: distance of two taps, down and right.
        padding: top, bottom, left, right; it counts as real zero.
        clamp: smallest and largest output, in integers.
    """

    kind: ClassVar[str] = "depthwise_conv_2d"

    stride: tuple[int, int]
    dilation: tuple[int, int]
    padding: tuple[int, int, int, int]
    clamp: tuple[int, int]

    def check(self, op: Op, graph: Graph) -> None:
        """Ranks, channels, sizes and quantization fit together."""
        common.require_count(op, 2, 3)
        source, weights = graph.tensor(op.inputs[0]), graph.tensor(op.inputs[1])
        common.require_activations(op, graph, source.name, op.output)
        op.require(len(source.shape) == 4, f"needs an image, not the shape {list(source.shape)}")
        op.require(
            len(weights.shape) == 4 and weights.shape[0] == 1,
            f"has a filter of shape {list(weights.shape)}",
        )
        _, height, width, outputs = weights.shape
        op.require(
            outputs % source.shape[3] == 0,
            f"has {outputs} outputs for {source.shape[3]} input channels",
        )
        op.require(min(*self.stride, *self.dilation) >= 1, "needs positive strides and dilations")
        op.require(min(self.padding) >= 0, "needs paddings that are not negative")
        common.require_clamp(op, self.clamp)
        common.require_filter(op, graph, outputs, axis=3)
        rows, columns = common.window_sizes(
            (source.shape[1], source.shape[2]),
            (height, width),
            self.stride,
            self.padding,
            self.dilation,
        )
        common.require_shape(op, graph, (source.shape[0], rows, columns, outputs))
        common.channel_multipliers(op, graph, outputs)

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """Sums over taps, wrapped to int32, then rescaled."""
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        weights = graph.tensor(op.inputs[1]).array[0].astype(np.int64)
        height, width, outputs = weights.shape
        image = common.joined(inputs[0], source.shape).astype(np.int64) - source.zero_point
        padded = common.pad_image(image, self.padding, 0)
        spread = np.repeat(padded, outputs // source.shape[3], axis=3)
        sizes = (target.shape[1], target.shape[2])
        sums = np.zeros((image.shape[0], *target.shape[1:]), np.int64)
        for row, column, seen in common.taps(
            spread, (height, width), self.stride, self.dilation, sizes
        ):
            sums += seen * weights[row, column]
        if len(inputs) > 2:
            sums += inputs[2].reshape(-1)
        multipliers, shifts = common.channel_multipliers(op, graph, outputs)
        result = common.rescale(
            wrap_int32(sums), multipliers, shifts, target.zero_point, self.clamp
        )
        return result.reshape(-1, *target.shape)

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """coincell_depthwise_conv_2d."""
        source, weights = graph.tensor(op.inputs[0]), graph.tensor(op.inputs[1])
        target = graph.tensor(op.output)
        outputs = weights.shape[3]
        multipliers, shifts = common.channel_multipliers(op, graph, outputs)
        parameters = {
            "batches": source.shape[0],
            "input_height": source.shape[1],
            "input_width": source.shape[2],
            "input_channels": source.shape[3],
            "output_height": target.shape[1],
            "output_width": target.shape[2],
            "depth_multiplier": outputs // source.shape[3],
            "filter_height": weights.shape[1],
            "filter_width": weights.shape[2],
            "stride_height": self.stride[0],
            "stride_width": self.stride[1],
            "dilation_height": self.dilation[0],
            "dilation_width": self.dilation[1],
            "padding_top": self.padding[0],
            "padding_left": self.padding[2],
            "input_zero_point": source.zero_point,
            "output_zero_point": target.zero_point,
            "clamp_min": self.clamp[0],
            "clamp_max": self.clamp[1],
        }
        call = KernelCall(
            "depthwise_conv_2d",
            parameters,
            (
                source.name,
                ("filter", weights.array),
                ("bias", graph.tensor(op.inputs[2]).array) if len(op.inputs) > 2 else None,
                ("multiplier", multipliers),
                ("shift", shifts),
                target.name,
            ),
        )
        return (call,)

    def macs(self, op: Op, graph: Graph) -> int:
        """Outputs times taps; taps in the padding count, as is customary."""
        _, height, width, _ = graph.tensor(op.inputs[1]).shape
        return graph.tensor(op.output).elements * height * width
