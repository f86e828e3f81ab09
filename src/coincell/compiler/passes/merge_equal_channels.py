"""Let one channel do for several that are equal: their weights in the next layer add up.

Training makes copies, and so do tricks that widen a layer. Channels are equal where the same
filter, bias and scale meet equal inputs, or where both are the same constant at every position.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.compiler.ir import Graph, Op
from coincell.compiler.operators import DepthwiseConv2D, FullyConnected, common
from coincell.compiler.passes._base import Pass
from coincell.compiler.passes._channels import (
    Mask,
    Masks,
    all_of,
    channels_of,
    links_of,
    mixes,
    settle,
)
from coincell.compiler.passes._slicing import Filters, input_mask, without_channels
from coincell.compiler.ranges import ranges_of

_WEIGHT_LIMIT = 127
"""Largest magnitude of a sum of weights: -128 does not occur in TFLite's filters, and kernels that
pack two weights into one number count on that."""

Leaders = dict[str, NDArray[np.intp]]
"""Tensor name -> the first channel that each channel equals, its own number where none does."""


def _leaders(graph: Graph) -> Leaders:
    """What is known to be equal, from the inputs on."""
    found: Leaders = {
        name: np.arange(channels_of(tensor)) for name, tensor in graph.tensors.items()
    }
    for op in graph.ops:
        if len(op.outputs) != 1:
            continue
        keys = _keys(op, graph, found)
        if keys is not None:
            found[op.output] = _first_of_each(_constant_keys(op, graph, keys))
    return found


def _first_of_each(keys: list[Hashable]) -> NDArray[np.intp]:
    first: dict[Hashable, int] = {}
    return np.array([first.setdefault(key, index) for index, key in enumerate(keys)], np.intp)


def _constant_keys(op: Op, graph: Graph, keys: list[Hashable]) -> list[Hashable]:
    """Channels that hold known numbers go by these."""
    bounds = ranges_of(graph).values.get(op.output)
    if bounds is None:
        return keys
    low, high = (bound.reshape(-1, len(keys)).T for bound in bounds)
    known = (low == high).all(axis=1)
    return [
        ("constant", low[index].tobytes()) if known[index] else key
        for index, key in enumerate(keys)
    ]


def _keys(op: Op, graph: Graph, leaders: Leaders) -> list[Hashable] | None:
    """What each output channel is computed from; None where the op is not looked into."""
    if mixes(op, graph):
        weights = graph.tensor(op.inputs[1]).array.astype(np.int64)
        merged = np.zeros_like(weights)
        place = np.broadcast_to(_column_leaders(op, graph, leaders), weights.shape)
        rows = np.indices(weights.shape)
        np.add.at(merged, (*rows[:-1], place), weights)
        return _filter_keys(op, graph, [merged[row].tobytes() for row in range(len(merged))])
    links = links_of(op, graph)
    if links is None:
        return None
    if isinstance(op.attributes, DepthwiseConv2D):
        read = np.empty(channels_of(graph.tensor(op.output)), np.intp)
        read[links[0].outputs] = leaders[op.inputs[0]][links[0].inputs]
        taps = graph.tensor(op.inputs[1]).array
        own = [(int(c), taps[..., index].tobytes()) for index, c in enumerate(read)]
        return _filter_keys(op, graph, own)
    return _carried_keys(op, graph, leaders)


def _column_leaders(op: Op, graph: Graph, leaders: Leaders) -> NDArray[np.intp]:
    """For each column of a mixing op's filter, the first column that reads an equal value."""
    own = leaders[op.inputs[0]]
    pixels = graph.tensor(op.inputs[1]).shape[-1] // len(own)
    return (np.arange(pixels)[:, np.newaxis] * len(own) + own).reshape(-1)


def _filter_keys(op: Op, graph: Graph, filters: list[Any]) -> list[Hashable]:
    """Filters with the bias, multiplier and shift of their channel."""
    count = len(filters)
    bias = graph.tensor(op.inputs[2]).array.reshape(-1) if len(op.inputs) > 2 else np.zeros(count)
    if isinstance(op.attributes, FullyConnected):
        multipliers, shifts = op.attributes.multipliers(op, graph)
    else:
        multipliers, shifts = common.channel_multipliers(op, graph, count)
    parts = (np.broadcast_to(values, count).tolist() for values in (bias, multipliers, shifts))
    return list(zip(filters, *parts, strict=True))


def _carried_keys(op: Op, graph: Graph, leaders: Leaders) -> list[Hashable] | None:
    """An op that carries channels: what each operand holds there."""
    count = channels_of(graph.tensor(op.output))
    parts: list[list[Hashable]] = [[None] * count for _ in op.inputs]
    for link in links_of(op, graph) or ():
        if len(link.inputs) != len(np.unique(link.outputs)):
            return None  # a vector read as pixels: a channel of the output is several of the input
        tensor = graph.tensor(op.inputs[link.operand])
        repeats = np.arange(len(link.inputs)) // channels_of(tensor)
        for source, target, pixel in zip(link.inputs, link.outputs, repeats, strict=True):
            held: Hashable = (int(pixel), int(leaders[tensor.name][source]))
            if tensor.is_constant:
                held = tensor.array[..., source].tobytes()
            parts[link.operand][int(target)] = held
    return list(zip(*parts, strict=True))


class _Merging:
    """How mixing ops read a leader for its followers."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.leaders = _leaders(graph)

    def accepts(self, op: Op, masks: Mapping[str, Mask]) -> Mask:
        """Followers whose weights can be added to their leader's, one after the other."""
        live = ~masks[op.output]
        filters = self._graph.tensor(op.inputs[1]).array.astype(np.int64)[live]
        going = input_mask(op, self._graph, dict(masks))
        place = _column_leaders(op, self._graph, self.leaders)
        accepted = np.full(len(going), True)
        for column in np.flatnonzero(going):
            together = filters[..., place[column]] + filters[..., column]
            accepted[column] = bool((np.abs(together) <= _WEIGHT_LIMIT).all())
            if accepted[column]:
                filters[..., place[column]] = together
        channels = channels_of(self._graph.tensor(op.inputs[0]))
        return all_of(accepted.reshape(-1, channels))

    def adjust(self, op: Op, masks: Masks) -> Filters:
        """The filter with followers added to their leaders, and the bias as it is."""
        filters = self._graph.tensor(op.inputs[1]).array.astype(np.int64)
        place = _column_leaders(op, self._graph, self.leaders)
        for column in np.flatnonzero(input_mask(op, self._graph, masks)):
            filters[..., place[column]] += filters[..., column]
        bias = self._graph.tensor(op.inputs[2]).array.astype(np.int64) if op.inputs[2:] else None
        return filters, None if bias is None else bias.reshape(-1)


def _run(graph: Graph) -> Graph:
    while True:
        merging = _Merging(graph)
        followers = {
            name: leaders != np.arange(len(leaders)) for name, leaders in merging.leaders.items()
        }
        if not any(mask.any() for mask in followers.values()):
            return graph
        merged = without_channels(graph, settle(graph, followers, merging.accepts), merging.adjust)
        if merged is graph:
            return graph
        graph = merged  # added up, filters may be equal that were not


MERGE_EQUAL_CHANNELS = Pass(
    name="merge-equal-channels",
    needs="drop-constant-channels: constants are cheaper in a bias than in a filter",
    gives="no two channels that are known to be equal and only go to dense convolutions or dense "
    "layers, but where the sums of their weights leave int8, or a number is rounded up",
    run=_run,
)
