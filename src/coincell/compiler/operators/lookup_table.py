"""A table of 256 entries: what passes make of ops that map each 8-bit value on its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from coincell.compiler.ir import Attributes, Graph, KernelCall, Op, Values
from coincell.compiler.operators import common


@dataclass(frozen=True)
class LookupTable(Attributes):
    """Inputs: any 8-bit tensor, and a constant [256] that its bytes, unsigned, are places in.

    No file has it; the pass merge-lookups makes it.
    """

    kind: ClassVar[str] = "lookup_table"
    pointwise: ClassVar[bool] = True
    by_rows: ClassVar[bool] = True

    def check(self, op: Op, graph: Graph) -> None:
        """8-bit in and out, the same shape, and a whole table of the output's type."""
        common.require_count(op, 2, 2)
        source, table, target = (graph.tensor(name) for name in (*op.inputs, op.output))
        for tensor in (source, target):
            op.require(
                tensor.dtype in common.BYTES,
                f"needs 8-bit integers, not {tensor.dtype.value}",
            )
        op.require(
            table.is_constant and table.shape == (256,) and table.dtype is target.dtype,
            f"needs a constant table of 256 {target.dtype.value}",
        )
        common.require_shape(op, graph, source.shape)

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """The entry at each byte."""
        del op, graph
        places: Values = np.ascontiguousarray(inputs[0]).view(np.uint8)
        entries: Values = inputs[1].reshape(256)
        result: Values = entries[places]
        return result

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """coincell_lookup_table, which may write over what it reads."""
        source, table = (graph.tensor(name) for name in op.inputs)
        entries = table.array.view(np.int8)
        call = KernelCall(
            "lookup_table",
            {"count": source.elements},
            (source.name, ("table", entries), op.output),
            overlaps={source.name: 0},
        )
        return (call,)
