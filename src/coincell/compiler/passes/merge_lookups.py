"""Let one table do for a chain of ops that map each 8-bit value on its own.

QUANTIZE after QUANTIZE, an activation between two quantizations, a factor or an addend of one
element: each is a table of 256 entries, and so is one after the other, also where DEQUANTIZE and
QUANTIZE have functions of floats between them. A table that changes no value that can occur goes
altogether.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.compiler.ir import Graph, Op, Tensor
from coincell.compiler.lookups import looked_up, table_of
from coincell.compiler.operators import Dequantize, FloatFunction, LookupTable, Quantize, common
from coincell.compiler.passes._base import NewNames, Pass
from coincell.compiler.ranges import whole_range


def _merged(first: Op, second: Op, graph: Graph) -> tuple[Op, Tensor]:
    """Both as one op, and its table; the second is the only one that reads the first."""
    table = table_of(second, graph)[table_of(first, graph) & 255]
    return _looking_up(second, looked_up(first, graph) or "", table, graph)


def _looking_up(op: Op, source: str, table: NDArray[Any], graph: Graph) -> tuple[Op, Tensor]:
    """An op that makes what `op` makes, from a table for the bytes of `source`; and the table."""
    target = graph.tensor(op.output)
    tensor = Tensor(
        NewNames(graph).name(f"{op.output}_table"),
        (256,),
        target.dtype,
        data=table.astype(target.dtype.numpy).tobytes(),
    )
    return replace(op, attributes=LookupTable(), inputs=(source, tensor.name)), tensor


def _from_floats(last: Op, graph: Graph) -> tuple[Op, Tensor] | None:
    """A QUANTIZE that ends a chain from a DEQUANTIZE on as one op, and its table."""
    if not isinstance(last.attributes, Quantize):
        return None
    chain, first = [last], graph.producers.get(last.inputs[0])
    while first is not None and isinstance(first.attributes, FloatFunction):
        chain.append(first)
        first = graph.producers.get(first.inputs[0])
    if first is None or not isinstance(first.attributes, Dequantize):
        return None
    source = graph.tensor(first.inputs[0])
    if not {source.dtype, graph.tensor(last.output).dtype} <= set(common.BYTES):
        return None
    values = np.arange(256, dtype=np.uint8).view(source.dtype.numpy)
    for op in (first, *reversed(chain)):
        values = op.attributes.interpret(op, graph, [values])
    return _looking_up(last, source.name, values, graph)


def _without_floats(graph: Graph) -> Graph:
    """Floats that nobody reads any more are left for drop-dead-ops."""
    for op in graph.ops:
        made = _from_floats(op, graph)
        if made is not None:
            short, table = made
            graph = graph.with_ops((short if each is op else each for each in graph.ops), [table])
    return graph


def _with_merged_chains(graph: Graph) -> Graph:
    while True:
        for second in graph.ops:
            between = looked_up(second, graph)
            first = graph.producers.get(between or "")
            if first is None or between is None or looked_up(first, graph) is None:
                continue
            if graph.only_consumer(between) is None:
                continue
            made, table = _merged(first, second, graph)
            kept = [made if op is second else op for op in graph.ops if op is not first]
            graph = graph.with_ops(kept, [table])
            break
        else:
            return graph


def _changes_nothing(op: Op, graph: Graph) -> bool:
    """Whether the output is the input, type and quantization included, for all that can occur."""
    name = looked_up(op, graph)
    if name is None:
        return False
    source, target = graph.tensor(name), graph.tensor(op.output)
    if source.dtype is not target.dtype or source.quantization != target.quantization:
        return False
    low, high = whole_range(name, graph)
    values = np.arange(low, high + 1)
    return bool((table_of(op, graph)[values & 255] == values).all())


def _without_idle_ones(graph: Graph) -> Graph:
    """Readers read the input instead; an op that makes an output of the graph stays."""
    stands_for: dict[str, str] = {}
    kept: list[Op] = []
    for op in graph.ops:
        if op.output not in graph.kept and _changes_nothing(op, graph):
            source = looked_up(op, graph) or ""
            stands_for[op.output] = stands_for.get(source, source)
        else:
            kept.append(replace(op, inputs=tuple(stands_for.get(name, name) for name in op.inputs)))
    return graph.with_ops(kept) if stands_for else graph


def _run(graph: Graph) -> Graph:
    return _with_merged_chains(_without_idle_ones(_without_floats(graph)))


MERGE_LOOKUPS = Pass(
    name="merge-lookups",
    needs="fuse-clamps: a clamp in the op before it is cheaper than a table",
    gives="no op that maps each 8-bit value on its own reads another that has no other reader, and "
    "none that changes nothing, but at an output of the graph; no QUANTIZE to 8 bits ends a chain "
    "of functions of floats that begins with a DEQUANTIZE of 8 bits",
    run=_run,
)
