"""Which values an activation and an accumulator can take: intervals that hold for every input.

The graph runs once over intervals instead of numbers, element by element, so that borders count as
what they are: a tap in the padding sees the zero point and nothing else. Where an int32 might wrap,
or an op is not known to be monotone, the interval is all that the type can hold.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.compiler.apart import taken_apart
from coincell.compiler.fixed_point import INT32_MAX, INT32_MIN
from coincell.compiler.ir import DType, Graph, Op, Tensor, Values
from coincell.compiler.lookups import looked_up, table_of
from coincell.compiler.operators import Convolution, DepthwiseConv2D, FullyConnected, common

Bounds = tuple[NDArray[np.int64], NDArray[np.int64]]
"""The least and the greatest value, two arrays of one shape, both ends included."""

_WEIGHTED = (Convolution, FullyConnected)

_RISING_ARITHMETIC = ("add", "maximum", "minimum")
_RISING_SUMMARIES = ("average_pool_2d", "max_pool_2d", "mean", "reduce_max", "reduce_min", "sum")
_MOVEMENTS = (
    "batch_to_space",
    "broadcast_to",
    "concatenation",
    "depth_to_space",
    "gather",
    "mirror_pad",
    "pack",
    "pad",
    "reshape",
    "resize_nearest_neighbor",
    "slice",
    "space_to_batch",
    "space_to_depth",
    "split",
    "strided_slice",
    "tile",
    "transpose",
    "unpack",
)
_RISING = frozenset((*_RISING_ARITHMETIC, *_RISING_SUMMARIES, *_MOVEMENTS))
"""Kinds that never fall where an input rises: the ends of the inputs give the ends of the output.
What only moves values is among them."""

_MONOTONE_IN_EACH = frozenset(("mul", "sub"))
"""Kinds that rise or fall with either input while the other stays: the corners hold the ends."""

_MOST_RATIO = 256.0
"""Of an input's scale to the output's: above it a rescaled sum might not fit 32 bits."""

_MOST_ELEMENTS, _MOST_MACS = 1 << 23, 1 << 31
"""In a graph with more, no microcontroller's, every activation may hold anything."""


@dataclass(frozen=True)
class Ranges:
    """What one run over intervals found.

    Attributes:
        values: tensor name -> bounds of each element, in the tensor's shape. Tensors that hold no
            integers are missing, and in a graph that is too large to look into, all.
        sums: name of an output of a convolution or dense layer -> bounds of its accumulators
            before the bias, [channels].
    """

    values: Mapping[str, Bounds]
    sums: Mapping[str, Bounds]


def accumulator_ranges(op: Op, graph: Graph, with_bias: bool = False) -> Bounds:
    """Least and greatest accumulator of each output channel, over all inputs and positions.

    The accumulator is the sum of (input - zero point) * weight, as TFLM forms it, taps in the
    padding included (they add nothing).

    Args:
        op: a conv_2d, depthwise_conv_2d or fully_connected of `graph`.
        graph: any legal graph; its ranges are computed once and kept.
        with_bias: whether the bias is in.

    Returns:
        Two int64 arrays [channels]. A channel whose accumulator might leave 32 bits, and so wrap,
        has the whole range of an int32.

    Raises:
        ValueError: the op has no such accumulators, or is not int8.
    """
    sums = ranges_of(graph).sums.get(op.output)
    if sums is None:
        raise ValueError(f"{op.kind} {op.output} has no known accumulators.")
    low, high = sums
    if with_bias and len(op.inputs) > 2:
        bias = graph.tensor(op.inputs[2]).array.reshape(-1).astype(np.int64)
        low, high = low + bias, high + bias
    wraps = (low < INT32_MIN) | (high > INT32_MAX)
    return np.where(wraps, INT32_MIN, low), np.where(wraps, INT32_MAX, high)


