"""Build a graph anew without some channels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.compiler.fixed_point import Integers
from coincell.compiler.ir import DType, Graph, Op, Quantization, Tensor
from coincell.compiler.operators import DepthwiseConv2D, FullyConnected
from coincell.compiler.passes._base import NewNames
from coincell.compiler.passes._channels import Mask, Masks, channels_of, links_of, mixes

Filters = tuple[NDArray[Any], Integers | None]
"""A mixing op's filter [outputs, ..., inputs] and its bias [outputs], None where it has none."""

Adjust = Callable[[Op, Masks], Filters]
"""(mixing op, what goes) -> filter and bias that make up for what goes, before they are sliced."""


def without_channels(graph: Graph, masks: Masks, adjust: Adjust) -> Graph:
    """`graph` without the channels in `masks`, which `settle` has found; the same meaning."""
    if not any(mask.any() for mask in masks.values()):
        return graph
    made = [_shrunk(graph.tensor(name), mask) for name, mask in masks.items()]
    slicer = _Slicer(graph, masks, adjust)
    ops = []
    for op in graph.ops:
        constants = slicer.constants(op)
        ops.append(_with_constants(op, constants))
        made += constants.values()
    return graph.with_ops(ops, made)


def input_mask(op: Op, graph: Graph, masks: Masks) -> Mask:
    """Which columns of a mixing op's filter go: a dense layer may read several pixels at once."""
    source = graph.tensor(op.inputs[0])
    mask = masks.get(source.name, np.zeros(channels_of(source), np.bool_))
    if isinstance(op.attributes, FullyConnected):
        return np.tile(mask, graph.tensor(op.inputs[1]).shape[1] // len(mask))
    return mask


def _shrunk(tensor: Tensor, mask: Mask) -> Tensor:
    if not mask.any():
        return tensor
    return replace(tensor, shape=(*tensor.shape[:-1], int((~mask).sum())))


def _with_constants(op: Op, constants: Mapping[int, Tensor]) -> Op:
    """The op with other operands; a bias may be one more than it had."""
    inputs = list(op.inputs)
    for index, tensor in sorted(constants.items()):
        inputs[index : index + 1] = [tensor.name]
    return replace(op, inputs=tuple(inputs))


class _Slicer:
    """Makes the constants that ops read after their channels have gone."""

    def __init__(self, graph: Graph, masks: Masks, adjust: Adjust) -> None:
        self._graph = graph
        self._masks = masks
        self._adjust = adjust
        self._names = NewNames(graph)

    def constants(self, op: Op) -> dict[int, Tensor]:
        """What takes the place of some of the op's operands."""
        nothing = np.zeros(1, np.bool_)
        touched = (*op.inputs, *op.outputs)
        if not any(self._masks.get(name, nothing).any() for name in touched):
            return {}
        if mixes(op, self._graph):
            return self._filters(op)
        live = ~self._masks[op.output]
        sliced: dict[int, Tensor] = {}
        if isinstance(op.attributes, DepthwiseConv2D):
            for index in range(1, len(op.inputs)):
                tensor = self._graph.tensor(op.inputs[index])
                sliced[index] = self._constant(op, tensor, tensor.array[..., live], live)
            return sliced
        for link in links_of(op, self._graph) or ():
            tensor = self._graph.tensor(op.inputs[link.operand])
            if tensor.is_constant:
                values = tensor.array[..., link.inputs[live[link.outputs]]]
                sliced[link.operand] = self._constant(op, tensor, values, live)
        return sliced

    def _filters(self, op: Op) -> dict[int, Tensor]:
        """Filter and bias of an op that mixes channels."""
        filters, bias = self._adjust(op, self._masks)
        made = ~self._masks[op.output]
        read = ~input_mask(op, self._graph, self._masks)
        weights = self._graph.tensor(op.inputs[1])
        sliced = {1: self._constant(op, weights, filters[made][..., read], made)}
        if bias is not None:
            fresh = Tensor("bias", (), DType.INT32)
            tensor = self._graph.tensor(op.inputs[2]) if len(op.inputs) > 2 else fresh
            sliced[2] = self._constant(op, tensor, bias[made], made)
        return sliced

    def _constant(self, op: Op, tensor: Tensor, values: NDArray[Any], live: Mask) -> Tensor:
        """A constant of its own for `op`, with the scales of the channels that live."""
        quantization = tensor.quantization
        if quantization is not None and len(quantization.scales) == len(live) > 1:
            quantization = Quantization(
                tuple(np.array(quantization.scales)[live].tolist()),
                tuple(np.array(quantization.zero_points)[live].tolist()),
                quantization.axis,
            )
        return replace(
            tensor,
            name=self._names.name(f"{tensor.name}_of_{op.output}"),
            shape=values.shape,
            quantization=quantization,
            data=np.ascontiguousarray(values, tensor.dtype.numpy).tobytes(),
        )
