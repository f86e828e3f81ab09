"""A region of a graph that is computed row by row: what stays in memory, and for how long.

The last op of a region makes its output row after row; before each, the rows that it reads are made
by the ops before it, and so on. Each tensor between two ops is a window of consecutive rows: a new
row pushes the oldest out. Nothing is computed twice. The schedule does not depend on data, so it is
played through here, which tells how many rows each window needs, and how far the output may be
written over the input.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from coincell.compiler.ir import Attributes, Graph, Op, Tensor, Values, aligned
from coincell.compiler.streaming.rows import RowAccess, RowOp, row_op
from coincell.compiler.streaming.totals import RowTotal, row_total
from coincell.errors import InternalError


@dataclass(frozen=True)
class RowWindow:
    """The rows of one tensor that are in memory.

    Attributes:
        tensor: its name.
        first_row: the first row that is put in; negative where rows above the image are read.
        height: rows of the image.
        row_bytes: bytes of a row.
        capacity: rows that the window holds.
        fill: the byte that stands for real zero, in rows outside the image.
        offset: of the window in the region's working memory.
        read_outside: whether rows outside the image are read.
    """

    tensor: str
    first_row: int
    height: int
    row_bytes: int
    capacity: int
    fill: int
    offset: int
    read_outside: bool


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
        ops: row by row, in the order of the graph.
        sources: the whole tensors that it reads.
        sink: the whole tensor that it makes.
        windows: by tensor; sources have one too.
        in_place: tensors without a window: each row is made where the row that it becomes will
            be, and changed in place.
        window_bytes: working memory for all windows, and for the sums of a total.
        total: the last op, if it is a mean over all rows.
        sums_offset: where its sums lie in the working memory.
        overlaps: source -> the least distance in bytes from the sink's first byte to the source's
            at which the rows written never reach rows still to be read.
    """

    start: int
    stop: int
    ops: tuple[RowOp, ...]
    sources: tuple[str, ...]
    sink: str
    windows: Mapping[str, RowWindow]
    in_place: frozenset[str]
    window_bytes: int
    overlaps: Mapping[str, int]
    total: RowTotal | None = None
    sums_offset: int = 0

    def as_op(self, graph: Graph) -> Op:
        """The region as one op."""
        place = f"operators {graph.ops[self.start].place} to {graph.ops[self.stop - 1].place}"
        return Op(Streamed(), self.sources, (self.sink,), place)


MayOverwrite = Callable[[RowOp, str], bool]
"""Whether the kernel of an op may write its row over the row of the named input."""


def _never(item: RowOp, name: str) -> bool:
    del item, name
    return False


def stream_region(
    graph: Graph, start: int, stop: int, may_overwrite: MayOverwrite = _never
) -> Region | None:
    """Ops start to stop - 1 as a region, or None where they do not make one.

    They do if each can be computed by rows, no one outside reads what lies between them, and only
    the last one's output leaves.
    """
    last = graph.ops[stop - 1]
    ops: list[RowOp | None] = [row_op(op, graph) for op in graph.ops[start : stop - 1]]
    ops.append(row_total(last, graph) or row_op(last, graph))
    found = [op for op in ops if op is not None]
    if len(found) < len(ops) or not found or not _closed(graph, found):
        return None
    sink = found[-1].op.output
    made = {item.op.output for item in found}
    sources = tuple(dict.fromkeys(n for item in found for n in item.reads if n not in made))
    in_place = _in_place(graph, found, may_overwrite)
    play = _Play(graph, found, sources, in_place)
    play.run(found[-1])
    windows, window_bytes = _windows(graph, play)
    total = found[-1] if isinstance(found[-1], RowTotal) else None
    return Region(
        start=start,
        stop=stop,
        ops=tuple(found),
        sources=sources,
        sink=sink,
        windows=windows,
        in_place=in_place,
        window_bytes=window_bytes + (total.sums_bytes if total else 0),
        overlaps=play.overlaps(found[-1]),
        total=total,
        sums_offset=window_bytes,
    )


def _closed(graph: Graph, ops: Sequence[RowOp]) -> bool:
    """Whether nothing but the last output is read outside, and all before is read inside."""
    inside = {id(item.op) for item in ops}
    for item in ops[:-1]:
        name = item.op.output
        readers = graph.consumers[name]
        if name in graph.kept or not readers or any(id(op) not in inside for op in readers):
            return False
    return True


