"""Compute beforehand what does not depend on the inputs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from coincell.compiler.ir import Graph, Op, Tensor
from coincell.compiler.operators import Shape
from coincell.compiler.passes._base import Pass


def _is_known(op: Op, tensors: dict[str, Tensor]) -> bool:
    """A shape is known always; anything else where all operands are."""
    return isinstance(op.attributes, Shape) or all(tensors[n].is_constant for n in op.inputs)


def _fold(op: Op, graph: Graph, tensors: dict[str, Tensor]) -> Tensor:
    """The output as a constant."""
    inputs = [
        tensors[name].array[np.newaxis] if tensors[name].is_constant else np.empty(0)
        for name in op.inputs
    ]
    target = tensors[op.output]
    values = op.attributes.interpret(op, graph, inputs)
    return replace(target, data=values.astype(target.dtype.numpy).tobytes())


def _run(graph: Graph) -> Graph:
    tensors = dict(graph.tensors)
    kept: list[Op] = []
    for op in graph.ops:
        if _is_known(op, tensors) and op.output not in graph.outputs:
            tensors[op.output] = _fold(op, replace(graph, tensors=tensors), tensors)
        else:
            kept.append(op)
    return graph.with_ops(kept, tensors.values())


FOLD_CONSTANTS = Pass(
    name="fold-constants",
    needs="nothing",
    gives="no op reads constants alone, but one that makes an output of the graph",
    run=_run,
)
