"""AVERAGE_POOL_2D and MAX_POOL_2D: the mean or the largest value of a window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from coincell.compiler.ir import Attributes, DType, Graph, KernelCall, Op, Values
from coincell.compiler.operators import common


@dataclass(frozen=True)
class Pool2D(Attributes):
    """Input: image [batch, height, width, channels]; only what lies inside it is counted.

    Attributes:
        window: height and width.
        stride: steps down and right.
        padding: top, bottom, left, right.
        clamp: smallest and largest output, in integers.
    """

    window: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int, int, int]
    clamp: tuple[int, int]

    def check(self, op: Op, graph: Graph) -> None:
        """Sizes fit, input and output share a quantization, no window lies in the padding."""
        common.require_count(op, 1, 1)
        source = graph.tensor(op.inputs[0])
        common.require_activations(op, graph, source.name, op.output, types=common.ACTIVATIONS)
        common.require_same_quantization(op, graph, source.name, op.output)
        op.require(len(source.shape) == 4, f"needs an image, not the shape {list(source.shape)}")
        op.require(min(*self.stride, *self.window) >= 1, "needs positive strides and windows")
        common.require_clamp(op, self.clamp, source.dtype)
        rows, columns = common.window_sizes(
            (source.shape[1], source.shape[2]), self.window, self.stride, self.padding
        )
        common.require_shape(op, graph, (source.shape[0], rows, columns, source.shape[3]))
        op.require(
            max(self.padding[:2]) < self.window[0] and max(self.padding[2:]) < self.window[1],
            "has windows that lie wholly in the padding",
        )

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """coincell_average_pool_2d or coincell_max_pool_2d, "_int16" added for such values."""
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        parameters = {
            "batches": source.shape[0],
            "input_height": source.shape[1],
            "input_width": source.shape[2],
            "channels": source.shape[3],
            "output_height": target.shape[1],
            "output_width": target.shape[2],
            "window_height": self.window[0],
            "window_width": self.window[1],
            "stride_height": self.stride[0],
            "stride_width": self.stride[1],
            "padding_top": self.padding[0],
            "padding_left": self.padding[2],
            "clamp_min": self.clamp[0],
            "clamp_max": self.clamp[1],
        }
        kernel = f"{self.kind}{'_int16' if source.dtype is DType.INT16 else ''}"
        return (KernelCall(kernel, parameters, (source.name, target.name)),)

    def _seen(self, op: Op, graph: Graph, values: Values, fill: int) -> list[Values]:
        """What each tap sees, [n, output height, output width, channels] in int64."""
        shape, target = graph.tensor(op.inputs[0]).shape, graph.tensor(op.output).shape
        image = common.joined(values, shape).astype(np.int64)
        padded = common.pad_image(image, self.padding, fill)
        sizes = (target[1], target[2])
        return [seen for _, _, seen in common.taps(padded, self.window, self.stride, (1, 1), sizes)]


@dataclass(frozen=True)
class AveragePool2D(Pool2D):
    """The mean, rounded to nearest with ties away from zero."""

    kind: ClassVar[str] = "average_pool_2d"

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """As TFLM's reference_integer_ops::AveragePool."""
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        sums = np.sum(self._seen(op, graph, inputs[0], 0), axis=0)
        ones = np.ones((1, *source.shape), np.int8)
        counts = np.sum(self._seen(op, graph, ones, 0), axis=0)[:1]
        means = np.where(sums > 0, 1, -1) * ((np.abs(sums) + counts // 2) // counts)
        result: Values = np.clip(means, *self.clamp).astype(target.dtype.numpy)
        return result.reshape(-1, *target.shape)


@dataclass(frozen=True)
class MaxPool2D(Pool2D):
    """The largest value."""

    kind: ClassVar[str] = "max_pool_2d"

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """As TFLM's reference_integer_ops::MaxPool."""
        target = graph.tensor(op.output)
        smallest, _ = common.RANGES[target.dtype]
        largest = np.max(self._seen(op, graph, inputs[0], smallest), axis=0)
        result: Values = np.clip(largest, *self.clamp).astype(target.dtype.numpy)
        return result.reshape(-1, *target.shape)
