"""Convolutions, dense layers, and pools."""

from __future__ import annotations

from collections.abc import Mapping

from coincell.compiler.operator_readers.source import (
    Reader,
    Reading,
    Source,
    activation_clamp,
    explicit_padding,
)
from coincell.compiler.operators import (
    AveragePool2D,
    Conv2D,
    DepthwiseConv2D,
    FullyConnected,
    MaxPool2D,
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


READERS: Mapping[str, Reader] = {
    "AVERAGE_POOL_2D": _average_pool_2d,
    "CONV_2D": _conv_2d,
    "DEPTHWISE_CONV_2D": _depthwise_conv_2d,
    "FULLY_CONNECTED": _fully_connected,
    "MAX_POOL_2D": _max_pool_2d,
}
"""By the schema's name."""
