"""Convolutions, dense layers, and pools."""

from __future__ import annotations

from collections.abc import Mapping

from coincell.compiler.operators import (
    AveragePool2D,
    BatchMatMul,
    Conv2D,
    DepthwiseConv2D,
    FullyConnected,
    MaxPool2D,
    TransposeConv,
)
from coincell.compiler.reading import schema
from coincell.compiler.reading.operator_readers.source import (
    Reader,
    Reading,
    Source,
    activation_clamp,
    explicit_padding,
)


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


def _transpose_conv(source: Source) -> Reading:
    """Operands: the output's shape, filter, image, bias. The first is not needed, as in TFLM.

    The padding is that of a convolution from the output to the image (kernels/transpose_conv.cc).
    """
    source.require_counts(3, 4)
    option = source.record.option
    _, weights, image, *bias = source.inputs
    source.require(
        len(weights.shape) == len(source.outputs[0].shape) == 4,
        f"needs images, not {list(weights.shape)} and {list(source.outputs[0].shape)}",
    )
    stride = (option(2, "<i"), option(1, "<i"))
    source.require(min(stride) >= 1, "has a stride below 1")
    around = []
    for size, taps, step in zip(
        source.outputs[0].shape[1:3], weights.shape[1:3], stride, strict=True
    ):
        total = (-(-size // step) - 1) * step + taps - size
        around.append(max(0, total) // 2 if option(0, "<b") == schema.PADDING_SAME else 0)
    clamp = activation_clamp(source, option(3, "<b"))
    return TransposeConv(stride, (around[0], around[1]), clamp), (image, weights, *bias)


def _batch_matmul(source: Source) -> Reading:
    source.require_counts(2, 2)
    first, second = (bool(source.record.option(slot, "<?", False)) for slot in (0, 1))
    return BatchMatMul(first, second), source.inputs


READERS: Mapping[str, Reader] = {
    "AVERAGE_POOL_2D": _average_pool_2d,
    "BATCH_MATMUL": _batch_matmul,
    "CONV_2D": _conv_2d,
    "DEPTHWISE_CONV_2D": _depthwise_conv_2d,
    "FULLY_CONNECTED": _fully_connected,
    "MAX_POOL_2D": _max_pool_2d,
    "TRANSPOSE_CONV": _transpose_conv,
}
"""By the schema's name."""
