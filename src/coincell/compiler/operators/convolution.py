"""What CONV_2D and DEPTHWISE_CONV_2D have in common: a filter that slides over an image."""

from __future__ import annotations

import math
from dataclasses import dataclass

from coincell.compiler.fixed_point import Integers
from coincell.compiler.ir import Attributes, DType, Graph, KernelCall, Op, Values
from coincell.compiler.operators import common, sums


@dataclass(frozen=True)
class Convolution(Attributes):
    """A filter at every position of an image [batch, height, width, channels], int8 or int16.

    Attributes:
        stride: steps down and right.
        dilation: distance of two taps, down and right.
        padding: top, bottom, left, right; what lies in it counts as real zero.
        clamp: smallest and largest output, in integers.
    """

    stride: tuple[int, int]
    dilation: tuple[int, int]
    padding: tuple[int, int, int, int]
    clamp: tuple[int, int]

    def check_sliding(self, op: Op, graph: Graph, outputs: int, axis: int) -> None:
        """Raise unless sizes and quantization fit; dimension `axis` of the filter is `outputs`."""
        source, weights = graph.tensor(op.inputs[0]), graph.tensor(op.inputs[1])
        op.require(min(*self.stride, *self.dilation) >= 1, "needs positive strides and dilations")
        op.require(min(self.padding) >= 0, "needs paddings that are not negative")
        common.require_padded_size(op, source.shape, self.padding)
        common.require_clamp(op, self.clamp, source.dtype)
        common.require_filter(op, graph, outputs, axis)
        rows, columns = common.window_sizes(
            (source.shape[1], source.shape[2]),
            (weights.shape[1], weights.shape[2]),
            self.stride,
            self.padding,
            self.dilation,
        )
        common.require_shape(op, graph, (source.shape[0], rows, columns, outputs))
        _, shifts = common.channel_multipliers(op, graph, outputs)
        if sums.are_wide(op, graph):
            sums.check_wide(op, graph, math.prod(weights.shape) // outputs, shifts)

    def require_images(self, op: Op, graph: Graph) -> None:
        """Raise unless there is an image, a filter of four dimensions, and maybe a bias."""
        common.require_count(op, 2, 3)
        source, weights = graph.tensor(op.inputs[0]), graph.tensor(op.inputs[1])
        common.require_activations(op, graph, source.name, op.output, types=common.ACTIVATIONS)
        op.require(len(source.shape) == 4, f"needs an image, not the shape {list(source.shape)}")
        op.require(len(weights.shape) == 4, f"has a filter of shape {list(weights.shape)}")

    def finish(self, op: Op, graph: Graph, products: Integers) -> Values:
        """Outputs of exact sums of products [n * batch, height, width, outputs]."""
        target = graph.tensor(op.output)
        scaling = common.channel_multipliers(op, graph, target.shape[3])
        wide = sums.are_wide(op, graph)
        result = sums.activations_of(op, graph, products, scaling, self.clamp, wide)
        return result.reshape(-1, *target.shape)

    def sliding_call(self, op: Op, graph: Graph, own: dict[str, int]) -> tuple[KernelCall, ...]:
        """The call of the kernel named as the kind, "_int16" added for such activations.

        Args:
            own: the parameters that the other convolution does not have.
        """
        source, weights = graph.tensor(op.inputs[0]), graph.tensor(op.inputs[1])
        target = graph.tensor(op.output)
        scaling = common.channel_multipliers(op, graph, target.shape[3])
        wide = sums.are_wide(op, graph)
        int16 = source.dtype is DType.INT16
        zeros = {
            "input_zero_point": source.zero_point,
            "output_zero_point": target.zero_point,
        }
        parameters = {
            "batches": source.shape[0],
            "input_height": source.shape[1],
            "input_width": source.shape[2],
            "input_channels": source.shape[3],
            "output_height": target.shape[1],
            "output_width": target.shape[2],
            "filter_height": weights.shape[1],
            "filter_width": weights.shape[2],
            **own,
            "stride_height": self.stride[0],
            "stride_width": self.stride[1],
            "dilation_height": self.dilation[0],
            "dilation_width": self.dilation[1],
            "padding_top": self.padding[0],
            "padding_left": self.padding[2],
            **({"wide": int(wide)} if int16 else zeros),
            "clamp_min": self.clamp[0],
            "clamp_max": self.clamp[1],
        }
        arguments = sums.kernel_arguments(op, graph, scaling, wide)
        return (KernelCall(f"{self.kind}{'_int16' if int16 else ''}", parameters, arguments),)
