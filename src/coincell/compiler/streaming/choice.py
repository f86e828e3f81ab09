"""Which regions to stream so that the least memory is needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from coincell.compiler.ir import Graph
from coincell.compiler.memory import busiest_steps, plan_memory
from coincell.compiler.selection import KernelTable, Selection, select
from coincell.compiler.streaming.region import TRIES, Needs, Region, stream_region
from coincell.compiler.streaming.rows import RowOp, row_access

_MOST_OPS = 40
"""Longer regions are not tried: the number of regions grows with the square of their length."""

_FEW_POSITIONS = 8
"""Rows of fewer positions are made several at once: kernels would run idle on one."""

_UNITS = (2, 4)
"""Rows in a tick that are tried where rows are short."""

_MOST_GROWTH = 8
"""What part of the memory may be added for that."""


class Regions:
    """The regions of a graph, with the kernels of a target, each found once."""

    def __init__(self, table: KernelTable) -> None:
        self._table = table
        self._known: dict[tuple[int, int, int, int], Region | None] = {}

    def spans(self) -> list[tuple[int, int]]:
        """Where regions of at least two ops may begin and end, the shortest first."""
        graph = self._table.graph
        by_rows = [row_access(op, graph) is not None for op in graph.ops]
        found = []
        for start in range(len(graph.ops)):
            for stop in range(start + 2, min(start + _MOST_OPS, len(graph.ops)) + 1):
                if not by_rows[stop - 2]:
                    break  # what is not by rows may end a region alone
                found.append((start, stop))
        return sorted(found, key=lambda span: (span[1] - span[0], span[0]))

    def find(self, start: int, stop: int, unit: int = 1, tries: int = TRIES) -> Region | None:
        """As `stream_region`."""
        key = start, stop, unit, tries
        if key not in self._known:
            graph, needs_of = self._table.graph, self._needs
            self._known[key] = stream_region(graph, start, stop, needs_of, unit, tries)
        return self._known[key]

    def _needs(self, item: RowOp) -> Needs:
        kernels = self._table.of_rows(item)
        return Needs(kernels.scratch_bytes, kernels.overlaps)


def select_for_memory(table: KernelTable, keep_input: bool = False) -> Selection:
    """The steps that need the least memory: regions are added while that makes it smaller.

    Of regions that need the same memory, the one that streams fewer operators is taken. Only those
    are tried that touch the steps at which most memory is needed.
    """
    return _Choice(table, keep_input).best()


class _Choice:
    def __init__(self, table: KernelTable, keep_input: bool) -> None:
        self._table = table
        self._regions = Regions(table)
        self._keep_input = keep_input

    def best(self) -> Selection:
        """The selection: of all on the way, that whose plan is the smallest."""
        tried = list(self._better_and_better())[::-1]
        chosen, best = tried[0]
        smallest = self._planned(best)
        if smallest > self._needed(best)[0]:
            chosen, best = min(tried, key=lambda item: self._planned(item[1]))
            smallest = self._planned(best)
        narrow = [region for region in chosen if _is_narrow(region, self._table.graph)]
        if narrow:
            most = min(smallest + smallest // _MOST_GROWTH, self._planned(tried[-1][1]))
            best = self._with_more_rows(chosen, narrow, best, most)
        return best

    def _better_and_better(self) -> Iterator[tuple[tuple[Region, ...], Selection]]:
        """Regions and what they make of the graph, of which each needs less by its lower bound."""
        chosen: tuple[Region, ...] = ()
        best = select(self._table)
        least, busy = self._needed(best)
        while True:
            yield chosen, best
            found, shortest = None, 0
            for bound, length, start, stop in sorted(self._bounds(chosen, busy)):
                if bound > least or (bound == least and length >= shortest):
                    break
                region = self._regions.find(start, stop)
                assert region is not None, "it had a bound"
                regions = _with_region(chosen, region)
                selection = select(self._table, regions)
                needed, steps = self._needed(selection)
                if needed < least or (needed == least and length < shortest):
                    found, least, busy, best = regions, needed, steps, selection
                    shortest = length
            if found is None:
                return
            chosen = found

    def _bounds(
        self, chosen: tuple[Region, ...], busy: tuple[int, ...]
    ) -> Iterator[tuple[int, int, int, int]]:
        """What each region could bring.

        Only those that touch all of the steps `busy` of the graph in which `chosen` are streamed.

        Returns:
            A lower bound of the memory, the number of ops, where it begins and ends.
        """
        touched = [_span(self._table.graph, chosen, step) for step in busy]
        for start, stop in self._regions.spans():
            if all(start < end and begin < stop for begin, end in touched):
                region = self._regions.find(start, stop, tries=0)
                if region is not None:
                    ideal = replace(region, memory_bytes=region.least_bytes)
                    selection = select(self._table, _with_region(chosen, ideal))
                    yield self._needed(selection)[0], stop - start, start, stop

    def _with_more_rows(
        self, chosen: tuple[Region, ...], narrow: Sequence[Region], best: Selection, most: int
    ) -> Selection:
        """More rows in a tick of the regions `narrow`, as far as `most` bytes do."""
        for region in narrow:
            for unit in _UNITS:
                larger = self._regions.find(region.start, region.stop, unit)
                if larger is None:
                    continue
                regions = _with_region(chosen, larger)
                selection = select(self._table, regions)
                if self._planned(selection) <= most:
                    chosen, best = regions, selection
        return best

    def _planned(self, selection: Selection) -> int:
        return plan_memory(selection.graph, self._keep_input, selection.steps).arena_bytes

    def _needed(self, selection: Selection) -> tuple[int, tuple[int, ...]]:
        return busiest_steps(selection.graph, selection.steps, self._keep_input)


def _span(graph: Graph, regions: tuple[Region, ...], step: int) -> tuple[int, int]:
    """The ops, start to end - 1, that are step `step` of the graph with these regions."""
    starts = {region.start: region.stop for region in regions}
    begin = 0
    for _ in range(step):
        begin = starts.get(begin, begin + 1)
    return begin, starts.get(begin, begin + 1) if 0 <= step < len(graph.ops) else begin


def _with_region(chosen: tuple[Region, ...], region: Region) -> tuple[Region, ...]:
    """`chosen`, less what `region` touches, and `region`, in order."""
    apart = (other for other in chosen if other.stop <= region.start or region.stop <= other.start)
    return tuple(sorted((*apart, region), key=lambda item: item.start))


def _is_narrow(region: Region, graph: Graph) -> bool:
    """Whether its rows have few positions."""
    images = (graph.tensor(item.op.output).shape for item in region.ops if item is not region.total)
    return all(shape[2] < _FEW_POSITIONS for shape in images)
