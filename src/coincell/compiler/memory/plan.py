"""Where each activation lies in the arena: liveness, placement, and a verifier of plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from coincell.compiler.ir import ALIGNMENT, Graph, aligned
from coincell.compiler.memory.placement import (
    Block,
    Lifetime,
    far_enough,
    needed_bytes,
    place_blocks,
    total_bytes,
)
from coincell.compiler.memory.states import updated_in_place
from coincell.compiler.selection import Step
from coincell.errors import InternalError


@dataclass(frozen=True)
class Plan:
    """Offsets in the arena.

    Attributes:
        arena_bytes: the arena's size.
        offsets: tensor name -> first byte; tensors that alias one another share one.
        lifetimes: tensor name -> when its bytes are needed. Step i is op i; step -1 is the time
            before the first op, when the caller fills the inputs, and step len(ops) the time after
            the last, when the caller reads the outputs.
        lower_bound: no placement of these lifetimes can need less.
        keep_input: whether inputs keep what the caller wrote until the end.
        scratch: index of an op -> first byte of its working memory.
    """

    arena_bytes: int
    offsets: Mapping[str, int]
    lifetimes: Mapping[str, Lifetime]
    lower_bound: int
    keep_input: bool
    scratch: Mapping[int, int] = field(default_factory=dict)


def lifetimes(graph: Graph, keep_input: bool = False) -> dict[str, Lifetime]:
    """When the bytes of each activation are needed.

    Args:
        graph: a legal graph.
        keep_input: inputs stay as the caller filled them until the end.
    """
    end = len(graph.ops)
    first = dict.fromkeys(graph.inputs, -1)
    last = dict.fromkeys(graph.inputs, end if keep_input else -1)
    for state in graph.states:  # for good, from one inference to the next
        first[state.before], last[state.before] = -1, end
    for step, op in enumerate(graph.ops):
        for name in op.outputs:
            first[name] = last[name] = step
        for name in op.inputs:
            if name in last:
                last[name] = max(last[name], step)
    for name in graph.kept.intersection(first):
        last[name] = end
    return {name: Lifetime(first[name], last[name]) for name in first}


def alias_groups(graph: Graph) -> list[tuple[str, ...]]:
    """Activations by the bytes they share.

    An op that only renames gives its output its input's; a state that is updated in place is one
    with its new value.
    """
    group: dict[str, list[str]] = {}
    for name in (*graph.inputs, *(state.before for state in graph.states)):
        group[name] = [name]
    for op in graph.ops:
        for name in op.outputs:
            if op.attributes.aliases_input and op.inputs[0] in group:
                group[name] = group[op.inputs[0]]
                group[name].append(name)
            else:
                group[name] = [name]
    for state in graph.states:
        if updated_in_place(state, graph, group):
            group[state.before] += group[state.after]
            group |= dict.fromkeys(group[state.after], group[state.before])
    unique = {id(names): names for names in group.values()}
    return [tuple(names) for names in unique.values()]


def plan_memory(graph: Graph, keep_input: bool = False, steps: Sequence[Step] = ()) -> Plan:
    """Place all activations and working memory; the plan is verified before it is returned.

    Args:
        graph: a legal graph.
        keep_input: inputs keep their bytes until the end, so that nothing overwrites them.
        steps: how the ops are computed: their working memory, and what they may overwrite. Without
            them there is none, and no output shares bytes with an input.
    """
    times = lifetimes(graph, keep_input)
    layout = _layout(graph, times, steps)
    placed, bound = place_blocks(layout.every, layout.sharing)
    blocks, working = layout.blocks, layout.working
    plan = Plan(
        arena_bytes=total_bytes(placed),
        offsets={name: placed[block] for name, block in blocks.items()},
        lifetimes=times,
        lower_bound=bound,
        keep_input=keep_input,
        scratch={index: placed[block] for index, block in working.items()},
    )
    verify_plan(graph, plan, steps)
    return plan


def free_at(graph: Graph, plan: Plan, step: int, size: int) -> int | None:
    """Where `size` bytes of working memory fit into the arena at one step, or None.

    What the step has as working memory in `plan` counts as free.
    """
    taken = sorted(
        (plan.offsets[name], plan.offsets[name] + graph.tensor(name).size_bytes)
        for name, time in plan.lifetimes.items()
        if time.first <= step <= time.last
    )
    offset = 0
    for begin, end in taken:
        if offset + size <= begin:
            break
        offset = max(offset, aligned(end))
    return offset if offset + size <= plan.arena_bytes else None


def busiest_steps(
    graph: Graph, steps: Sequence[Step], keep_input: bool = False
) -> tuple[int, tuple[int, ...]]:
    """A lower bound of `plan_memory`'s arena, quickly found and mostly reached, and where it is.

    Returns:
        Bytes, and the steps at which so many are needed: indices of ops, -1, or len(ops).
    """
    layout = _layout(graph, lifetimes(graph, keep_input), steps)
    needed = needed_bytes(layout.every, layout.sharing)
    most = max(needed.values(), default=0)
    return most, tuple(step for step, size in needed.items() if size == most)


@dataclass(frozen=True)
class _Layout:
    """What must be placed: tensors by name, working memory by op, and what may share bytes."""

    blocks: Mapping[str, Block]
    working: Mapping[int, Block]
    sharing: Mapping[tuple[Block, Block], int]

    @property
    def every(self) -> list[Block]:
        """All blocks, once each."""
        return [*dict.fromkeys(self.blocks.values()), *self.working.values()]


def _layout(graph: Graph, times: Mapping[str, Lifetime], steps: Sequence[Step]) -> _Layout:
    blocks = {
        name: block
        for names in alias_groups(graph)
        for block in (_block(graph, names, times),)
        for name in names
    }
    working = {}
    for step in steps:
        if step.scratch_bytes:
            only_now = Lifetime(step.index, step.index)
            names = (f"scratch {step.index}",)
            working[step.index] = Block(names, aligned(step.scratch_bytes), only_now)
    return _Layout(blocks, working, _sharing(steps, blocks))


def _block(graph: Graph, names: tuple[str, ...], times: Mapping[str, Lifetime]) -> Block:
    size = max(graph.tensor(name).size_bytes for name in names)
    first = min(times[name].first for name in names)
    last = max(times[name].last for name in names)
    return Block(names, aligned(size), Lifetime(first, last))


def _sharing(steps: Sequence[Step], blocks: Mapping[str, Block]) -> dict[tuple[Block, Block], int]:
    """Which blocks may share bytes: an output, and an input whose last use makes that output."""
    found = {}
    for step in steps:
        for name, distance in step.overlaps.items():
            source, target = blocks.get(name), blocks[step.op.output]
            if source is None or source is target:
                continue
            if source.lifetime.last == step.index == target.lifetime.first:
                found[(source, target)] = distance if distance < 0 else aligned(distance)
    return found


@dataclass(frozen=True)
class _Place:
    """Bytes [start, stop) hold `name` while it is live."""

    name: str
    lifetime: Lifetime
    start: int
    stop: int


def verify_plan(graph: Graph, plan: Plan, steps: Sequence[Step] = ()) -> None:
    """Prove that a plan is safe, from the graph and its steps alone.

    Checked: every activation and all working memory has a place within the arena, aligned; no two
    that are live at once share a byte, but for an alias and what it renames, and an output that
    its kernel may write over an input that nobody reads later, at the distance that the kernel
    needs; where inputs are kept, they count as live until the end.

    Raises:
        InternalError: the plan is wrong, which is a fault of the planner.
    """
    times = lifetimes(graph, plan.keep_input)
    shared = {name: names for names in alias_groups(graph) for name in names}
    places = [
        _Place(name, time, offset, offset + graph.tensor(name).size_bytes)
        for name, time in times.items()
        for offset in (plan.offsets.get(name, -1),)
    ]
    places += [
        _Place(f"scratch {step.index}", Lifetime(step.index, step.index), offset,
               offset + step.scratch_bytes)
        for step in steps
        if step.scratch_bytes
        for offset in (plan.scratch.get(step.index, -1),)
    ]  # fmt: skip
    for place in places:
        if place.start < 0 or place.start % ALIGNMENT or place.stop > plan.arena_bytes:
            raise InternalError(
                f"The plan puts {place.name!r} at {place.start}, outside its arena."
            )
    for index, place in enumerate(places):
        for other in places[:index]:
            if place.start >= other.stop or other.start >= place.stop:
                continue
            if not place.lifetime.overlaps(other.lifetime):
                continue
            renamed = place.name in shared.get(other.name, ()) and place.start == other.start
            if not (renamed or _written_over(place, other, steps, times, shared)):
                raise InternalError(
                    f"The plan lets {place.name!r} and {other.name!r} overlap while both live."
                )


def _written_over(
    one: _Place,
    two: _Place,
    steps: Sequence[Step],
    times: Mapping[str, Lifetime],
    shared: Mapping[str, tuple[str, ...]],
) -> bool:
    """Whether one of two places is an output that may be written over the other, its input."""
    for step in steps:
        for name, distance in step.overlaps.items():
            for source, target in ((one, two), (two, one)):
                if name not in shared or source.name not in shared[name]:
                    continue
                if target.name not in shared[step.op.output]:
                    continue
                read_no_more = max(times[alias].last for alias in shared[name]) == step.index
                made_here = min(times[a].first for a in shared[target.name]) == step.index
                near = not far_enough(source.start, target.start, distance)
                if read_no_more and made_here and not near:
                    return True
    return False
