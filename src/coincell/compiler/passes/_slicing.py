"""Build a graph anew without some channels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.compiler.fixed_point import Integers
from coincell.compiler.ir import DType, Graph, Op, Quantization, Tensor
from coincell.compiler.operators import DepthwiseConv2D, FullyConnected
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
    ops = []
    for op in graph.ops:
        sliced, constants = _sliced(op, graph, masks, adjust)
        ops.append(sliced)
        made += constants
    return graph.with_ops(ops, made)


def _shrunk(tensor: Tensor, mask: Mask) -> Tensor:
    if not mask.any():
        return tensor
    return replace(tensor, shape=(*tensor.shape[:-1], int((~mask).sum())))


def _sliced(op: Op, graph: Graph, masks: Masks, adjust: Adjust) -> tuple[Op, list[Tensor]]:
    """The op with sliced constants, and these."""
    nothing = np.zeros(1, np.bool_)
    touched = (*op.inputs, *op.outputs)
    if not any(masks.get(name, nothing).any() for name in touched):
        return op, []
    if mixes(op, graph):
        return _sliced_filters(op, graph, masks, adjust)
    live = ~masks[op.output]
    constants: dict[int, Tensor] = {}
    if isinstance(op.attributes, DepthwiseConv2D):
        for index in range(1, len(op.inputs)):
            tensor = graph.tensor(op.inputs[index])
            constants[index] = _constant(op, tensor, tensor.array[..., live], live)
    else:
        for link in links_of(op, graph) or ():
            tensor = graph.tensor(op.inputs[link.operand])
            if tensor.is_constant:
                values = tensor.array[..., link.inputs[live[link.outputs]]]
                constants[link.operand] = _constant(op, tensor, values, live)
    return _with_constants(op, constants)


def _sliced_filters(op: Op, graph: Graph, masks: Masks, adjust: Adjust) -> tuple[Op, list[Tensor]]:
    filters, bias = adjust(op, masks)
    made = ~masks[op.output]
    read = ~input_mask(op, graph, masks)
    weights = graph.tensor(op.inputs[1])
    constants = {1: _constant(op, weights, filters[made][..., read], made)}
    if bias is not None:
        tensor = (
            graph.tensor(op.inputs[2])
            if len(op.inputs) > 2
            else Tensor(f"{op.output}_bias", (), DType.INT32)
        )
        constants[2] = _constant(op, tensor, bias[made], made)
    return _with_constants(op, constants)


def input_mask(op: Op, graph: Graph, masks: Masks) -> Mask:
    """Which columns of a mixing op's filter go: a dense layer may read several pixels at once."""
    source = graph.tensor(op.inputs[0])
    mask = masks.get(source.name, np.zeros(channels_of(source), np.bool_))
    if isinstance(op.attributes, FullyConnected):
        return np.tile(mask, graph.tensor(op.inputs[1]).shape[1] // len(mask))
    return mask


def _constant(op: Op, tensor: Tensor, values: NDArray[Any], live: Mask) -> Tensor:
    """A constant of its own for `op`, with the scales of the channels that live."""
    quantization = tensor.quantization
    if quantization is not None and len(quantization.scales) == len(live) > 1:
        quantization = Quantization(
            tuple(np.array(quantization.scales)[live].tolist()),
            tuple(np.array(quantization.zero_points)[live].tolist()),
            quantization.axis,
        )
    data = np.ascontiguousarray(values, tensor.dtype.numpy).tobytes()
    name = f"{tensor.name}_of_{op.output}"
    return replace(tensor, name=name, shape=values.shape, quantization=quantization, data=data)


def _with_constants(op: Op, constants: dict[int, Tensor]) -> tuple[Op, list[Tensor]]:
    inputs = list(op.inputs)
    for index, tensor in sorted(constants.items()):
        inputs[index : index + 1] = [tensor.name]
    return replace(op, inputs=tuple(inputs)), list(constants.values())
