"""Let the op before a stand-alone RELU or RELU6 do its clamping."""

from __future__ import annotations

from dataclasses import replace

from coincell.compiler.ir import Graph, Op
from coincell.compiler.operators import (
    Add,
    AveragePool2D,
    Conv2D,
    DepthwiseConv2D,
    FullyConnected,
    MaxPool2D,
    Requantize,
)
from coincell.compiler.passes._base import Pass

_CLAMPING = (
    Add,
    AveragePool2D,
    Conv2D,
    DepthwiseConv2D,
    FullyConnected,
    MaxPool2D,
    Requantize,
)


def _fused(op: Op, graph: Graph) -> tuple[Op, Op] | None:
    """(the op that clamps, both in one) if `op` only feeds a pure clamp and clamps itself.

    A pure clamp keeps type and quantization, so that rescaling is the identity; what is left,
    max(min(x)), joins with the op's own range if the two ranges meet.
    """
    reader = graph.only_consumer(op.output)
    if reader is None or not isinstance(reader.attributes, Requantize):
        return None
    if not isinstance(op.attributes, _CLAMPING):
        return None
    before, after = graph.tensor(op.output), graph.tensor(reader.output)
    if before.quantization != after.quantization or before.dtype is not after.dtype:
        return None
    low = max(op.attributes.clamp[0], reader.attributes.clamp[0])
    high = min(op.attributes.clamp[1], reader.attributes.clamp[1])
    if low > high:
        return None
    fused = replace(
        op, attributes=replace(op.attributes, clamp=(low, high)), outputs=reader.outputs
    )
    return reader, fused


def _run(graph: Graph) -> Graph:
    for op in graph.ops:
        found = _fused(op, graph)
        if found is not None:
            gone, fused = found
            ops = (fused if other is op else other for other in graph.ops if other is not gone)
            return _run(graph.with_ops(ops))
    return graph


FUSE_CLAMPS = Pass(
    name="fuse-clamps",
    needs="nothing",
    gives="no pure clamp reads an op that can clamp and has no other reader",
    run=_run,
)
