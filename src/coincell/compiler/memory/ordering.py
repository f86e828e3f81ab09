"""The order of ops where a graph branches: which branch runs first decides what is live beside it.

All orders that the data allows are searched for the one whose largest sum of live tensors is least
(Liberis and Lane, arXiv 1910.05110, search the same space), the most promising first, so that the
first complete one is the best. What shares memory is not known yet; who calls compares plans.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import replace

from coincell.compiler.ir import Graph, Op

_MOST_WORK = 100_000
"""Sets of finished ops that are looked at, times the ops in the graph: each set takes as long as
there are ops. Beyond that the order is left as it is."""


def reordered(graph: Graph) -> Graph:
    """`graph` with its ops in the order that keeps least alive; itself where that is the same."""
    search = _Search(graph)
    order = search.run() if search.branches else None
    if order is None or search.peak(order) >= search.peak(range(len(graph.ops))):
        return graph
    return replace(graph, ops=tuple(graph.ops[number] for number in order))


class _Search:
    """Sets of finished ops, as bits of an integer, and what is live after each."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._sizes = {
            name: tensor.size_bytes
            for name, tensor in graph.tensors.items()
            if not tensor.is_constant
        }
        makers = {name: number for number, op in enumerate(graph.ops) for name in op.outputs}
        self._needs = [
            sum({1 << makers[name] for name in op.inputs if name in makers}) for op in graph.ops
        ]
        self._readers = {
            name: sum(1 << number for number, op in enumerate(graph.ops) if name in op.inputs)
            for name in self._sizes
        }
        self._forever = graph.kept | {state.before for state in graph.states}

    @property
    def branches(self) -> bool:
        """Whether there is more than one order at all."""
        done = 0
        for number in range(len(self._needs)):
            if len(list(self._ready(done))) > 1:
                return True
            done |= 1 << number
        return False

    def run(self) -> tuple[int, ...] | None:
        """The best order, or None where there are too many to look at."""
        everything = (1 << len(self._needs)) - 1
        queue: list[tuple[int, int, tuple[int, ...], int]] = [(0, 0, (), 0)]
        seen: set[int] = set()
        while queue and len(seen) * len(self._needs) < _MOST_WORK:
            peak, _, order, done = heapq.heappop(queue)
            if done == everything:
                return order
            if done in seen:
                continue
            seen.add(done)
            live = self._live(done)
            for number in self._ready(done):
                higher = max(peak, live + self._made(self._graph.ops[number]))
                after = done | 1 << number
                if after not in seen:
                    heapq.heappush(queue, (higher, -len(order), (*order, number), after))
        return None

    def peak(self, order: range | tuple[int, ...]) -> int:
        """The most bytes live at one time."""
        done, most = 0, 0
        for number in order:
            most = max(most, self._live(done) + self._made(self._graph.ops[number]))
            done |= 1 << number
        return most

    def _ready(self, done: int) -> Iterator[int]:
        """Ops that may run next."""
        for number, needs in enumerate(self._needs):
            if not done >> number & 1 and needs & ~done == 0:
                yield number

    def _live(self, done: int) -> int:
        """Bytes of what is there and still read, or wanted at the end."""
        there = {*self._graph.inputs, *(state.before for state in self._graph.states)}
        for number, op in enumerate(self._graph.ops):
            if done >> number & 1:
                there.update(op.outputs)
        return sum(
            self._sizes.get(name, 0)
            for name in there
            if name in self._forever or self._readers.get(name, 0) & ~done
        )

    def _made(self, op: Op) -> int:
        """Bytes that an op adds while it runs; one that only renames adds none."""
        if op.attributes.aliases_input:
            return 0
        return sum(self._sizes.get(name, 0) for name in op.outputs)
