"""Let RESHAPE forget the operand that repeats its output's shape."""

from __future__ import annotations

from dataclasses import replace

from coincell.compiler.ir import Graph, Op
from coincell.compiler.operators import Reshape
from coincell.compiler.passes._base import Pass


def _without_shape(op: Op, graph: Graph) -> Op:
    """The op without a constant second operand; the verifier has compared it with the output."""
    known = (
        isinstance(op.attributes, Reshape)
        and len(op.inputs) == 2
        and graph.tensor(op.inputs[1]).is_constant
    )
    return replace(op, inputs=op.inputs[:1]) if known else op


def _run(graph: Graph) -> Graph:
    return graph.with_ops(_without_shape(op, graph) for op in graph.ops)


DROP_SHAPE_OPERANDS = Pass(
    name="drop-shape-operands",
    needs="fold-constants: a shape that is computed from an open batch has become a constant",
    gives="reshape has one input, unless its shape depends on data",
    run=_run,
)
