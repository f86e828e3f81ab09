"""A region of a graph that is computed row by row: what stays in memory, where, and for how long.

What is made when stands in `schedule`, where it lies in `layout`. Nothing is computed twice, and
nothing depends on data, so that all is known beforehand, also how far the output may be written
over the input.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from coincell.compiler.ir import EXACTLY_IN_PLACE, Attributes, Graph, Op, Values
from coincell.compiler.streaming.layout import Extent, Item, Overwriting, Window, place_items
from coincell.compiler.streaming.rows import RowOp, row_access, row_bytes, row_op
from coincell.compiler.streaming.schedule import Flow, Stage, schedule
from coincell.compiler.streaming.totals import RowTotal, row_total
from coincell.errors import InternalError

TRIES = 1000
"""Orders of windows that are tried in the search for the least memory."""


@dataclass(frozen=True)
class RowWindow:
    """The rows of one tensor that are in memory, oldest first.

    Attributes:
        tensor: its name.
        flow: when its rows are made.
        height: rows of the image.
        row_bytes: bytes of a row.
        fill: the byte that stands for real zero, in rows outside the image.
        offset: of the window in the region's working memory.
        read_outside: whether rows outside the image are read.
    """

    tensor: str
    flow: Flow
    height: int
    row_bytes: int
    fill: int
    offset: int
    read_outside: bool

    @property
    def kept_bytes(self) -> int:
        """Of the rows that stay from one tick to the next."""
        return self.flow.kept * self.row_bytes

    @property
    def new_bytes(self) -> int:
        """Of the rows of a tick."""
        return self.flow.rows * self.row_bytes


@dataclass(frozen=True)
class Needs:
    """What the kernels that make `rows` rows of an op need.

    Attributes:
        scratch_bytes: working memory.
        overlaps: see `KernelCall.overlaps`.
    """

    scratch_bytes: int = 0
    overlaps: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Streamed(Attributes):
    """A region as one op, for the memory planner: it is computed, never interpreted."""

    kind: ClassVar[str] = "streamed"

    def check(self, op: Op, graph: Graph) -> None:
        """Its ops were checked before."""

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """Never asked for."""
        del op, graph, inputs
        raise InternalError("A streamed region has no meaning of its own.")


@dataclass(frozen=True)
class Region:
    """Ops start to stop - 1 of a graph, computed by rows.

    Attributes:
        start, stop: numbers of the ops.
        ops: in the order of the graph; each makes its rows of a tick in one call or several.
        sources: the whole tensors that it reads.
        sink: the whole tensor that it makes.
        ticks: the first, and one past the last.
        runs: tensor -> the ticks in which rows of it are made.
        flows: of each tensor; of the sink, or of what a total adds up, too.
        windows: by tensor; a source that is copied has one, the sink has none.
        scratch: output of an op -> where its working memory lies in the region's.
        memory_bytes: working memory of all.
        least_bytes: a lower bound of it.
        overlaps: source -> the least distance in bytes from the sink's first byte to the source's
            at which the rows written never reach rows still to be read.
        total: the last op, if it is a mean over all rows.
        sums_offset: where its sums lie in the working memory.
    """

    start: int
    stop: int
    ops: tuple[RowOp, ...]
    sources: tuple[str, ...]
    sink: str
    ticks: tuple[int, int]
    runs: Mapping[str, tuple[int, int]]
    flows: Mapping[str, Flow]
    windows: Mapping[str, RowWindow]
    scratch: Mapping[str, int]
    memory_bytes: int
    least_bytes: int
    overlaps: Mapping[str, int]
    total: RowTotal | None = None
    sums_offset: int = 0

    def as_op(self, graph: Graph) -> Op:
        """The region as one op."""
        place = f"operators {graph.ops[self.start].place} to {graph.ops[self.stop - 1].place}"
        return Op(Streamed(), self.sources, (self.sink,), place)

    def first_read(self, item: RowOp, name: str) -> int:
        """The first row of a tensor that an op reads in tick 0; each tick it is `rows` further."""
        return item.reads[name].first(self.flows[item.op.output].ahead)


NeedsOf = Callable[[RowOp], Needs]


def no_needs(item: RowOp) -> Needs:
    """Of kernels without working memory, which never write over what they read."""
    del item
    return Needs()


def stream_region(
    graph: Graph,
    start: int,
    stop: int,
    needs_of: NeedsOf = no_needs,
    unit: int = 1,
    tries: int = TRIES,
) -> Region | None:
    """Ops start to stop - 1 as a region, or None where they do not make one.

    They do if each can be computed by rows, no one outside reads what lies between them, and only
    the last one's output leaves.

    Args:
        graph: lowered.
        start, stop: of the ops.
        needs_of: of the kernels.
        unit: rows of the last op's output in a tick.
        tries: how hard the least memory is sought.
    """
    stages = _stages(graph, start, stop)
    if stages is None or not _closed(graph, graph.ops[start:stop]):
        return None
    flows = schedule(stages, graph, unit)
    if flows is None:
        return None
    ops = [
        _item(op, graph, unit, last=number == stop - 1)
        for number, op in enumerate(graph.ops[start:stop], start)
    ]
    if not isinstance(ops[-1], RowTotal) and stages[-1].height % unit:
        return None
    return _Builder(graph, start, stop, ops, stages, flows, needs_of, tries).build()


def _stages(graph: Graph, start: int, stop: int) -> list[Stage] | None:
    found = []
    for number in range(start, stop):
        op = graph.ops[number]
        total = row_total(op, graph) if number == stop - 1 else None
        reads = total.reads if total else row_access(op, graph)
        if reads is None:
            return None
        height = total.height if total else graph.tensor(op.output).shape[1]
        found.append(Stage(op.output, reads, height))
    return found or None


def _item(op: Op, graph: Graph, rows: int, last: bool) -> RowOp:
    found = (row_total(op, graph, rows) if last else None) or row_op(op, graph, rows)
    if found is None:
        raise InternalError(f"{op.place} is computed by rows, and is not.")
    return found


def _closed(graph: Graph, ops: Sequence[Op]) -> bool:
    """Whether nothing but the last output is read outside, and all before is read inside."""
    inside = {id(op) for op in ops}
    for op in ops[:-1]:
        readers = graph.consumers[op.output]
        if op.output in graph.kept or not readers or any(id(op) not in inside for op in readers):
            return False
    return True


@dataclass
class _Builder:
    """Puts a region together."""

    graph: Graph
    start: int
    stop: int
    ops: Sequence[RowOp]
    stages: Sequence[Stage]
    flows: Mapping[str, Flow]
    needs_of: NeedsOf
    tries: int
    heights: dict[str, int] = field(default_factory=dict)
    runs: dict[str, tuple[int, int]] = field(default_factory=dict)
    ticks: tuple[int, int] = (0, 0)

    def build(self) -> Region:
        """The region."""
        made = {stage.output for stage in self.stages}
        sources = tuple(name for name in self.flows if name not in made)
        sink = self.stages[-1].output
        self.heights = {name: self.graph.tensor(name).shape[1] for name in sources}
        self.heights |= {stage.output: stage.height for stage in self.stages}
        ticks = {name: flow.ticks(self.heights[name]) for name, flow in self.flows.items()}
        stop = ticks[sink][1]
        self.runs = {name: (first, min(end, stop)) for name, (first, end) in ticks.items()}
        direct = [name for name in sources if not self._read_outside(name)]
        windowed = [name for name in self.flows if name != sink and name not in direct]
        self.ticks = min(self.runs[name][0] for name in (*windowed, sink)), stop
        needs = {item.op.output: self.needs_of(item) for item in self.ops}
        total = self.ops[-1] if isinstance(self.ops[-1], RowTotal) else None
        offsets, size, bound = self._place(windowed, needs, total)
        return Region(
            start=self.start,
            stop=self.stop,
            ops=tuple(self.ops),
            sources=sources,
            sink=sink,
            ticks=self.ticks,
            runs=self.runs,
            flows=self.flows,
            windows={name: self._window(name, offsets[name]) for name in windowed},
            scratch={name: offsets.get(f"scratch {name}", 0) for name in needs},
            memory_bytes=size,
            least_bytes=bound,
            overlaps={name: self._overlap(name, name in direct) for name in sources},
            total=total,
            sums_offset=offsets.get("sums", 0),
        )

    def _reads(self, name: str) -> list[tuple[RowOp, int]]:
        """Who reads a tensor, and the first row in tick 0."""
        return [
            (item, item.reads[name].first(self.flows[item.op.output].ahead))
            for item in self.ops
            if name in item.reads
        ]

    def _read_outside(self, name: str) -> bool:
        """Whether any op reads rows above or below the image."""
        height = self.graph.tensor(name).shape[1]
        for item in self.ops:
            if name in item.reads:
                begin, end = self._made(item)
                access = item.reads[name]
                if access.first(begin) < 0 or access.first(end - 1) + access.taps > height:
                    return True
        return False

    def _made(self, item: RowOp) -> tuple[int, int]:
        """The first row of an op's output that is made, and one past the last.

        They may lie outside the image, as some rows are made at once.
        """
        flow = self.flows[item.op.output]
        height = self.heights[item.op.output]
        stop = min(self.runs[item.op.output][1] * flow.rows + flow.ahead, height)
        return -(-flow.ahead % item.rows), stop + (flow.ahead - stop) % item.rows

    def _window(self, name: str, offset: int) -> RowWindow:
        tensor = self.graph.tensor(name)
        fill = tensor.zero_point & 0xFF if tensor.quantization is not None else 0
        outside = self._read_outside(name)
        height, size = tensor.shape[1], row_bytes(tensor)
        return RowWindow(name, self.flows[name], height, size, fill, offset, outside)

    def _place(
        self, windowed: Sequence[str], needs: Mapping[str, Needs], total: RowTotal | None
    ) -> tuple[dict[str, int], int, int]:
        """Offsets in the region's working memory, its bytes, and a lower bound of them.

        Op i runs at time 2 i + 1; a source is copied just before its first reader.
        """
        times = {item.op.output: 2 * number + 1 for number, item in enumerate(self.ops)}
        end = 2 * len(self.ops)
        windows = {}
        for name in windowed:
            tensor, flow = self.graph.tensor(name), self.flows[name]
            read = [times[item.op.output] for item, _ in self._reads(name)]
            made = times.get(name, min(read) - 1)
            size = row_bytes(tensor)
            alignment = max(4, tensor.dtype.size)
            windows[name] = Window(flow.kept * size, flow.rows * size, made, max(read), alignment)
        working = {
            f"scratch {name}": Item((Extent(times[name], times[name], 0, need.scratch_bytes),))
            for name, need in needs.items()
            if need.scratch_bytes
        }
        if total is not None:
            working["sums"] = Item((Extent(0, end, 0, total.sums_bytes),))
        return place_items(windows, working, self._overwriting(windows, needs), end, self.tries)

    def _overwriting(
        self, windows: Mapping[str, Window], needs: Mapping[str, Needs]
    ) -> dict[tuple[str, str], Overwriting]:
        found = {}
        for item in self.ops:
            target = windows.get(item.op.output)
            for name, distance in needs[item.op.output].overlaps.items():
                source = windows.get(name)
                if target is None or source is None or source.last != target.made:
                    continue
                flow = self.flows[name]
                skipped = item.reads[name].first(self.flows[item.op.output].ahead)
                skipped -= flow.ahead - flow.kept
                size = row_bytes(self.graph.tensor(name))
                read = item.rows * item.reads[name].stride * size
                written = item.rows * row_bytes(self.graph.tensor(item.op.output))
                calls = self.flows[item.op.output].rows // item.rows
                if distance != EXACTLY_IN_PLACE:
                    distance += max(0, (calls - 1) * (written - read))
                elif calls > 1 and written != read:
                    continue
                found[name, item.op.output] = Overwriting(source, target, skipped * size, distance)
        return found

    def _overlap(self, name: str, is_direct: bool) -> int:
        """How far behind the sink's start a source must begin.

        The rows of a source with a window are copied when the window needs them, and read no more.
        """
        tensor, flow = self.graph.tensor(name), self.flows[name]
        sink = self.stages[-1]
        target = self.graph.tensor(sink.output)
        unit = self.flows[sink.output].rows
        distance = 0
        for tick in range(*self.runs[sink.output]):
            written = target.size_bytes * min((tick + 1) * unit, sink.height) // sink.height
            if isinstance(self.ops[-1], RowTotal) and tick < self.ticks[1] - 1:
                written = 0
            row = (tick + 1) * flow.rows + flow.ahead
            if is_direct:
                row = min(
                    (tick + (item.op.output != sink.output)) * flow.rows + first
                    for item, first in self._reads(name)
                )
            read = min(max(row, 0), tensor.shape[1]) * row_bytes(tensor)
            distance = max(distance, written - read)
        return distance
