"""Leave out what no output depends on."""

from __future__ import annotations

from coincell.compiler.ir import Graph, Op
from coincell.compiler.passes._base import Pass


def _run(graph: Graph) -> Graph:
    needed = set(graph.outputs)
    kept: list[Op] = []
    for op in reversed(graph.ops):
        if needed.intersection(op.outputs):
            needed.update(op.inputs)
            kept.append(op)
    return graph.with_ops(reversed(kept))


DROP_DEAD_OPS = Pass(
    name="drop-dead-ops",
    needs="nothing; last, it also takes what other passes left unused",
    gives="every op is needed for an output",
    run=_run,
)