def _in_place(graph: Graph, ops: Sequence[RowOp], may_overwrite: MayOverwrite) -> frozenset[str]:
    """Tensors that need no rows of their own: one op reads them, row by row, and overwrites them.

    At most one input of each op.
    """
    made = {item.op.output for item in ops}
    found = set()
    for item in ops:
        size = _row_bytes(graph.tensor(item.op.output))
        for name, access in item.reads.items():
            fits = name in made and _row_bytes(graph.tensor(name)) <= size
            alone = len(graph.consumers[name]) == 1 and access == RowAccess(1, 1, 0)
            if fits and alone and not isinstance(item, RowTotal) and may_overwrite(item, name):
                found.add(name)
                break
    return frozenset(found)


@dataclass
class _Play:
    """The schedule, played through on row numbers."""

    graph: Graph
    ops: Sequence[RowOp]
    sources: tuple[str, ...]
    in_place: frozenset[str]
    makers: dict[str, RowOp] = field(default_factory=dict)
    first: dict[str, int] = field(default_factory=dict)
    end: dict[str, int] = field(default_factory=dict)
    capacity: dict[str, int] = field(default_factory=dict)
    progress: list[dict[str, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.makers = {item.op.output: item for item in self.ops}
        for item in self.ops:
            for name, access in windowed(item, self.in_place):
                self.first[name] = min(self.first.get(name, 0), -access.above)
        self.end = dict(self.first)

    def run(self, last: RowOp) -> None:
        """Make all rows of the sink, or add all rows of a total."""
        for row in range(self._rows(last)):
            self._make(last, row)
            self.progress.append({name: self.end[name] for name in self.sources})

    def _make(self, item: RowOp, row: int) -> None:
        for name, access in windowed(item, self.in_place):
            self._ensure(name, access.rows(row)[1])
        for name in self.in_place.intersection(item.reads):
            self._make(self.makers[name], row)
        for name, access in windowed(item, self.in_place):
            needed = self.end[name] - access.rows(row)[0]
            self.capacity[name] = max(self.capacity.get(name, 0), needed)

    def _ensure(self, name: str, end: int) -> None:
        while self.end[name] < end:
            row = self.end[name]
            self.end[name] += 1
            if name in self.makers and 0 <= row < self._height(name):
                self._make(self.makers[name], row)

    def _height(self, name: str) -> int:
        return self.graph.tensor(name).shape[1]

    def _rows(self, last: RowOp) -> int:
        return last.rows if isinstance(last, RowTotal) else self._height(last.op.output)

    def overlaps(self, last: RowOp) -> dict[str, int]:
        """Source -> how far behind the sink's start it must begin.

        A source's row is copied into its window when it is first needed, and the whole of it is
        read no more.
        """
        target = self.graph.tensor(last.op.output)
        rows = self._rows(last)
        written = [target.size_bytes * (row + 1) // rows for row in range(rows)]
        if isinstance(last, RowTotal):
            written[:-1] = [0] * (rows - 1)
        distances = {}
        for name in self.sources:
            row_bytes = _row_bytes(self.graph.tensor(name))
            height = self._height(name)
            distances[name] = max(
                so_far - min(max(ends[name], 0), height) * row_bytes
                for so_far, ends in zip(written, self.progress, strict=True)
            )
        return {name: max(0, distance) for name, distance in distances.items()}


def windowed(item: RowOp, in_place: frozenset[str]) -> list[tuple[str, RowAccess]]:
    """The inputs of an op that it reads from windows."""
    return [(name, access) for name, access in item.reads.items() if name not in in_place]


def _row_bytes(tensor: Tensor) -> int:
    return tensor.size_bytes // tensor.shape[1]


def _windows(graph: Graph, play: _Play) -> tuple[dict[str, RowWindow], int]:
    """The windows, one behind the other."""
    windows, offset = {}, 0
    for name, capacity in play.capacity.items():
        tensor = graph.tensor(name)
        size = _row_bytes(tensor)
        fill = tensor.zero_point & 0xFF if tensor.quantization is not None else 0
        height = tensor.shape[1]
        outside = play.first[name] < 0 or play.end[name] > height
        windows[name] = RowWindow(
            name, play.first[name], height, size, capacity, fill, offset, outside
        )
        offset += aligned(size * capacity)
    return windows, offset
