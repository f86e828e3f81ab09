"""Where each activation lies in the arena: liveness, an offset planner, and a verifier of plans.

Two tensors may share bytes if they are never live at once. Placing by size, largest first, at the
lowest free offset is the greedy planner of Pisarchyk and Lee (arXiv 2001.03288) that TFLM has too;
here other orders are tried as well until the lower bound (the most bytes live at one time) is met.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from coincell.compiler.ir import Graph
from coincell.errors import InternalError

ALIGNMENT = 4
"""Every offset is a multiple of this many bytes."""

_MOVE_ROUNDS = 50
_MOVE_BLOCKS = 80  # beyond so many, moving one by one takes too long


@dataclass(frozen=True)
class Lifetime:
    """The steps during which a tensor's bytes must stay: `first` to `last`, both included.

    Step i is op i; step -1 is the time before the first op, when the caller fills the inputs, and
    step len(ops) the time after the last, when the caller reads the outputs.
    """

    first: int
    last: int

    def overlaps(self, other: Lifetime) -> bool:
        """Whether both are live at some step."""
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True)
class Plan:
    """Offsets in the arena.

    Attributes:
        arena_bytes: the arena's size.
        offsets: tensor name -> first byte; tensors that alias one another share one.
        lifetimes: tensor name -> when its bytes are needed.
        lower_bound: the most bytes live at one time; no plan can need less.
        keep_input: whether inputs keep what the caller wrote until the end.
    """

    arena_bytes: int
    offsets: Mapping[str, int]
    lifetimes: Mapping[str, Lifetime]
    lower_bound: int
    keep_input: bool


@dataclass(frozen=True)
class _Block:
    """Tensors that share their bytes (aliases), placed as one."""

    names: tuple[str, ...]
    size: int
    lifetime: Lifetime


def lifetimes(graph: Graph, keep_input: bool = False) -> dict[str, Lifetime]:
    """When the bytes of each activation are needed.

    Args:
        graph: a legal graph.
        keep_input: inputs stay as the caller filled them until the end.
    """
    end = len(graph.ops)
    first = dict.fromkeys(graph.inputs, -1)
    last = dict.fromkeys(graph.inputs, end if keep_input else -1)
    for step, op in enumerate(graph.ops):
        for name in op.outputs:
            first[name] = last[name] = step
        for name in op.inputs:
            if name in last:
                last[name] = max(last[name], step)
    for name in graph.outputs:
        last[name] = end
    return {name: Lifetime(first[name], last[name]) for name in first}


def alias_groups(graph: Graph) -> list[tuple[str, ...]]:
    """Activations by the bytes they share: an op that only renames gives its output its input's."""
    group: dict[str, list[str]] = {}
    for name in graph.inputs:
        group[name] = [name]
    for op in graph.ops:
        for name in op.outputs:
            if op.attributes.aliases_input and op.inputs[0] in group:
                group[name] = group[op.inputs[0]]
                group[name].append(name)
            else:
                group[name] = [name]
    unique = {id(names): names for names in group.values()}
    return [tuple(names) for names in unique.values()]


def plan_memory(graph: Graph, keep_input: bool = False) -> Plan:
    """Place all activations; the plan is verified before it is returned.

    Args:
        graph: a legal graph.
        keep_input: inputs keep their bytes until the end, so that nothing overwrites them.
    """
    times = lifetimes(graph, keep_input)
    blocks = [_block(graph, names, times) for names in alias_groups(graph)]
    bound = _most_live(blocks)
    placed = _best_placement(blocks, bound)
    offsets = {name: offset for block, offset in placed.items() for name in block.names}
    plan = Plan(_total(placed), offsets, times, bound, keep_input)
    verify_plan(graph, plan)
    return plan


def _block(graph: Graph, names: tuple[str, ...], times: Mapping[str, Lifetime]) -> _Block:
    size = max(graph.tensor(name).size_bytes for name in names)
    first = min(times[name].first for name in names)
    last = max(times[name].last for name in names)
    return _Block(names, -(-size // ALIGNMENT) * ALIGNMENT, Lifetime(first, last))


def _most_live(blocks: Iterable[_Block]) -> int:
    """The most bytes live at one step."""
    changes: dict[int, int] = {}
    for block in blocks:
        first, after = block.lifetime.first, block.lifetime.last + 1
        changes[first] = changes.get(first, 0) + block.size
        changes[after] = changes.get(after, 0) - block.size
    return max(accumulate(changes[step] for step in sorted(changes)), default=0)


def _place(order: Sequence[_Block]) -> dict[_Block, int]:
    """Each block, in `order`, at the lowest offset that no block live at the same time uses."""
    placed: dict[_Block, int] = {}
    for block in order:
        taken = sorted(
            (offset, offset + other.size)
            for other, offset in placed.items()
            if other.lifetime.overlaps(block.lifetime)
        )
        offset = 0
        for start, stop in taken:
            if offset + block.size <= start:
                break
            offset = max(offset, stop)
        placed[block] = offset
    return placed


def _total(placed: Mapping[_Block, int]) -> int:
    return max((offset + block.size for block, offset in placed.items()), default=0)


def _best_placement(blocks: Sequence[_Block], bound: int) -> dict[_Block, int]:
    """The smallest placement found: by size, time or duration, then by moving blocks forward."""
    orders = [
        sorted(blocks, key=lambda b: (-b.size, b.lifetime.first)),
        sorted(blocks, key=lambda b: (b.lifetime.first, -b.size)),
        sorted(blocks, key=lambda b: (b.lifetime.first - b.lifetime.last, -b.size)),
        sorted(blocks, key=lambda b: (-b.lifetime.last, -b.size)),
    ]
    order = min(orders, key=lambda candidate: _total(_place(candidate)))
    placed = _place(order)
    for _ in range(_MOVE_ROUNDS if len(blocks) <= _MOVE_BLOCKS else 0):
        if _total(placed) == bound:
            break
        highest = max(placed, key=lambda block: placed[block] + block.size)
        better = _moved_forward(order, highest, _total(placed))
        if better is None:
            break
        order, placed = better, _place(better)
    return placed


def _moved_forward(order: list[_Block], block: _Block, total: int) -> list[_Block] | None:
    """An order with `block` placed earlier that needs less than `total` bytes, if there is one."""
    rest = [other for other in order if other is not block]
    for position in range(order.index(block)):
        candidate = [*rest[:position], block, *rest[position:]]
        if _total(_place(candidate)) < total:
            return candidate
    return None


def verify_plan(graph: Graph, plan: Plan) -> None:
    """Prove that a plan is safe, from the graph alone.

    Checked: every activation has a place within the arena, aligned; no two that are live at once
    share a byte, but for an alias and what it renames; where inputs are kept, they count as live
    until the end.

    Raises:
        InternalError: the plan is wrong, which is a fault of the planner.
    """
    times = lifetimes(graph, plan.keep_input)
    shared = {name: names for names in alias_groups(graph) for name in names}
    places = []
    for name, time in times.items():
        offset, size = plan.offsets.get(name, -1), graph.tensor(name).size_bytes
        if offset < 0 or offset % ALIGNMENT or offset + size > plan.arena_bytes:
            raise InternalError(f"The plan puts {name!r} at {offset}, outside its arena.")
        places.append((name, time, offset, offset + size))
    for index, (name, time, start, stop) in enumerate(places):
        for other, other_time, other_start, other_stop in places[:index]:
            if start >= other_stop or other_start >= stop or not time.overlaps(other_time):
                continue
            if not (name in shared[other] and start == other_start):
                raise InternalError(
                    f"The plan lets {name!r} and {other!r} overlap while both live."
                )
