"""Which regions to stream so that the least memory is needed."""

from __future__ import annotations

from coincell.compiler.memory import least_memory
from coincell.compiler.selection import KernelTable, Selection, select
from coincell.compiler.streaming.region import Region, stream_region
from coincell.compiler.streaming.rows import RowOp, row_op

_MOST_OPS = 40
"""Longer regions are not tried: the number of regions grows with the square of their length."""


def select_for_memory(table: KernelTable, keep_input: bool = False) -> Selection:
    """The steps that need the least memory: regions are added while that makes it smaller.

    Of regions that need the same memory, the one that streams fewer operators is taken.
    """
    chosen: tuple[Region, ...] = ()
    best = select(table)
    least = least_memory(best.graph, best.steps, keep_input)
    candidates = _regions(table)
    while True:
        found = None
        for region in candidates:
            regions = _with_region(chosen, region)
            selection = select(table, regions)
            needed = least_memory(selection.graph, selection.steps, keep_input)
            if needed < least:
                found, least, best = regions, needed, selection
        if found is None:
            return best
        chosen = found


def _with_region(chosen: tuple[Region, ...], region: Region) -> tuple[Region, ...]:
    """`chosen`, less what `region` touches, and `region`, in order."""
    apart = (other for other in chosen if other.stop <= region.start or region.stop <= other.start)
    return tuple(sorted((*apart, region), key=lambda item: item.start))


def _regions(table: KernelTable) -> list[Region]:
    """Every region of at least two ops, the shortest first."""
    graph = table.graph

    def may_overwrite(item: RowOp, name: str) -> bool:
        calls = table.of_rows(item.op, item.row, item.graph).calls
        return len(calls) == 1 and calls[0].overlaps.get(name) == 0

    by_rows = [row_op(op, graph) is not None for op in graph.ops]
    found = []
    for start in range(len(graph.ops)):
        for stop in range(start + 1, min(start + _MOST_OPS, len(graph.ops)) + 1):
            region = stream_region(graph, start, stop, may_overwrite) if stop - start > 1 else None
            if region is not None:
                found.append(region)
            if not by_rows[stop - 1]:
                break  # it may have ended a region, but goes on with none
    found.sort(key=lambda region: (region.stop - region.start, region.start))
    return found