def channel_ranges(name: str, graph: Graph) -> Bounds:
    """Least and greatest value of each channel (last dimension) of an integer tensor: [channels].

    Raises:
        ValueError: the tensor holds no integers.
    """
    tensor = graph.tensor(name)
    if not _is_integer(tensor):
        raise ValueError(f"The tensor {name} holds no integers.")
    channels = tensor.shape[-1] if tensor.shape else 1
    bounds = ranges_of(graph).values.get(name)
    if bounds is None:
        limits = np.iinfo(tensor.dtype.numpy)
        return np.full(channels, limits.min, np.int64), np.full(channels, limits.max, np.int64)
    return _per_channel((bounds[0].reshape(-1, channels), bounds[1].reshape(-1, channels)))


def whole_range(name: str, graph: Graph) -> tuple[int, int]:
    """Least and greatest value of an integer tensor.

    Raises:
        ValueError: the tensor holds no integers.
    """
    low, high = channel_ranges(name, graph)
    return int(low.min()), int(high.max())


_known: dict[int, tuple[weakref.ref[Graph], Ranges]] = {}


def ranges_of(graph: Graph) -> Ranges:
    """The ranges of a graph, computed once for each graph that is alive.

    An op that is two in one has those of both: see `taken_apart`.
    """
    graph = taken_apart(graph)
    key = id(graph)
    if key not in _known or _known[key][0]() is not graph:
        _known[key] = (weakref.ref(graph, lambda _: _known.pop(key, None)), _analyse(graph))
    return _known[key][1]


def _analyse(graph: Graph) -> Ranges:
    elements = sum(t.elements for t in graph.tensors.values() if not t.is_constant)
    if elements > _MOST_ELEMENTS or graph.macs > _MOST_MACS:
        weighted = (op for op in graph.ops if _is_weighted(op, graph))
        return Ranges({}, {op.output: _sums_of_any_input(op, graph) for op in weighted})
    values: dict[str, Bounds] = {}
    sums: dict[str, Bounds] = {}
    made = {name for op in graph.ops for name in op.outputs}
    for name, tensor in graph.tensors.items():
        if name not in made and _is_integer(tensor):
            values[name] = (
                (tensor.array.astype(np.int64),) * 2 if tensor.is_constant else _any_value(tensor)
            )
    for op in {op.outputs: op for op in graph.ops}.values():  # an op of rows stands there often
        found = _bounds_of(op, graph, values, sums)
        pairs = zip(op.outputs, found, strict=True)
        values |= {name: bounds for name, bounds in pairs if _is_integer(graph.tensor(name))}
    return Ranges(values, sums)


def _is_weighted(op: Op, graph: Graph) -> bool:
    """Whether `op` sums products of int8 values and weights."""
    edges = (graph.tensor(name) for name in (op.inputs[0], op.output))
    return isinstance(op.attributes, _WEIGHTED) and all(edge.dtype is DType.INT8 for edge in edges)


def _sums_of_any_input(op: Op, graph: Graph) -> Bounds:
    """Bounds of the accumulators before the bias where each input may be anything: [channels]."""
    zero_point = graph.tensor(op.inputs[0]).zero_point
    weights = graph.tensor(op.inputs[1]).array.astype(np.int64)
    axis = 3 if isinstance(op.attributes, DepthwiseConv2D) else 0
    filters = np.moveaxis(weights, axis, 0).reshape(weights.shape[axis], -1)
    ends = filters * (-128 - zero_point), filters * (127 - zero_point)
    return np.minimum(*ends).sum(axis=1), np.maximum(*ends).sum(axis=1)


def _is_integer(tensor: Tensor) -> bool:
    return tensor.dtype not in (DType.FLOAT32, DType.BOOL)


def _any_value(tensor: Tensor, clamp: tuple[int, int] | None = None) -> Bounds:
    """All that a tensor's type can hold, or what a clamp lets through."""
    limits = np.iinfo(tensor.dtype.numpy)
    low, high = clamp or (int(limits.min), int(limits.max))
    return np.full(tensor.shape, low, np.int64), np.full(tensor.shape, high, np.int64)


