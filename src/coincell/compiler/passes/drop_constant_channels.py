"""Take out channels that are the same number for every input, and channels that nobody reads.

Training leaves filters of zeros behind: their channels hold one number, which the next layers can
add to their biases. A number other than the zero point is not the same thing as padding, so a
channel stays where a border would see the difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.compiler.fixed_point import INT32_MAX, INT32_MIN, Integers
from coincell.compiler.ir import Graph, Op
from coincell.compiler.operators import Conv2D, common
from coincell.compiler.passes._base import Pass
from coincell.compiler.passes._channels import Mask, Masks, all_of, channels_of, settle
from coincell.compiler.passes._slicing import Filters, input_mask, without_channels
from coincell.compiler.ranges import ranges_of


class _Folding:
    """What mixing ops can add to their biases, worked out once for a graph."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._known: dict[str, tuple[NDArray[Any], Mask]] = {}

    def accepts(self, op: Op, masks: Mapping[str, Mask]) -> Mask:
        """Input channels that are constant, or whose weights are zero in all rows that stay."""
        filters, _, live = self._parts(op, masks)
        shares, foldable = self._shares(op)
        rows = filters[live].reshape(-1, filters.shape[-1])
        silent = all_of(shares == 0) & foldable
        columns = all_of(rows == 0) | (foldable if self._fits(op, masks) else silent)
        channels = channels_of(self._graph.tensor(op.inputs[0]))
        return all_of(columns.reshape(-1, channels))

    def adjust(self, op: Op, masks: Masks) -> Filters:
        """The filter as it is, and the bias with the shares of all columns that go."""
        filters, bias, _ = self._parts(op, masks)
        folded = self._folded(op, masks)
        if bias is None:
            return filters, (folded if folded.any() else None)
        return filters, bias + folded

    def _parts(
        self, op: Op, masks: Mapping[str, Mask]
    ) -> tuple[NDArray[Any], Integers | None, Mask]:
        """Filter, bias, and which rows stay."""
        filters = self._graph.tensor(op.inputs[1]).array
        bias = None
        if len(op.inputs) > 2:
            bias = self._graph.tensor(op.inputs[2]).array.reshape(-1).astype(np.int64)
        return filters, bias, ~masks[op.output]

    def _folded(self, op: Op, masks: Mapping[str, Mask]) -> Integers:
        """What goes into the bias of each row; nothing into those that go themselves."""
        shares, _ = self._shares(op)
        total = shares[:, input_mask(op, self._graph, dict(masks))].sum(axis=1)
        folded: Integers = np.where(masks[op.output], 0, total)
        return folded

    def _fits(self, op: Op, masks: Mapping[str, Mask]) -> bool:
        """Whether the new biases are int32; TFLM's sums are equal modulo 2**32 in any case."""
        _, bias, _ = self._parts(op, masks)
        total = self._folded(op, masks) + (0 if bias is None else bias)
        return bool((total >= INT32_MIN).all() and (total <= INT32_MAX).all())

    def _shares(self, op: Op) -> tuple[NDArray[Any], Mask]:
        """What each column adds to each row's sum [rows, columns], and where that is one number.

        That is where the input is one number at every position, and the taps that lie in the
        padding make no difference.
        """
        if op.output not in self._known:
            self._known[op.output] = self._work_out(op)
        return self._known[op.output]

    def _work_out(self, op: Op) -> tuple[NDArray[Any], Mask]:
        source = self._graph.tensor(op.inputs[0])
        filters = self._graph.tensor(op.inputs[1]).array
        columns = filters.shape[-1]
        bounds = ranges_of(self._graph).values.get(source.name)
        if bounds is None:
            return np.zeros((len(filters), columns), np.int64), np.zeros(columns, np.bool_)
        low, high = (bound.reshape(-1, columns) for bound in bounds)
        constant = (low == high).all(axis=0) & (low == low[0]).all(axis=0)
        values = np.where(constant, low[0] - source.zero_point, 0)
        taps = filters.reshape(filters.shape[0], -1, columns).astype(np.int64)
        if not isinstance(op.attributes, Conv2D) or not any(op.attributes.padding):
            return taps.sum(axis=1) * values, constant
        seen = _taps_seen(op, self._graph)
        candidates = np.flatnonzero(values)
        sums = np.einsum("rtc,kt->krc", taps[..., candidates], seen)
        shares = np.zeros((len(filters), columns), np.int64)
        shares[:, candidates] = sums[0] * values[candidates]
        constant[candidates] &= (sums == sums[0]).all(axis=(0, 1))
        shares[:, ~constant] = 0
        return shares, constant


def _taps_seen(op: Op, graph: Graph) -> Integers:
    """Which taps lie inside the image, for each kind of position: [kinds, taps] of 0 and 1."""
    assert isinstance(op.attributes, Conv2D)
    _, height, width, _ = graph.tensor(op.inputs[0]).shape
    _, rows, columns, _ = graph.tensor(op.inputs[1]).shape
    sizes = graph.tensor(op.output).shape[1:3]
    ones = common.pad_image(np.ones((1, height, width, 1), np.int64), op.attributes.padding, 0)
    taps = [
        seen.reshape(-1)
        for _, _, seen in common.taps(
            ones,
            (rows, columns),
            op.attributes.stride,
            op.attributes.dilation,
            (sizes[0], sizes[1]),
        )
    ]
    kinds: Integers = np.unique(np.stack(taps, axis=1), axis=0)
    return kinds


def _run(graph: Graph) -> Graph:
    every = {
        name: np.ones(channels_of(graph.tensor(name)), np.bool_)
        for op in graph.ops
        for name in op.outputs
    }
    folding = _Folding(graph)
    return without_channels(graph, settle(graph, every, folding.accepts), folding.adjust)


DROP_CONSTANT_CHANNELS = Pass(
    name="drop-constant-channels",
    needs="fold-padding and fuse-clamps: fewer ops between a filter of zeros and its reader",
    gives="dense convolutions and dense layers make and read few channels that are constant, or "
    "that nobody reads: those alone that a border needs, and those that round a number up",
    run=_run,
)
