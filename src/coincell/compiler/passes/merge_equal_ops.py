"""Compute once what is computed twice: equal ops on equal operands, and equal constants."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

from coincell.compiler.ir import Graph, Op, Tensor
from coincell.compiler.passes._base import Pass


def _described(tensor: Tensor) -> Hashable:
    """What a tensor is, but for its names."""
    return tensor.shape, tensor.dtype, tensor.quantization, tensor.data


def _run(graph: Graph) -> Graph:
    stands_for: dict[str, str] = {}  # a name that is gone -> the one that takes its place
    first: dict[Hashable, str] = {}
    for name, tensor in graph.tensors.items():
        if tensor.is_constant:
            stands_for[name] = first.setdefault(_described(tensor), name)
    made: dict[Hashable, Op] = {}
    kept: list[Op] = []
    for op in graph.ops:
        inputs = tuple(stands_for.get(name, name) for name in op.inputs)
        outputs = tuple(_described(graph.tensor(name)) for name in op.outputs)
        key = (type(op.attributes), op.attributes, inputs, outputs)
        same = made.get(key)
        if same is not None and graph.kept.isdisjoint(op.outputs):
            stands_for |= dict(zip(op.outputs, same.outputs, strict=True))
            continue
        made.setdefault(key, op)
        kept.append(replace(op, inputs=inputs))
    return graph.with_ops(kept)


MERGE_EQUAL_OPS = Pass(
    name="merge-equal-ops",
    needs="drop-shape-operands: reshapes that differ in a constant they do not need",
    gives="no two equal constants, and no two equal ops on equal operands, but at an output of the "
    "graph",
    run=_run,
)
