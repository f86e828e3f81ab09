"""What a pass is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from coincell.compiler.ir import Graph, Op, Tensor


@dataclass(frozen=True)
class Pass:
    """A named step of the lowering: takes any legal graph, gives a legal one of the same meaning.

    Attributes:
        name: as it stands in traces.
        needs: what must hold before it can do all it does; it is correct without.
        gives: what holds afterwards.
        run: the pass itself.
    """

    name: str
    needs: str
    gives: str
    run: Callable[[Graph], Graph]


class NewNames:
    """Names for new tensors of a graph; whatever a file calls its tensors, they are free."""

    def __init__(self, graph: Graph) -> None:
        self._taken = set(graph.tensors)

    def name(self, wanted: str) -> str:
        """`wanted`, or `wanted` with the first number that makes it free; taken from now on."""
        name, number = wanted, 2
        while name in self._taken:
            name, number = f"{wanted}_{number}", number + 1
        self._taken.add(name)
        return name


def op_by_op(
    replaced: Callable[[Op, Graph, NewNames], tuple[list[Op], list[Tensor]]],
) -> Callable[[Graph], Graph]:
    """What a pass runs that looks at one op at a time.

    Args:
        replaced: (op, its graph, free names) -> the ops in its place, and their new tensors.
    """

    def run(graph: Graph) -> Graph:
        ops: list[Op] = []
        tensors: list[Tensor] = []
        names = NewNames(graph)
        for op in graph.ops:
            made, new = replaced(op, graph, names)
            ops += made
            tensors += new
        return graph.with_ops(ops, tensors)

    return run
