"""When the rows of each tensor of a region are made.

A region runs in ticks that are all alike. In each, every op makes as many rows as its readers use
up, in the order of the graph: in tick t the rows t * rows + ahead and on. A tensor is so far ahead
that its readers find the rows they need, and keeps those that are needed again. Ticks begin before
0, where rows above the image are, which count as there; what lies outside the image is not
computed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from coincell.compiler.ir import Graph
from coincell.compiler.streaming.rows import RowAccess, row_bytes

MOST_ROWS = 8
"""More rows a tick are not streamed: their windows would be large."""

_MOST_LEAD = 4
"""How many rows further ahead than it must be a tensor is tried."""


@dataclass(frozen=True)
class Stage:
    """An op of a region, as far as the schedule is concerned.

    Attributes:
        output: the tensor that it makes.
        reads: as in `RowOp`.
        height: rows of its output; of its input where it adds up all rows.
    """

    output: str
    reads: Mapping[str, RowAccess]
    height: int


@dataclass(frozen=True)
class Flow:
    """How the rows of one tensor come.

    Attributes:
        rows: that are made in a tick.
        ahead: number of the first row of tick 0.
        kept: rows before these that are read in the same tick.
    """

    rows: int
    ahead: int
    kept: int

    def ticks(self, height: int) -> tuple[int, int]:
        """First tick in which rows 0 to height - 1 are made, and one past the last."""
        return -((self.ahead + self.rows - 1) // self.rows), -((self.ahead - height) // self.rows)


def schedule(stages: Sequence[Stage], graph: Graph, unit: int) -> dict[str, Flow] | None:
    """How all tensors' rows come, those read from outside included, so that little is kept.

    Args:
        stages: in the order of the graph; the last one ends the region.
        graph: whose tensors they are.
        unit: rows of the last stage's output in a tick.

    Returns:
        None where the readers of a tensor use it up at different speeds, or there are too many rows
        in a tick.
    """
    lead: dict[str, int] = {}
    flows = _flows(stages, unit, lead)
    if flows is None:
        return None
    sizes = {name: row_bytes(graph.tensor(name)) for name in flows if name != stages[-1].output}

    def kept(flows: Mapping[str, Flow]) -> int:
        return sum(size * flows[name].kept for name, size in sizes.items())

    least = kept(flows)
    for stage in reversed(stages[:-1]):
        for further in range(1, _MOST_LEAD + 1):
            tried = _flows(stages, unit, {**lead, stage.output: further})
            if tried is not None and kept(tried) < least:
                lead, flows, least = {**lead, stage.output: further}, tried, kept(tried)
    return flows


def _flows(stages: Sequence[Stage], unit: int, lead: Mapping[str, int]) -> dict[str, Flow] | None:
    """How rows come if some tensors are by `lead` rows further ahead than they must be."""
    flows = {stages[-1].output: Flow(unit, 0, 0)}
    ahead: dict[str, int] = {}
    oldest: dict[str, int] = {}
    rows: dict[str, int] = {}
    for number in reversed(range(len(stages))):
        stage = stages[number]
        if number < len(stages) - 1:
            name = stage.output
            begin = ahead[name] + lead.get(name, 0)
            flows[name] = Flow(rows[name], begin, max(0, begin - oldest[name]))
        flow = flows[stage.output]
        for name, access in stage.reads.items():
            used = flow.rows * access.stride
            if rows.setdefault(name, used) != used or used > MOST_ROWS:
                return None
            first = access.first(flow.ahead)
            needed = first + access.count(flow.rows) - used
            ahead[name] = max(ahead.get(name, needed), needed)
            oldest[name] = min(oldest.get(name, first), first)
    sources = {name: Flow(rows[name], begin, max(0, begin - oldest[name]))
               for name, begin in ahead.items() if name not in flows}  # fmt: skip
    return flows | sources