def _bounds_of(
    op: Op, graph: Graph, values: Mapping[str, Bounds], sums: dict[str, Bounds]
) -> list[Bounds]:
    """Bounds of each output; those of the accumulators go into `sums`."""
    tensors = [graph.tensor(name) for name in (*op.inputs, *op.outputs)]
    known = [values.get(name) for name in op.inputs]
    inputs = [bounds for bounds in known if bounds is not None]
    unknown = [_any_output(op, graph.tensor(name)) for name in op.outputs]
    if len(inputs) < len(known) or not all(_is_integer(tensor) for tensor in tensors):
        return unknown
    edges = [tensor for tensor in tensors if not tensor.is_constant]
    if not all(tensor.dtype in common.BYTES for tensor in edges):
        return unknown
    if _is_weighted(op, graph):
        exact = _exact_sums(op, graph, inputs[0])
        sums[op.output] = _per_channel(exact)
        return [_rescaled(op, graph, exact)]
    running = looked_up(op, graph)
    if running is not None:
        return [_in_table(op, graph, values[running], graph.tensor(running))]
    if op.kind in _RISING and _is_tame(op, graph):
        return _between(op, graph, [inputs, inputs], [(0,) * len(inputs), (1,) * len(inputs)])
    if op.kind == "prelu" and graph.tensor(op.inputs[1]).is_constant and _is_tame(op, graph):
        zero = graph.tensor(op.inputs[0]).zero_point  # rises or falls on either side of it
        turns = [np.clip(value, *inputs[0]) for value in (zero - 1, zero)]
        pieces = [[inputs[0], inputs[1]], [(turns[0], turns[1]), inputs[1]]]
        return _between(op, graph, [pieces[0]] * 2 + [pieces[1]] * 2, [(0, 0), (1, 0)] * 2)
    if op.kind in _MONOTONE_IN_EACH and _is_tame(op, graph):
        corners = list(itertools.product((0, 1), repeat=len(inputs)))
        return _between(op, graph, [inputs] * len(corners), corners)
    return unknown


def _any_output(op: Op, tensor: Tensor) -> Bounds:
    """What an op's clamp lets through, or all that the type can hold."""
    if not _is_integer(tensor):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    clamp = getattr(op.attributes, "clamp", None)
    return _any_value(tensor, clamp if tensor.dtype in common.BYTES else None)


def _is_tame(op: Op, graph: Graph) -> bool:
    """Whether rescaling cannot leave 32 bits, so that it is monotone."""
    target = graph.tensor(op.output)
    if target.quantization is None:
        return True
    scales = [tensor.scale for name in op.inputs if (tensor := graph.tensor(name)).quantization]
    largest = max(scales, default=target.scale)
    if op.kind in ("mul", "prelu"):
        largest = float(np.prod(scales)) if op.kind == "mul" else scales[0] * max(1, scales[1])
    return largest <= _MOST_RATIO * target.scale


def _between(
    op: Op, graph: Graph, inputs: list[list[Bounds]], corners: list[tuple[int, ...]]
) -> list[Bounds]:
    """Least and greatest of what the op gives at some corners (0: low, 1: high) of its inputs."""
    samples = []
    for index, name in enumerate(op.inputs):
        tensor = graph.tensor(name)
        if tensor.is_constant:
            samples.append(tensor.array[np.newaxis])
            continue
        ends = [bounds[index][end[index]] for bounds, end in zip(inputs, corners, strict=True)]
        samples.append(np.stack(ends).astype(tensor.dtype.numpy))
    made = op.attributes.interpret_outputs(op, graph, samples)
    wide = [values.astype(np.int64) for values in made]
    return [(values.min(axis=0), values.max(axis=0)) for values in wide]


