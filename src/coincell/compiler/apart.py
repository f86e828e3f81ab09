"""Graphs in which what passes have made one op of two is two again.

What one op computes is proved of its parts: ranges of sums and values are those of this graph.
"""

from __future__ import annotations

import weakref
from collections.abc import Collection

from coincell.compiler.ir import Graph, Op, Tensor
from coincell.compiler.operators import Conv2DAdd

_known: dict[int, tuple[weakref.ref[Graph], Graph]] = {}


def taken_apart(graph: Graph) -> Graph:
    """`graph`, each convolution with an addend as a CONV_2D and an ADD; itself where none has.

    Made once for each graph that is alive; what lies between has a name of its own.
    """
    fused = fused_outputs(graph)
    if not fused:
        return graph
    key = id(graph)
    if key not in _known or _known[key][0]() is not graph:
        reference = weakref.ref(graph, lambda _: _known.pop(key, None))
        _known[key] = reference, taken_apart_at(graph, fused)
    return _known[key][1]


def parts_of(op: Op, graph: Graph) -> tuple[Op, Op]:
    """The CONV_2D and the ADD that `op` of `graph` is in `taken_apart(graph)`."""
    apart = taken_apart(graph)
    addition = apart.producers[op.output]
    return apart.producers[addition.inputs[0]], addition


def fused_outputs(graph: Graph) -> tuple[str, ...]:
    """What ops make that are two in one, in the order of the graph."""
    fused = (op.output for op in graph.ops if isinstance(op.attributes, Conv2DAdd))
    return tuple(dict.fromkeys(fused))


def taken_apart_at(graph: Graph, outputs: Collection[str]) -> Graph:
    """`graph`, of which the ops that make some of its `fused_outputs` are two again."""
    ops: list[Op] = []
    names: dict[str, str] = {}
    tensors: dict[str, Tensor] = {}
    for op in graph.ops:
        if not isinstance(op.attributes, Conv2DAdd) or op.output not in outputs:
            ops.append(op)
            continue
        between = names.get(op.output, f"{op.output}_before_adding")
        while op.output not in names and between in graph.tensors:
            between += "_"
        names[op.output] = between  # an op of rows stands there often
        convolution, addition, tensors[between] = op.attributes.parts(op, graph, between)
        ops += (convolution, addition)
    return graph.with_ops(ops, tensors.values())
