"""One transpose for a chain of them, none where they cancel, a reshape where no byte moves."""

from __future__ import annotations

from dataclasses import replace

from coincell.compiler.ir import Graph, Op
from coincell.compiler.operators import Reshape, Transpose
from coincell.compiler.passes._base import Pass


def _moves_nothing(op: Op, graph: Graph) -> bool:
    """Whether the dimensions of more than 1 keep their order."""
    assert isinstance(op.attributes, Transpose)
    shape = graph.tensor(op.inputs[0]).shape
    moved = [axis for axis in op.attributes.order if shape[axis] > 1]
    return moved == sorted(moved)


def _joined(op: Op, producer: Op | None) -> Op:
    """`op` reading what the transpose before it reads."""
    if producer is None or not isinstance(producer.attributes, Transpose):
        return op
    assert isinstance(op.attributes, Transpose)
    order = tuple(producer.attributes.order[axis] for axis in op.attributes.order)
    return replace(op, attributes=Transpose(order), inputs=producer.inputs)


def _run(graph: Graph) -> Graph:
    made: dict[str, Op] = {}
    kept: list[Op] = []
    for op in graph.ops:
        current = op
        if isinstance(op.attributes, Transpose):
            current = _joined(op, made.get(op.inputs[0]))
            made[op.output] = current
            if _moves_nothing(current, graph):
                current = replace(current, attributes=Reshape())
        kept.append(current)
    return graph.with_ops(kept)


MERGE_TRANSPOSES = Pass(
    name="merge-transposes",
    needs="nothing",
    gives="no transpose of a transpose, and none that moves no byte: those are reshapes, for "
    "merge-reshapes; transposes left without a reader are for drop-dead-ops",
    run=_run,
)
