"""Which kernels compute each op for a target, and which ops are streamed row by row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from coincell.compiler.dsp import DSP_KERNELS
from coincell.compiler.ir import Graph, KernelCall, Op
from coincell.compiler.streaming import Region, RowOp, RowTotal
from coincell.compiler.targets import Target


@dataclass(frozen=True)
class Kernels:
    """An op, and the calls that compute it.

    Attributes:
        op: what is computed: all of it, or in a region some rows.
        calls: in the order in which they run.
    """

    op: Op
    calls: tuple[KernelCall, ...]

    @property
    def scratch_bytes(self) -> int:
        """Working memory: calls run one after another and share it."""
        return max((call.scratch_bytes for call in self.calls), default=0)

    @property
    def overlaps(self) -> Mapping[str, int]:
        """Inputs that may share memory with the output; see `KernelCall.overlaps`.

        Of several calls, what a later one reads must not be overwritten by the first.
        """
        if not self.calls or len(self.op.outputs) != 1:
            return {}
        first, *others = self.calls
        later = {name for call in others for name in call.arguments if isinstance(name, str)}
        return {name: far for name, far in first.overlaps.items() if name not in later}


@dataclass(frozen=True)
class Step:
    """Something that runs from beginning to end before the next: an op, or a streamed region.

    Attributes:
        index: of the op in the planned graph, where a region is one op.
        op: that op.
        kernels: of the op, or of every op in the region.
        region: what is streamed, if anything.
    """

    index: int
    op: Op
    kernels: tuple[Kernels, ...]
    region: Region | None = None

    @property
    def calls(self) -> tuple[KernelCall, ...]:
        """All calls of all kernels."""
        return tuple(call for item in self.kernels for call in item.calls)

    @property
    def scratch_bytes(self) -> int:
        """Working memory: of a region, or of the kernels, which share it."""
        if self.region:
            return self.region.memory_bytes
        return max((item.scratch_bytes for item in self.kernels), default=0)

    @property
    def overlaps(self) -> Mapping[str, int]:
        """Inputs that may share memory with the output; see `KernelCall.overlaps`."""
        return self.region.overlaps if self.region else self.kernels[0].overlaps


@dataclass(frozen=True)
class Selection:
    """What runs, in order.

    Attributes:
        graph: as memory is planned for it: a streamed region is one op, and what lies within it
            is no tensor of the graph.
        steps: ops that only rename bytes have none.
    """

    graph: Graph
    steps: tuple[Step, ...]

    def step(self, index: int) -> Step:
        """The step of op `index` of the planned graph."""
        return next(step for step in self.steps if step.index == index)


class KernelTable:
    """The kernels of each op of a graph, whole and row by row, each chosen once.

    Raises:
        ModelError: an op has no kernel; it is named with its place.
    """

    def __init__(self, graph: Graph, target: Target, optimize: str) -> None:
        self.graph = graph
        self._target = target
        self._optimize = optimize
        self._known: dict[tuple[int, int], Kernels] = {}

    def in_order_of(self, graph: Graph) -> KernelTable:
        """The same kernels for the same ops in another order."""
        table = KernelTable(graph, self._target, self._optimize)
        table._known = self._known
        return table

    def whole(self, op: Op) -> Kernels:
        """Of an op of the graph."""
        return self._find(op, op, self.graph, rows=0)

    def of_rows(self, item: RowOp) -> Kernels:
        """Of some rows of an op of the graph."""
        if isinstance(item, RowTotal):
            return Kernels(item.op, (item.call,))
        return self._find(item.op, item.row, item.graph, item.rows)

    def _find(self, op: Op, computed: Op, graph: Graph, rows: int) -> Kernels:
        key = (id(op), rows)
        if key not in self._known:
            self._known[key] = Kernels(computed, self._calls(computed, graph))
        return self._known[key]

    def _calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        if self._target.dsp:
            for candidate in DSP_KERNELS.get(op.kind, ()):
                calls = candidate(op, graph, self._optimize)
                if calls is not None:
                    return calls
        return op.attributes.kernel_calls(op, graph)


def select(table: KernelTable, regions: tuple[Region, ...] = ()) -> Selection:
    """The steps of a lowered graph.

    Args:
        table: the kernels of the graph.
        regions: what is streamed, in the order of the graph, without overlap.
    """
    graph = table.graph
    starts = {region.start: region for region in regions}
    inside = {number for region in regions for number in range(region.start, region.stop)}
    ops: list[Op] = []
    steps: list[Step] = []
    for number, op in enumerate(graph.ops):
        if number in starts:
            region = starts[number]
            kernels = tuple(table.of_rows(item) for item in region.ops)
            ops.append(region.as_op(graph))
            steps.append(Step(len(ops) - 1, ops[-1], kernels, region))
        elif number not in inside:
            ops.append(op)
            if not op.attributes.aliases_input:
                steps.append(Step(len(ops) - 1, op, (table.whole(op),)))
    return Selection(graph.with_ops(ops) if regions else graph, tuple(steps))
