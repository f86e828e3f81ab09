"""Ops that map each 8-bit value on its own: which they are, and their tables of 256 entries."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coincell.compiler.ir import Graph, Op
from coincell.compiler.operators import Broadcasting, LookupTable, common


def looked_up(op: Op, graph: Graph) -> str | None:
    """The activation that a table would be looked up for, or None where no table does the op.

    That is the only input, or the one beside a constant of one element.
    """
    if len(op.outputs) != 1:
        return None
    running = [name for name in op.inputs if not graph.tensor(name).is_constant]
    numbers = [graph.tensor(name) for name in op.inputs if graph.tensor(name).is_constant]
    if len(running) != 1 or op.inputs.count(running[0]) != 1:
        return None
    source, target = graph.tensor(running[0]), graph.tensor(op.output)
    if not {source.dtype, target.dtype} <= set(common.BYTES) or source.shape != target.shape:
        return None
    repeats = isinstance(op.attributes, Broadcasting)
    beside = repeats and [number.elements for number in numbers] == [1]
    return source.name if op.attributes.pointwise or beside else None


def table_of(op: Op, graph: Graph) -> NDArray[np.int64]:
    """What an op that `looked_up` knows makes of each byte pattern: [256]."""
    if isinstance(op.attributes, LookupTable):
        return graph.tensor(op.inputs[1]).array.astype(np.int64)
    return common.byte_table(op, graph, looked_up(op, graph) or "").astype(np.int64)