def _in_table(op: Op, graph: Graph, bounds: Bounds, source: Tensor) -> Bounds:
    """Least and greatest entry of the op's table between the bounds of each element."""
    limits = np.iinfo(source.dtype.numpy)
    first = int(limits.min)
    table = table_of(op, graph)[np.arange(first, int(limits.max) + 1) & 255]
    low, high = bounds[0] - first, bounds[1] - first
    pairs, place = np.unique(low * 256 + high, return_inverse=True)
    spans = [table[pair // 256 : pair % 256 + 1] for pair in pairs.tolist()]
    least = np.array([span.min() for span in spans], np.int64)
    most = np.array([span.max() for span in spans], np.int64)
    place = place.reshape(source.shape)
    return least[place], most[place]


def _exact_sums(op: Op, graph: Graph, bounds: Bounds) -> Bounds:
    """Bounds of the accumulators before the bias, as they would be with endless bits.

    An interval is its middle c and radius r: sums of w * c, give or take sums of |w| * r. All are
    multiples of 1/2 far below 2**52, so float64 is exact.
    """
    source = graph.tensor(op.inputs[0])
    low, high = (bound.astype(np.float64) - source.zero_point for bound in bounds)
    weights = graph.tensor(op.inputs[1]).array.astype(np.float64)
    middle = _linear(op, graph, (low + high) / 2, weights)
    radius = _linear(op, graph, (high - low) / 2, np.abs(weights))
    return (middle - radius).astype(np.int64), (middle + radius).astype(np.int64)


def _linear(op: Op, graph: Graph, values: Values, weights: Values) -> NDArray[np.float64]:
    """Sums of weight times value, in the output's shape; `values` are less the zero point."""
    attributes, target = op.attributes, graph.tensor(op.output)
    if isinstance(attributes, FullyConnected):
        dense: Values = values.reshape(-1, weights.shape[1]) @ weights.T
        return dense.reshape(target.shape)
    assert isinstance(attributes, Convolution)
    padded = common.pad_image(values, attributes.padding, 0)
    window, sizes = (weights.shape[1], weights.shape[2]), (target.shape[1], target.shape[2])
    spread = isinstance(attributes, DepthwiseConv2D)
    if spread:
        padded = np.repeat(padded, target.shape[3] // values.shape[3], axis=3)
    groups = 1 if spread else values.shape[3] // weights.shape[3]
    sums = np.zeros(target.shape)
    for row, column, seen in common.taps(
        padded, window, attributes.stride, attributes.dilation, sizes
    ):
        if spread:
            sums += seen * weights[0, row, column]
            continue
        parts = zip(
            np.split(seen, groups, 3), np.split(weights[:, row, column], groups), strict=True
        )
        sums += np.concatenate([part @ taps.T for part, taps in parts], axis=3)
    return sums


def _per_channel(bounds: Bounds) -> Bounds:
    low, high = (bound.reshape(-1, bound.shape[-1]) for bound in bounds)
    return low.min(axis=0), high.max(axis=0)


def _rescaled(op: Op, graph: Graph, sums: Bounds) -> Bounds:
    """Bounds of the outputs of exact sums; the clamp alone bounds those that might wrap."""
    attributes, target = op.attributes, graph.tensor(op.output)
    assert isinstance(attributes, _WEIGHTED)
    bias: Any = 0
    if len(op.inputs) > 2:
        bias = graph.tensor(op.inputs[2]).array.reshape(-1).astype(np.int64)
    if isinstance(attributes, FullyConnected):
        multipliers, shifts = attributes.multipliers(op, graph)
    else:
        multipliers, shifts = common.channel_multipliers(op, graph, target.shape[-1])
    total = np.stack(sums) + bias
    raised = np.abs(total).max(axis=0).astype(np.float64) * np.exp2(np.maximum(shifts, 0))
    wraps = raised > INT32_MAX
    safe = np.where(wraps, 0, total)
    made = common.rescale(safe, multipliers, shifts, target.zero_point, attributes.clamp)
    low, high = made.astype(np.int64)
    return (
        np.where(wraps, attributes.clamp[0], low),
        np.where(wraps, attributes.clamp[1], high),
    )
