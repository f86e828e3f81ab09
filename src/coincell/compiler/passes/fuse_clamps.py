"""Let the op before a stand-alone RELU or RELU6 do its clamping."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from coincell.compiler.ir import Graph, Op
from coincell.compiler.operators import Requantize
from coincell.compiler.passes._base import Pass


def _pure_clamp_after(op: Op, graph: Graph) -> Op | None:
    """The pure clamp that is the only reader of `op`, if there is one.

    A pure clamp keeps type and quantization, so that its rescaling is the identity.
    """
    reader = graph.only_consumer(op.output)
    if reader is None or not isinstance(reader.attributes, Requantize):
        return None
    before, after = graph.tensor(op.output), graph.tensor(reader.output)
    same = before.quantization == after.quantization and before.dtype is after.dtype
    return reader if same else None


def _fused(op: Op, clamp: Op) -> Op | None:
    """Both in one; None where `op` cannot clamp or the two ranges do not meet."""
    attributes: Any = op.attributes
    if not hasattr(attributes, "clamp") or not isinstance(clamp.attributes, Requantize):
        return None
    low = max(attributes.clamp[0], clamp.attributes.clamp[0])
    high = min(attributes.clamp[1], clamp.attributes.clamp[1])
    if low > high:
        return None
    return replace(op, attributes=replace(attributes, clamp=(low, high)), outputs=clamp.outputs)


def _run(graph: Graph) -> Graph:
    kept: list[Op] = []
    gone: set[tuple[str, ...]] = set()  # outputs of the clamps that an op before them has taken
    for op in graph.ops:
        if op.outputs in gone:
            continue
        current = op
        while (clamp := _pure_clamp_after(current, graph)) is not None:
            fused = _fused(current, clamp)
            if fused is None:
                break
            current = fused
            gone.add(clamp.outputs)
        kept.append(current)
    return graph.with_ops(kept)


FUSE_CLAMPS = Pass(
    name="fuse-clamps",
    needs="nothing",
    gives="no pure clamp reads an op that can clamp and has no other reader",
    run=_run,
)
