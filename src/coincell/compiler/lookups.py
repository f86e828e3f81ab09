"""Ops that map each 8-bit value on its own: which they are, and their tables of 256 entries."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from coincell.compiler.ir import DType, Graph, Op

_ALONE = frozenset(("elu", "hard_swish", "leaky_relu", "logistic", "requantize", "tanh"))
_WITH_A_NUMBER = frozenset(
    ("add", "maximum", "minimum", "mul", "prelu", "squared_difference", "sub")
)
_BYTES = (DType.INT8, DType.UINT8)


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
    if source.dtype not in _BYTES or target.dtype not in _BYTES or source.shape != target.shape:
        return None
    alone = op.kind in _ALONE and not numbers
    beside = op.kind in _WITH_A_NUMBER and [number.elements for number in numbers] == [1]
    return source.name if op.kind == "lookup_table" or alone or beside else None


def table_of(op: Op, graph: Graph) -> NDArray[np.int64]:
    """What an op that `looked_up` knows makes of each byte pattern: [256]."""
    if op.kind == "lookup_table":
        return graph.tensor(op.inputs[1]).array.astype(np.int64)
    running = graph.tensor(looked_up(op, graph) or "")
    single = replace(
        graph,
        tensors={name: replace(graph.tensor(name), shape=()) for name in (*op.inputs, op.output)},
        inputs=(),
        outputs=(),
        ops=(),
        states=(),
    )
    patterns = np.arange(256, dtype=np.uint8).view(running.dtype.numpy)
    inputs = [
        patterns if name == running.name else graph.tensor(name).array.reshape(1)
        for name in op.inputs
    ]
    made = op.attributes.interpret(op, single, inputs)
    return made.reshape(256).astype(np.int64)
