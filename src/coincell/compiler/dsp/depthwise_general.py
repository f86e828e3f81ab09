"""DEPTHWISE_CONV_2D on Armv7E-M where the kernels for 3x3 do not fit: any filter and multiplier.

The C side is runtime/kernels/dsp/depthwise.h.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from coincell.compiler.dsp.accumulators import accumulators
from coincell.compiler.dsp.requantization import choose_requantization
from coincell.compiler.dsp.strip_convolution import strip_convolution
from coincell.compiler.ir import Graph, KernelCall, Op, Tensor
from coincell.compiler.operators import Conv2D, DepthwiseConv2D
from coincell.compiler.ranges import accumulator_ranges

_TOGETHER = 4
"""Channels that coincell_depthwise computes at once."""


def in_groups(op: Op, graph: Graph, optimize: str) -> tuple[KernelCall, ...] | None:
    """As a CONV_2D with a group for each channel, the filter's axes in another order.

    For several outputs a channel, and for too few channels for the kernels that take four at once.
    """
    attributes = op.attributes
    assert isinstance(attributes, DepthwiseConv2D)
    weights = graph.tensor(op.inputs[1])
    channels = graph.tensor(op.inputs[0]).shape[3]
    if channels >= _TOGETHER and weights.shape[3] == channels:
        return None
    turned = np.ascontiguousarray(weights.array.transpose(3, 1, 2, 0))
    quantization = weights.quantization and replace(weights.quantization, axis=0)
    name = f"{weights.name}_turned"
    tensor = Tensor(name, turned.shape, weights.dtype, quantization, turned.tobytes())
    same = Conv2D(attributes.stride, attributes.dilation, attributes.padding, attributes.clamp)
    convolution = replace(op, attributes=same, inputs=(op.inputs[0], name, *op.inputs[2:]))
    ops = [convolution if other is op else other for other in graph.ops]
    return strip_convolution(convolution, graph.with_ops(ops, [tensor]), optimize)


def depthwise(op: Op, graph: Graph, optimize: str) -> tuple[KernelCall, ...] | None:
    """coincell_depthwise: one filter a channel, one image, at least 4 channels."""
    del optimize
    attributes = op.attributes
    assert isinstance(attributes, DepthwiseConv2D)
    source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
    weights = graph.tensor(op.inputs[1]).array
    sums = accumulators(op, graph)
    channels = source.shape[3]
    if sums is None or source.shape[0] != 1 or channels < _TOGETHER or target.shape[3] != channels:
        return None
    low, high = accumulator_ranges(op, graph)
    bias = graph.tensor(op.inputs[2]).array.reshape(-1) if len(op.inputs) > 2 else 0
    chosen = choose_requantization(
        sums.multipliers, sums.shifts, sums.zero_point, sums.clamp, low, high, bias
    )
    if chosen is None:
        return None
    parameters = {
        "input_height": source.shape[1],
        "input_width": source.shape[2],
        "channels": source.shape[3],
        "output_height": target.shape[1],
        "output_width": target.shape[2],
        "filter_height": weights.shape[1],
        "filter_width": weights.shape[2],
        "stride_height": attributes.stride[0],
        "stride_width": attributes.stride[1],
        "dilation_height": attributes.dilation[0],
        "dilation_width": attributes.dilation[1],
        "padding_top": attributes.padding[0],
        "padding_left": attributes.padding[2],
        "zero_point": source.zero_point,
        "constants": int(chosen.form),
        "left_shift": chosen.left_shift,
        "right_shift": chosen.right_shift,
        "clamp_min": chosen.clamp[0],
        "clamp_max": chosen.clamp[1],
    }
    constants = ("constants", chosen.constants)
    arguments = (source.name, ("filter", weights), constants, target.name)
    overlaps = {source.name: _distance(attributes, source, target)}
    form = chosen.form.name.lower()
    return (KernelCall("dsp/depthwise", parameters, arguments, True, overlaps, rescaling=form),)


def _distance(attributes: DepthwiseConv2D, source: Tensor, target: Tensor) -> int:
    """How many bytes the input must begin behind the output, so that nothing is written over that
    is still to be read: positions are computed one by one, and read nothing before their first tap.
    """
    _, _, width, channels = source.shape
    _, rows, columns, _ = target.shape
    top = np.maximum(np.arange(rows) * attributes.stride[0] - attributes.padding[0], 0)
    left = np.maximum(np.arange(columns) * attributes.stride[1] - attributes.padding[2], 0)
    first = ((top[:, np.newaxis] * width + left) * channels).reshape(-1)
    still_read = np.minimum.accumulate(first[::-1])[::-1]
    written = np.arange(1, rows * columns + 1) * channels
    return max(0, int((written - still_read).max()))
