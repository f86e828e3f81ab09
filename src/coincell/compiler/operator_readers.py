"""How each .tflite operator becomes an op of the IR: one small function an operator.

A reader gets what the file says and returns the attributes and the operands that stay operands.
Option slots and defaults are those of tensorflow/lite/schema/schema.fbs; paddings and activation
ranges are computed as TFLM does (kernels/padding.h, kernels/kernel_util.cc).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from coincell.compiler import schema
from coincell.compiler.ir import Attributes, DType, Tensor
from coincell.compiler.operators import (
    Add,
    AveragePool2D,
    Concatenation,
    Conv2D,
    DepthwiseConv2D,
    FullyConnected,
    Logistic,
    MaxPool2D,
    Mean,
    Pack,
    Pad,
    Requantize,
    Reshape,
    Shape,
    Softmax,
    StridedSlice,
    Tanh,
)
from coincell.compiler.operators.common import FULL_RANGE, INT8_MAX, INT8_MIN
from coincell.errors import ModelError


@dataclass(frozen=True)
class Source:
    """One operator of the file with its tensors; operands left out at the end are not there."""

    record: schema.OperatorRecord
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]

    def require(self, condition: bool, problem: str) -> None:
        """Raise a ModelError that names the operator unless `condition` holds."""
        if not condition:
            made = ", ".join(tensor.source_name for tensor in self.outputs)
            raise ModelError(f"{self.record.place}, which makes {made!r}, {problem}.")

    def require_counts(self, fewest: int, most: int) -> None:
        """Raise unless there are so many inputs and one output."""
        self.require(
            fewest <= len(self.inputs) <= most and len(self.outputs) == 1,
            f"has {len(self.inputs)} inputs and {len(self.outputs)} outputs",
        )

    def image_sizes(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """(height, width) of the first input and of the output."""
        source, target = self.inputs[0], self.outputs[0]
        self.require(
            len(source.shape) == 4 and len(target.shape) == 4,
            f"needs images, not the shapes {list(source.shape)} and {list(target.shape)}",
        )
        return (source.shape[1], source.shape[2]), (target.shape[1], target.shape[2])

    def constant(self, index: int, what: str) -> list[int]:
        """The values of a constant integer operand, flat."""
        tensor = self.inputs[index]
        self.require(tensor.is_constant, f"needs constant {what}; {tensor.source_name!r} is not")
        self.require(tensor.dtype.value in ("int32", "int64"), f"needs integers for its {what}")
        self.require(tensor.elements <= 64, f"has {tensor.elements} values for its {what}")
        return [int(value) for value in tensor.array.reshape(-1)]


Reading = tuple[Attributes, tuple[Tensor, ...]]


def activation_clamp(source: Source, activation: int) -> tuple[int, int]:
    """Smallest and largest output under a fused activation, in the output's integers.

    As TFLM's CalculateActivationRangeQuantized: real bounds are divided in float32 and rounded half
    away from zero.
    """
    if activation == schema.ACTIVATION_NONE:
        return FULL_RANGE
    bounds = {
        schema.ACTIVATION_RELU: (0.0, math.inf),
        schema.ACTIVATION_RELU_N1_TO_1: (-1.0, 1.0),
        schema.ACTIVATION_RELU6: (0.0, 6.0),
    }
    source.require(activation in bounds, f"has the fused activation {activation}, not supported")
    low, high = bounds[activation]
    return quantized_bounds(source, low, high)


def quantized_bounds(source: Source, low: float, high: float) -> tuple[int, int]:
    """Real bounds in the output's integers, within int8."""
    target = source.outputs[0]
    source.require(target.quantization is not None, "has an output without quantization")

    def quantize(real: float) -> int:
        quotient = float(np.float32(real) / np.float32(target.scale))
        rounded = math.copysign(math.floor(abs(quotient) + 0.5), quotient)
        return target.zero_point + int(rounded)

    smallest = max(INT8_MIN, quantize(low))
    largest = INT8_MAX if math.isinf(high) else min(INT8_MAX, quantize(high))
    return smallest, largest


