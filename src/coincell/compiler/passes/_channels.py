"""How the channels of an op's operands hang together, and which of them can go.

A channel is an index of a tensor's last dimension. An op either

- mixes channels (dense convolutions and dense layers): each output channel can go on its own, and
  an input channel can go if the op says how it does without it;
- carries them (depthwise, pools, elementwise, ...): linked channels of input and output go
  together or not at all;
- or is taken to need all that it reads and makes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.compiler.ir import Graph, Op, Tensor
from coincell.compiler.operators import (
    Broadcasting,
    Concatenation,
    Conv2D,
    DepthwiseConv2D,
    FullyConnected,
    Mean,
    MirrorPad,
    Pad,
    Pool2D,
    ReduceMax,
    ReduceMin,
    Reshape,
    Resize,
    Sum,
    Transpose,
)

Mask = NDArray[np.bool_]
Masks = dict[str, Mask]
"""Tensor name -> which of its channels go."""

Accepts = Callable[[Op, Mapping[str, Mask]], Mask]
"""(mixing op, what goes so far) -> which input channels it can do without, [input channels]."""


@dataclass(frozen=True)
class Link:
    """Channels of one input, and as many of the output, that go together pair by pair."""

    operand: int
    inputs: NDArray[Any]
    outputs: NDArray[Any]


def channels_of(tensor: Tensor) -> int:
    """Size of the last dimension."""
    return tensor.shape[-1] if tensor.shape else 1


def all_of(rows: NDArray[Any]) -> Mask:
    """For each column, whether all of its rows [rows, columns] are true."""
    return np.asarray(rows.all(axis=0), np.bool_)


def mixes(op: Op, graph: Graph) -> bool:
    """Whether `op` is a convolution of one group, or a dense layer over whole pixels."""
    if not isinstance(op.attributes, Conv2D | FullyConnected):
        return False
    depth = graph.tensor(op.inputs[1]).shape[-1]
    channels = channels_of(graph.tensor(op.inputs[0]))
    if isinstance(op.attributes, Conv2D):
        return depth == channels
    return depth % channels == 0


def links_of(op: Op, graph: Graph) -> tuple[Link, ...] | None:
    """The links of an op that carries channels; None for any other.

    An input with one channel that is spread over several has no link: it is needed. Nor has a
    table, whose entries are no channels.
    """
    attributes = op.attributes
    if len(op.outputs) != 1:
        return None
    if isinstance(attributes, DepthwiseConv2D):
        return _grouped(op, graph, inner_is_input=False)
    if isinstance(attributes, Reshape):
        return _grouped(op, graph, inner_is_input=True) if len(op.inputs) == 1 else None
    rank = len(graph.tensor(op.inputs[0]).shape)
    if isinstance(attributes, Concatenation) and attributes.axis == rank - 1:
        return _segments(op, graph)
    carried = (
        attributes.pointwise
        or isinstance(attributes, Broadcasting | Concatenation | Pool2D | Resize)
        or (
            isinstance(attributes, Mean | Sum | ReduceMax | ReduceMin)
            and rank - 1 not in attributes.axes
        )
        or (isinstance(attributes, Pad | MirrorPad) and not any(attributes.padding[-1]))
        or (isinstance(attributes, Transpose) and attributes.order[-1] == rank - 1)
    )
    return _identical(op, graph) if carried else None


def _identical(op: Op, graph: Graph) -> tuple[Link, ...]:
    channels = channels_of(graph.tensor(op.output))
    every = np.arange(channels)
    return tuple(
        Link(index, every, every)
        for index, name in enumerate(op.inputs[:1] if op.attributes.pointwise else op.inputs)
        if channels_of(graph.tensor(name)) == channels
    )


def _segments(op: Op, graph: Graph) -> tuple[Link, ...]:
    """CONCATENATION along the channels."""
    links, offset = [], 0
    for index, name in enumerate(op.inputs):
        own = np.arange(channels_of(graph.tensor(name)))
        links.append(Link(index, own, own + offset))
        offset += len(own)
    return tuple(links)


def _grouped(op: Op, graph: Graph, inner_is_input: bool) -> tuple[Link, ...] | None:
    """DEPTHWISE_CONV_2D, whose outputs c * m + i read channel c; RESHAPE of pixels to a vector,
    or back, where the channel is the remainder."""
    source, target = (channels_of(graph.tensor(name)) for name in (op.inputs[0], op.output))
    most = np.arange(max(source, target))
    if most.size % min(source, target):
        return None
    fewer = most % min(source, target) if inner_is_input else most // (most.size // source)
    pair = (fewer, most) if source <= target else (most, fewer)
    return (Link(0, *pair),)


def settle(graph: Graph, start: Mapping[str, Mask], accepts: Accepts) -> Masks:
    """The largest part of `start` that can go, less what rounding keeps.

    Args:
        graph: a legal graph.
        start: channels that may go, for each activation that has such; others stay.
        accepts: what a mixing op can do without; asked again as long as anything changes, and
            held to what it says about the result.

    Returns:
        One mask for each tensor that an op makes.
    """
    masks: Masks = {}
    for op in graph.ops:
        for name in op.outputs:
            none = np.zeros(channels_of(graph.tensor(name)), np.bool_)
            masks[name] = none if name in graph.kept else start.get(name, none).copy()
    while _shrink(graph, masks, accepts) or _round(masks):
        pass
    return masks


def _shrink(graph: Graph, masks: Masks, accepts: Accepts) -> bool:
    """One round over all ops, the last first: keep what an op needs. Whether anything changed."""
    before = _total(masks)
    for op in reversed(graph.ops):
        if mixes(op, graph):
            if op.inputs[0] in masks:
                masks[op.inputs[0]] &= accepts(op, masks)
            continue
        links = links_of(op, graph)
        linked = {link.operand for link in links or ()}
        for index, name in enumerate(op.inputs):
            if index not in linked and name in masks:
                masks[name][:] = False
        if links is None:
            for name in op.outputs:
                masks[name][:] = False
        for link in links or ():
            _together(op, link, graph, masks)
    return _total(masks) < before


def _together(op: Op, link: Link, graph: Graph, masks: Masks) -> None:
    """Keep all that a link ties to something kept; what no op makes keeps everything.

    Constant addends and factors are sliced as the link demands, other constants stay whole.
    """
    name, target = op.inputs[link.operand], masks[op.output]
    if name in masks:
        parted = masks[name][link.inputs] != target[link.outputs]
        masks[name][link.inputs[parted]] = False
        target[link.outputs[parted]] = False
    elif not graph.tensor(name).is_constant or isinstance(op.attributes, DepthwiseConv2D | Reshape):
        target[link.outputs] = False


def _total(masks: Masks) -> int:
    return sum(int(mask.sum()) for mask in masks.values())


def rounded(live: int) -> int:
    """How many channels to keep where `live` are needed.

    The fast kernels read four channels at once, or two, and treat a rest one by one. So a number is
    rounded up to a multiple of four, else of two, where that adds a quarter at most.
    """
    for unit in (4, 2):
        up = -(-live // unit) * unit
        if up - live <= live // 4:
            return up
    return live


def _round(masks: Masks) -> bool:
    """Keep some channels that could go, so that the rest is a good number of them, one at least."""
    before = _total(masks)
    for mask in masks.values():
        if not mask.any():
            continue
        live = int((~mask).sum())
        spare = rounded(max(1, live)) - live
        mask[np.flatnonzero(mask)[:spare]] = False
    return _total(masks) < before
