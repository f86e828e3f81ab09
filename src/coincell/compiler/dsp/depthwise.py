"""DEPTHWISE_CONV_2D on Armv7E-M: which kernel computes it, and its constants.

The C sides are runtime/kernels/dsp/depthwise_3x3.h and its neighbours.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from coincell.compiler.dsp.accumulators import accumulators
from coincell.compiler.dsp.depthwise_scaling import Scaling, choose_scaling
from coincell.compiler.dsp.rescaling import Rescaling
from coincell.compiler.ir import EXACTLY_IN_PLACE, Graph, KernelCall, Op, Scratch, Values
from coincell.compiler.operators import DepthwiseConv2D

_MOST_OFFSET = 4095
"""Of a load or store from its base register."""

_WORKING_BYTES = 1600
"""What the lines of a band may take, where one pair of rows does not need more."""


@dataclass(frozen=True)
class _Layer:
    """What the kernels need to know of an op on one image with one filter a channel.

    Attributes:
        size: height, width and channels of the input.
        zero_point: of the input.
        output_size: height and width of the output.
        weights: int8 [height, width, channels].
        rescaling: of its sums.
    """

    attributes: DepthwiseConv2D
    size: tuple[int, int, int]
    zero_point: int
    output_size: tuple[int, int]
    weights: Values
    rescaling: Rescaling


def depthwise_3x3(op: Op, graph: Graph, optimize: str) -> tuple[KernelCall, ...] | None:
    """coincell_depthwise_3x3 for stride 1, coincell_depthwise_3x3_by_rows for stride 2; in place.

    The second also makes single rows of outputs. Declined are fewer than 4 channels, a multiplier,
    dilation, more than a frame of padding, images that are too wide, and what cannot be proved.
    """
    layer = _layer_of(op, graph)
    if layer is None or not _is_plain_3x3(layer):
        return None
    scaling = choose_scaling(layer.rescaling)
    if scaling is None:
        return None
    return _row_pairs(op, layer, scaling, optimize) or _single_rows(op, layer, scaling, optimize)


def dilated_3x3(op: Op, graph: Graph, optimize: str) -> tuple[KernelCall, ...] | None:
    """coincell_depthwise_3x3_dilated; in place where input and output are of one size.

    Declined are strides, channels that are no multiple of 4, padding that the dilation does not
    divide, and parts that coincell_depthwise_3x3 does not compute.
    """
    layer = _layer_of(op, graph)
    if layer is None or layer.attributes.dilation == (1, 1) or layer.size[2] % 4:
        return None
    part = _part_of(layer)
    if part is None or not _is_plain_3x3(part):
        return None
    scaling = choose_scaling(layer.rescaling)
    calls = scaling and _row_pairs(op, part, scaling, optimize)
    if not calls:
        return None
    (call,) = calls
    (height, width, channels), output_size = layer.size, layer.output_size
    parameters = {
        "height": height,
        "width": width,
        "channels": channels,
        "output_height": output_size[0],
        "output_width": output_size[1],
        "dilation_height": layer.attributes.dilation[0],
        "dilation_width": layer.attributes.dilation[1],
        **{f"part.{field}": value for field, value in call.parameters.items()},
    }
    *arguments, lines = call.arguments
    pixels = math.prod(part.size[:2])
    overlaps = {op.inputs[0]: EXACTLY_IN_PLACE} if output_size == (height, width) else {}
    kernel = "dsp/depthwise_3x3_dilated"
    return (
        replace(
            call,
            kernel=kernel,
            parameters=parameters,
            arguments=(*arguments, Scratch(4 * pixels), lines),
            overlaps=overlaps,
        ),
    )


def _part_of(layer: _Layer) -> _Layer | None:
    """The largest part of a dilated layer, with four channels; None where padding is no part's."""
    attributes = layer.attributes
    dilation, padding = attributes.dilation, attributes.padding
    before = (padding[0], padding[2])
    if attributes.stride != (1, 1) or any(b % d for b, d in zip(before, dilation, strict=True)):
        return None
    height, width = (-(-size // d) for size, d in zip(layer.size, dilation, strict=False))
    rows, columns = (-(-size // d) for size, d in zip(layer.output_size, dilation, strict=True))
    top, left = (b // d for b, d in zip(before, dilation, strict=True))
    bottom, right = rows - (height - 2 + top), columns - (width - 2 + left)
    if min(bottom, right) < 0 or rows > height or columns > width:
        return None
    plain = replace(attributes, dilation=(1, 1), padding=(top, bottom, left, right))
    return replace(layer, attributes=plain, size=(height, width, 4), output_size=(rows, columns))


def _row_pairs(
    op: Op, layer: _Layer, scaling: Scaling, optimize: str
) -> tuple[KernelCall, ...] | None:
    """The kernel that makes two rows of outputs at once, for stride 1."""
    _, width, channels = layer.size
    output_height, output_width = layer.output_size
    _, _, left, right = layer.attributes.padding
    columns = width - 2 + left
    if layer.attributes.stride != (1, 1) or output_height == 1 or columns < 1:
        return None
    unroll = _unroll(columns, 6 if optimize == "speed" or columns <= 6 else 4, optimize)
    if channels * (output_width + unroll) > _MOST_OFFSET:
        return None
    band = _band(layer, (output_height + 1) // 2)
    rows = {
        "width": width,
        "output_width": output_width,
        "channels": channels,
        "padding_left": left,
        "padding_right": right,
        "zero_point": layer.zero_point,
        **scaling.parameters,
        "unroll": unroll,
    }
    members = {"rows": rows, "row": _row(layer, scaling, optimize)}
    return _call("dsp/depthwise_3x3", op, layer, scaling, optimize, band, members)


def _single_rows(
    op: Op, layer: _Layer, scaling: Scaling, optimize: str
) -> tuple[KernelCall, ...] | None:
    """The kernel that makes one row of outputs at a time, for stride 2 or a single row."""
    _, width, channels = layer.size
    output_height, output_width = layer.output_size
    down, right = layer.attributes.stride
    reach = (output_width - 1) * right + 3 - layer.attributes.padding[2]
    row = _row(layer, scaling, optimize)
    if row["unroll"] < 1 or reach > width + 1 or (down != 2 and output_height > 1) or right > 2:
        return None
    if channels * max(row["unroll"], output_width) > _MOST_OFFSET:
        return None
    band = _band(layer, output_height)
    return _call("dsp/depthwise_3x3_by_rows", op, layer, scaling, optimize, band, {"row": row})


def _row(layer: _Layer, scaling: Scaling, optimize: str) -> dict[str, int]:
    """Parameters of single rows of outputs."""
    _, width, channels = layer.size
    output_width = layer.output_size[1]
    stride, left = layer.attributes.stride[1], layer.attributes.padding[2]
    beyond = (output_width - 1) * stride + 3 - left > width
    return {
        "width": width,
        "output_width": output_width,
        "channels": channels,
        "stride": stride,
        "padding_left": left,
        "zero_point": layer.zero_point,
        **scaling.parameters,
        "unroll": _unroll(output_width - beyond, 4, optimize),
    }


def _call(
    kernel: str,
    op: Op,
    layer: _Layer,
    scaling: Scaling,
    optimize: str,
    band: int,
    rows: Mapping[str, Mapping[str, int]],
) -> tuple[KernelCall, ...]:
    """The call of either kernel; `rows` are the parameters that one channel's rows have."""
    height, width, channels = layer.size
    image = {
        "height": height,
        "width": width,
        "channels": channels,
        "padding_top": layer.attributes.padding[0],
        "zero_point": layer.zero_point,
        "line_words": (band + 1) * width,
    }
    parameters = {
        f"{member}.{field}": value
        for member, fields in {"image": image, **rows}.items()
        for field, value in fields.items()
    } | {
        "output_height": layer.output_size[0],
        "band": band,
        "in_turn": int(optimize == "speed" or (band == 1 and optimize != "size")),
    }
    words = _tap_words(layer.weights)
    packed = np.column_stack([words, *scaling.constants]).astype(np.int32)
    scratch = Scratch(16 * (band + 1) * width)
    arguments = (op.inputs[0], ("constants", packed), op.output, scratch)
    overlaps = {op.inputs[0]: EXACTLY_IN_PLACE}
    return (KernelCall(kernel, parameters, arguments, True, overlaps, rescaling=scaling.form),)


def _layer_of(op: Op, graph: Graph) -> _Layer | None:
    """An op as the kernels see it; None for what they do not cover, and where sums may wrap."""
    attributes = op.attributes
    assert isinstance(attributes, DepthwiseConv2D)
    source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
    sums = accumulators(op, graph)
    if sums is None or source.shape[0] != 1 or target.shape[3] != source.shape[3]:
        return None
    zeros = np.zeros(target.shape[3], np.int64)
    multipliers, shifts = zeros + sums.multipliers, zeros + sums.shifts
    rescaling = Rescaling(
        multipliers, shifts, sums.zero_point, sums.clamp, sums.low, sums.high, zeros + sums.bias
    )
    if rescaling.wraps:
        return None
    _, height, width, channels = source.shape
    return _Layer(
        attributes,
        (height, width, channels),
        source.zero_point,
        (target.shape[1], target.shape[2]),
        graph.tensor(op.inputs[1]).array[0],
        rescaling,
    )


def _is_plain_3x3(layer: _Layer) -> bool:
    """Whether the rows' kernels may cover it: what they have in common, and working in place."""
    attributes = layer.attributes
    return (
        layer.weights.shape[:2] == (3, 3)
        and attributes.dilation == (1, 1)
        and attributes.padding[0] <= 2
        and max(attributes.padding[2:]) <= 1
        and layer.size[2] >= 4
        and 12 * (2 * layer.size[1] + 1) <= _MOST_OFFSET
        and layer.output_size[1] <= layer.size[1]
    )


def _unroll(columns: int, most: int, optimize: str) -> int:
    """Columns in the loop's body: all of a narrow image, or an even number."""
    return min(columns, 2 if optimize == "size" else most)


def _band(layer: _Layer, rows: int) -> int:
    """How many of `rows` rows, or pairs of them, are made from one filling of the lines."""
    fitting = _WORKING_BYTES // (16 * layer.size[1]) - 1
    return max(1, min(rows, fitting))


def _tap_words(weights: Values) -> Values:
    """int32 [channels, 3]: middle, upper, lower, middle tap of each column, lowest byte first.

    Args:
        weights: int8 [3, 3, channels].
    """
    upper, middle, lower = weights.astype(np.uint8).transpose(0, 2, 1)
    words: Values = np.stack([middle, upper, lower, middle], axis=-1).view("<i4")[..., 0]
    return words
