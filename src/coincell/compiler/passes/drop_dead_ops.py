"""Leave out what no output depends on."""

from __future__ import annotations

from dataclasses import replace

from coincell.compiler.ir import Graph, Op
from coincell.compiler.passes._base import Pass


def _needed(graph: Graph, wanted: set[str]) -> tuple[set[str], list[Op]]:
    """The tensors that `wanted` depend on, and the ops that make them, last to first."""
    needed = set(wanted)
    kept: list[Op] = []
    for op in reversed(graph.ops):
        if needed.intersection(op.outputs):
            needed.update(op.inputs)
            kept.append(op)
    return needed, kept


def _run(graph: Graph) -> Graph:
    """A state is needed where an output depends on it, or another state that is needed does."""
    wanted = set(graph.outputs)
    while True:
        needed, kept = _needed(graph, wanted)
        states = tuple(state for state in graph.states if state.before in needed)
        updated = {state.after for state in states}
        if updated <= wanted:
            return replace(graph, states=states).with_ops(reversed(kept))
        wanted |= updated


DROP_DEAD_OPS = Pass(
    name="drop-dead-ops",
    needs="nothing; last, it also takes what other passes left unused",
    gives="every op and every state is needed for an output",
    run=_run,
)
