"""TRANSPOSE_CONV: each pixel spreads a filter over the output."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from coincell.compiler.ir import Attributes, DType, Graph, KernelCall, Op, Values
from coincell.compiler.operators import common, sums


@dataclass(frozen=True)
class TransposeConv(Attributes):
    """Inputs: image, filter [outputs, height, width, image channels], optional bias [outputs].

    Pixel (y, x) adds the filter times its channels to the output, tap (0, 0) at
    (y * stride down - padding above, x * stride right - padding left). What falls outside is lost.

    Attributes:
        stride: down and right.
        padding: above and on the left.
        clamp: smallest and largest output, in integers.
    """

    kind: ClassVar[str] = "transpose_conv"

    stride: tuple[int, int]
    padding: tuple[int, int]
    clamp: tuple[int, int]

    def check(self, op: Op, graph: Graph) -> None:
        """Ranks, depths and quantization fit together; the output may have any size."""
        common.require_count(op, 2, 3)
        source, weights = graph.tensor(op.inputs[0]), graph.tensor(op.inputs[1])
        target = graph.tensor(op.output)
        common.require_activations(op, graph, source.name, target.name, types=common.ACTIVATIONS)
        op.require(
            len(source.shape) == len(weights.shape) == len(target.shape) == 4
            and source.shape[3] == weights.shape[3]
            and target.shape[3] == weights.shape[0]
            and source.shape[0] == target.shape[0],
            f"spreads {list(source.shape)} with a filter {list(weights.shape)} over "
            f"{list(target.shape)}",
        )
        reach = 1 << 24  # strides and paddings beyond any image would overflow the kernel's sums
        op.require(
            min(self.stride) >= 1
            and min(self.padding) >= 0
            and max(*self.padding, *self.stride) < reach,
            f"has the stride {list(self.stride)} and the padding {list(self.padding)}",
        )
        common.require_clamp(op, self.clamp, source.dtype)
        common.require_filter(op, graph, weights.shape[0], axis=0)
        _, shifts = common.channel_multipliers(op, graph, weights.shape[0])
        if source.dtype is DType.INT16:
            op.require(sums.are_wide(op, graph), "needs an int64 bias for int16 activations")
            sums.check_wide(op, graph, math.prod(weights.shape[1:]), shifts)

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """Sums in float64, which is exact below 2**53, tap by tap onto a canvas, then cut out."""
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        weights = graph.tensor(op.inputs[1]).array.astype(np.float64)
        outputs, height, width, _ = weights.shape
        image = common.joined(inputs[0], source.shape).astype(np.float64) - source.zero_point
        canvas = np.zeros((len(image), target.shape[1], target.shape[2], outputs))
        for row in range(height):
            down = _landing(source.shape[1], target.shape[1], row - self.padding[0], self.stride[0])
            for column in range(width):
                right = _landing(
                    source.shape[2], target.shape[2], column - self.padding[1], self.stride[1]
                )
                seen = image[:, down[0], right[0]]
                canvas[:, down[1], right[1]] += seen @ weights[:, row, column].T
        scaling, wide = common.channel_multipliers(op, graph, outputs), sums.are_wide(op, graph)
        total = canvas.astype(np.int64)
        result = sums.activations_of(op, graph, total, scaling, self.clamp, wide)
        return result.reshape(-1, *target.shape)

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """coincell_transpose_conv or coincell_transpose_conv_int16."""
        source, weights = graph.tensor(op.inputs[0]), graph.tensor(op.inputs[1])
        target = graph.tensor(op.output)
        scaling = common.channel_multipliers(op, graph, target.shape[3])
        wide = sums.are_wide(op, graph)
        zeros = {
            "input_zero_point": source.zero_point,
            "output_zero_point": target.zero_point,
        }
        sizes = {
            "batches": source.shape[0],
            "input_height": source.shape[1],
            "input_width": source.shape[2],
            "input_channels": source.shape[3],
            "output_height": target.shape[1],
            "output_width": target.shape[2],
            "output_channels": target.shape[3],
            "filter_height": weights.shape[1],
            "filter_width": weights.shape[2],
            "stride_height": self.stride[0],
            "stride_width": self.stride[1],
            "padding_top": self.padding[0],
            "padding_left": self.padding[1],
        }
        parameters = {
            **{f"sizes.{name}": size for name, size in sizes.items()},
            **({} if wide else zeros),
            "clamp_min": self.clamp[0],
            "clamp_max": self.clamp[1],
        }
        arguments = sums.kernel_arguments(op, graph, scaling, wide)
        return (KernelCall(f"{self.kind}{'_int16' if wide else ''}", parameters, arguments),)

    def macs(self, op: Op, graph: Graph) -> int:
        """Pixels times the filter; what falls outside counts too."""
        batches, height, width, _ = graph.tensor(op.inputs[0]).shape
        return batches * height * width * math.prod(graph.tensor(op.inputs[1]).shape)


def _landing(size: int, made: int, shift: int, stride: int) -> tuple[slice, slice]:
    """Which of `size` pixels land within `made` at n * stride + shift, and where."""
    first = max(0, -(shift // stride))
    last = min(size - 1, (made - 1 - shift) // stride)
    if last < first:
        return slice(0, 0), slice(0, 0)
    start = first * stride + shift
    return (
        slice(first, last + 1),
        slice(start, start + (last - first) * stride + 1, stride),
    )