def explicit_padding(
    source: Source,
    window: tuple[int, int],
    stride: tuple[int, int],
    dilation: tuple[int, int] = (1, 1),
) -> tuple[int, int, int, int]:
    """Top, bottom, left, right padding of an operator with SAME or VALID in option slot 0."""
    sizes, outputs = source.image_sizes()
    source.require(min(*stride, *dilation) >= 1, "has a stride or dilation below 1")
    if source.record.option(0, "<b") == schema.PADDING_VALID:
        return (0, 0, 0, 0)
    around: list[int] = []
    for size, made, taps, step, apart in zip(sizes, outputs, window, stride, dilation, strict=True):
        total = max(0, (made - 1) * step + (taps - 1) * apart + 1 - size)
        around += [total // 2, total - total // 2]
    return (around[0], around[1], around[2], around[3])


def _filter_sizes(source: Source) -> tuple[int, int]:
    source.require_counts(2, 3)
    shape = source.inputs[1].shape
    source.require(len(shape) == 4, f"has a filter of shape {list(shape)}")
    return shape[1], shape[2]


def _conv_2d(source: Source) -> Reading:
    window = _filter_sizes(source)
    option = source.record.option
    stride = (option(2, "<i"), option(1, "<i"))
    dilation = (option(5, "<i", 1), option(4, "<i", 1))
    padding = explicit_padding(source, window, stride, dilation)
    clamp = activation_clamp(source, option(3, "<b"))
    return Conv2D(stride, dilation, padding, clamp), source.inputs


def _depthwise_conv_2d(source: Source) -> Reading:
    window = _filter_sizes(source)
    option = source.record.option
    stride = (option(2, "<i"), option(1, "<i"))
    dilation = (option(6, "<i", 1), option(5, "<i", 1))
    padding = explicit_padding(source, window, stride, dilation)
    clamp = activation_clamp(source, option(4, "<b"))
    return DepthwiseConv2D(stride, dilation, padding, clamp), source.inputs


def _fully_connected(source: Source) -> Reading:
    source.require_counts(2, 3)
    source.require(source.record.option(1, "<b") == 0, "has shuffled weights, not supported")
    return FullyConnected(activation_clamp(source, source.record.option(0, "<b"))), source.inputs


def _pool(source: Source) -> tuple[tuple[int, int], ...]:
    """Window and stride of a pooling operator."""
    source.require_counts(1, 1)
    option = source.record.option
    return (option(4, "<i"), option(3, "<i")), (option(2, "<i"), option(1, "<i"))


def _average_pool_2d(source: Source) -> Reading:
    window, stride = _pool(source)
    padding = explicit_padding(source, window, stride)
    clamp = activation_clamp(source, source.record.option(5, "<b"))
    return AveragePool2D(window, stride, padding, clamp), source.inputs


def _max_pool_2d(source: Source) -> Reading:
    window, stride = _pool(source)
    padding = explicit_padding(source, window, stride)
    clamp = activation_clamp(source, source.record.option(5, "<b"))
    return MaxPool2D(window, stride, padding, clamp), source.inputs


def _softmax(source: Source) -> Reading:
    source.require_counts(1, 1)
    beta = source.record.option(0, "<f", 0.0)
    source.require(math.isfinite(beta) and beta > 0, f"has beta {beta}; it must be positive")
    return Softmax(beta), source.inputs


def _reshape(source: Source) -> Reading:
    """The second operand, or an option, repeats the output's shape; an operand stays one."""
    source.require_counts(1, 2)
    return Reshape(), source.inputs


def _squeeze(source: Source) -> Reading:
    """Also EXPAND_DIMS: which dimension comes or goes follows from the output's shape."""
    source.require_counts(1, 2)
    return Reshape(), source.inputs[:1]


def _add(source: Source) -> Reading:
    source.require_counts(2, 2)
    return Add(activation_clamp(source, source.record.option(0, "<b"))), source.inputs


def _concatenation(source: Source) -> Reading:
    source.require_counts(1, schema.MAX_OPERANDS)
    source.require(source.record.option(1, "<b") == 0, "has a fused activation, not supported")
    return Concatenation(_axis(source, len(source.outputs[0].shape))), source.inputs


def _axis(source: Source, rank: int, slot: int = 0) -> int:
    """The axis in option `slot`, counted from the front."""
    axis: int = source.record.option(slot, "<i")
    source.require(-rank <= axis < rank, f"has the axis {axis} for {rank} dimensions")
    return axis % rank


def _mean(source: Source) -> Reading:
    source.require_counts(2, 2)
    rank = len(source.inputs[0].shape)
    axes = source.constant(1, "axes")
    source.require(all(-rank <= axis < rank for axis in axes), f"has the axes {axes}")
    return Mean(tuple(sorted({axis % rank for axis in axes}))), source.inputs[:1]


def _pad(source: Source) -> Reading:
    """PAD fills with real zero, PADV2 with its third operand."""
    source.require_counts(2, 3)
    amounts = source.constant(1, "paddings")
    source.require(len(amounts) == 2 * len(source.inputs[0].shape), f"has {len(amounts)} paddings")
    pairs = tuple(zip(amounts[::2], amounts[1::2], strict=True))
    target = source.outputs[0]
    source.require(target.quantization is not None, "has an output without quantization")
    value = target.zero_point
    if len(source.inputs) == 3:
        fill = source.inputs[2]
        source.require(fill.is_constant and fill.elements == 1, "needs a constant value to fill")
        source.require(fill.quantization == target.quantization, "fills in another quantization")
        value = int(fill.array.reshape(-1)[0])
    return Pad(pairs, value), source.inputs[:1]


def _quantize(source: Source) -> Reading:
    source.require_counts(1, 1)
    whole = (0, 255) if source.outputs[0].dtype is DType.UINT8 else FULL_RANGE
    return Requantize(whole), source.inputs


def _relu(source: Source) -> Reading:
    source.require_counts(1, 1)
    return Requantize(quantized_bounds(source, 0.0, math.inf)), source.inputs


def _relu6(source: Source) -> Reading:
    source.require_counts(1, 1)
    return Requantize(quantized_bounds(source, 0.0, 6.0)), source.inputs


def _logistic(source: Source) -> Reading:
    source.require_counts(1, 1)
    return Logistic(), source.inputs


def _tanh(source: Source) -> Reading:
    source.require_counts(1, 1)
    return Tanh(), source.inputs


def _shape(source: Source) -> Reading:
    source.require_counts(1, 1)
    return Shape(), source.inputs


def _pack(source: Source) -> Reading:
    source.require_counts(1, schema.MAX_OPERANDS)
    return Pack(_axis(source, len(source.outputs[0].shape), slot=1)), source.inputs


def _strided_slice(source: Source) -> Reading:
    """Bits of the masks: begin and end left out, and dimensions of which one element is taken."""
    source.require_counts(4, 4)
    option = source.record.option
    source.require(
        not (option(2, "<i") or option(3, "<i") or option(5, "<?", False)),
        "uses an ellipsis, a new axis, or ends as offsets, which are not supported",
    )
    begin, end, strides = (source.constant(i, "bounds") for i in (1, 2, 3))
    rank = len(source.inputs[0].shape)
    source.require(
        len(begin) == len(end) == len(strides) <= rank,
        f"has {len(begin)} begins, {len(end)} ends and {len(strides)} strides",
    )
    missing = rank - len(begin)
    return (
        StridedSlice(
            begin=(*_unmasked(begin, option(0, "<i")), *[None] * missing),
            end=(*_unmasked(end, option(1, "<i")), *[None] * missing),
            strides=(*strides, *[1] * missing),
            dropped=tuple(i for i in range(len(begin)) if option(4, "<i") >> i & 1),
        ),
        source.inputs[:1],
    )


def _unmasked(bounds: list[int], mask: int) -> list[int | None]:
    """Bounds, but None where the mask's bit says that they are left out."""
    return [None if mask >> index & 1 else bound for index, bound in enumerate(bounds)]


READERS: Mapping[str, Callable[[Source], Reading]] = {
    "ADD": _add,
    "AVERAGE_POOL_2D": _average_pool_2d,
    "CONCATENATION": _concatenation,
    "CONV_2D": _conv_2d,
    "DEPTHWISE_CONV_2D": _depthwise_conv_2d,
    "EXPAND_DIMS": _squeeze,
    "FULLY_CONNECTED": _fully_connected,
    "LOGISTIC": _logistic,
    "MAX_POOL_2D": _max_pool_2d,
    "MEAN": _mean,
    "PACK": _pack,
    "PAD": _pad,
    "PADV2": _pad,
    "QUANTIZE": _quantize,
    "RELU": _relu,
    "RELU6": _relu6,
    "RESHAPE": _reshape,
    "SHAPE": _shape,
    "SOFTMAX": _softmax,
    "SQUEEZE": _squeeze,
    "STRIDED_SLICE": _strided_slice,
    "TANH": _tanh,
}
"""What is supported, by the schema's name."""
