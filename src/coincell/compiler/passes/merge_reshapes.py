"""Take out reshapes that change nothing, and let one do for a chain of them."""

from __future__ import annotations

from dataclasses import replace

from coincell.compiler.ir import Graph, Op
from coincell.compiler.operators import Reshape
from coincell.compiler.passes._base import Pass


def _run(graph: Graph) -> Graph:
    origin: dict[str, str] = {}  # what a reshape makes -> the tensor whose bytes these are
    stands_for: dict[str, str] = {}  # a name that is gone -> the one that takes its place
    kept: list[Op] = []
    for op in graph.ops:
        inputs = tuple(stands_for.get(name, name) for name in op.inputs)
        if isinstance(op.attributes, Reshape) and len(inputs) == 1:
            source = origin.get(inputs[0], inputs[0])
            same_shape = graph.tensor(source).shape == graph.tensor(op.output).shape
            if same_shape and op.output not in graph.kept:
                stands_for[op.output] = source
                continue
            origin[op.output] = source
            inputs = (source,)
        kept.append(replace(op, inputs=inputs))
    return graph.with_ops(_read(kept, graph))


def _read(ops: list[Op], graph: Graph) -> list[Op]:
    """All but the reshapes that nobody reads; none of those that are left reads another."""
    used = graph.kept.union(*(op.inputs for op in ops))
    return [
        op
        for op in ops
        if not isinstance(op.attributes, Reshape) or not used.isdisjoint(op.outputs)
    ]


MERGE_RESHAPES = Pass(
    name="merge-reshapes",
    needs="drop-shape-operands",
    gives="no reshape of a reshape, and none that keeps the shape, but at an output or a state; "
    "none that nobody reads",
    run=_run,
)
