"""Compute beforehand what does not depend on the inputs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from coincell.compiler.ir import Graph, Op, Tensor
from coincell.compiler.operators import Shape
from coincell.compiler.passes._base import Pass

_MOST_ELEMENTS = 1 << 16
"""Larger tensors are left to the running model: folding is for shapes and small tables."""


def _is_known(op: Op, tensors: dict[str, Tensor]) -> bool:
    """A shape is known always; anything else where all operands are, and all are small."""
    if isinstance(op.attributes, Shape):
        return True
    small = all(tensors[name].elements <= _MOST_ELEMENTS for name in (*op.inputs, *op.outputs))
    return small and all(tensors[name].is_constant for name in op.inputs)


def _fold(op: Op, tensors: dict[str, Tensor]) -> list[Tensor]:
    """The outputs as constants."""
    around = {name: tensors[name] for name in (*op.inputs, *op.outputs)}
    inputs = [
        tensors[name].array[np.newaxis] if tensors[name].is_constant else np.empty(0)
        for name in op.inputs
    ]
    made = op.attributes.interpret_outputs(op, Graph("folded", around, (), (), ()), inputs)
    return [
        replace(tensors[name], data=values.astype(tensors[name].dtype.numpy).tobytes())
        for name, values in zip(op.outputs, made, strict=True)
    ]


def _run(graph: Graph) -> Graph:
    tensors = dict(graph.tensors)
    kept: list[Op] = []
    for op in graph.ops:
        if _is_known(op, tensors) and graph.kept.isdisjoint(op.outputs):
            tensors |= {tensor.name: tensor for tensor in _fold(op, tensors)}
        else:
            kept.append(op)
    return graph.with_ops(kept, tensors.values())


FOLD_CONSTANTS = Pass(
    name="fold-constants",
    needs="nothing",
    gives="no op reads constants alone, but one that makes an output of the graph",
    run=_run,
)
