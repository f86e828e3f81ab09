"""Offsets for blocks of memory that must not collide: greedy orders, then branch and bound.

Two blocks may share bytes if they are never live at once, or if one is made from the other by a
kernel that reads ahead of what it writes (`Sharing`). Placing by size, largest first, at the lowest
free offset is the greedy planner of Pisarchyk and Lee (arXiv 2001.03288) that TFLM has too; several
orders are tried and improved, and where none meets the lower bound, all placements are searched in
the order of their offsets, up to a number of steps: the result does not depend on the machine's
speed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from coincell.compiler.ir import EXACTLY_IN_PLACE

_MOVE_BLOCKS = 80  # beyond so many, moving one by one takes too long

SEARCH_STEPS = 20_000
"""How many offsets the exact search computes before it settles for the best placement so far."""

_CORE_SIZES = (6, 10, 16, 24)
"""The search is tried on so many of the largest blocks first: they decide, and are few."""


@dataclass(frozen=True)
class Lifetime:
    """The steps during which bytes must stay: `first` to `last`, both included."""

    first: int
    last: int

    def overlaps(self, other: Lifetime) -> bool:
        """Whether both are live at some step."""
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True)
class Block:
    """Bytes that are placed as one.

    Attributes:
        names: what they hold: tensors that alias one another, or working memory.
        size: a multiple of ALIGNMENT.
        lifetime: when they are needed.
    """

    names: tuple[str, ...]
    size: int
    lifetime: Lifetime


Sharing = Mapping[tuple[Block, Block], int]
"""(source, target) -> least distance: target may share bytes with source, which ends when target
begins, as long as offset(source) >= offset(target) + distance; see `far_enough`."""


def far_enough(source: int, target: int, distance: int) -> bool:
    """Whether a target at one offset may be written over its source at another."""
    return source == target if distance == EXACTLY_IN_PLACE else source >= target + distance


class _Problem:
    """Blocks by number, with what each must keep clear of: the form in which searching is quick.

    Attributes:
        sizes: bytes of each block.
        rivals: of each block those that live at the same time, as (number, distance if the block
            is the source that the rival may be written over, distance the other way round); None
            where nothing may be shared.
    """

    def __init__(self, blocks: Sequence[Block], sharing: Sharing) -> None:
        self.blocks = tuple(blocks)
        self.sizes = [block.size for block in blocks]
        self.rivals = [
            [
                (number, sharing.get((block, other)), sharing.get((other, block)))
                for number, other in enumerate(blocks)
                if other is not block and other.lifetime.overlaps(block.lifetime)
            ]
            for block in blocks
        ]

    def lowest(self, block: int, offsets: Sequence[int]) -> int:
        """The lowest offset at which `block` disturbs none of those placed (offset not -1)."""
        size = self.sizes[block]
        forbidden: list[tuple[int, int]] = []  # from the one to the other, both allowed
        for rival, as_source, as_target in self.rivals[block]:
            at = offsets[rival]
            if at < 0:
                continue
            begin, end = at - size, at + self.sizes[rival]
            if EXACTLY_IN_PLACE in (as_source, as_target):
                forbidden += [(begin, at), (at, end)]
                continue
            if as_source is not None:  # from at + distance on, it may lie over the rival
                end = min(end, at + as_source)
            elif as_target is not None:  # up to at - distance, the rival may lie over it
                begin = max(begin, at - as_target)
            if begin < end:
                forbidden.append((begin, end))
        offset = 0
        for begin, end in sorted(forbidden):
            if begin >= offset:
                break
            offset = max(offset, end)
        return offset

    def place(self, order: Iterable[int]) -> list[int]:
        """Each block, in `order`, at the lowest offset that is free."""
        offsets = [-1] * len(self.sizes)
        for block in order:
            offsets[block] = self.lowest(block, offsets)
        return offsets

    def total(self, offsets: Sequence[int]) -> int:
        """The end of the highest block."""
        return max((at + size for at, size in zip(offsets, self.sizes, strict=True)), default=0)


@dataclass
class _Search:
    """The exact search: blocks by rising offsets, each as low as those below it allow.

    Attributes:
        problem: what to place.
        core: the blocks that are searched; all, or the largest ones, and the rest follows wherever
            it fits.
        rest: the others, the largest first.
        bound: where to stop.
        best, total: the smallest placement seen, and its end.
    """

    problem: _Problem
    core: Sequence[int]
    rest: Sequence[int]
    bound: int
    best: list[int]
    total: int
    offsets: list[int] = field(default_factory=list)
    steps: int = 0

    def run(self) -> None:
        """Find the smallest placement, or the smallest seen when the steps are used up."""
        self.offsets = [-1] * len(self.problem.sizes)
        self._extend(-1, -1, len(self.core))

    def _extend(self, last: int, number: int, left: int) -> None:
        if left == 0:
            self._complete()
            return
        choices = []
        for block in self.core:
            if self.offsets[block] >= 0:
                continue
            self.steps += 1
            offset = self.problem.lowest(block, self.offsets)
            if offset + self.problem.sizes[block] >= self.total:
                return  # offsets only rise from here on
            if (offset, block) > (last, number):
                choices.append((offset, -self.problem.sizes[block], block))
        for offset, _, block in sorted(choices):
            if self.steps > SEARCH_STEPS or self.total == self.bound:
                return
            self.offsets[block] = offset
            self._extend(offset, block, left - 1)
            self.offsets[block] = -1

    def _complete(self) -> None:
        offsets = list(self.offsets)
        for block in self.rest:
            offsets[block] = self.problem.lowest(block, offsets)
            self.steps += 1
        total = self.problem.total(offsets)
        if total < self.total:
            self.best, self.total = offsets, total


def place_blocks(blocks: Sequence[Block], sharing: Sharing) -> tuple[dict[Block, int], int]:
    """The smallest placement found, and a lower bound of any."""
    bound = lower_bound(blocks, sharing)
    problem = _Problem(blocks, sharing)
    order, offsets = _best_order(problem, bound)
    offsets = _improved(problem, order, offsets, bound)
    by_size = sorted(range(len(offsets)), key=lambda i: (-problem.sizes[i], i))
    for count in (*(n for n in _CORE_SIZES if n < len(offsets)), len(offsets)):
        if problem.total(offsets) == bound:
            break
        core, rest = sorted(by_size[:count]), by_size[count:]
        search = _Search(problem, core, rest, bound, offsets, problem.total(offsets))
        search.run()
        offsets = search.best
    return dict(zip(blocks, offsets, strict=True)), bound


def _best_order(problem: _Problem, bound: int) -> tuple[list[int], list[int]]:
    """The best of some orders, and its placement.

    Later blocks first suits chains that are written over one another: a source then finds its
    target's place.
    """
    keys: tuple[Callable[[Block], tuple[int, ...]], ...] = (
        lambda b: (-b.size, -b.lifetime.first),
        lambda b: (-b.size, b.lifetime.first),
        lambda b: (-b.lifetime.last, -b.size),
        lambda b: (b.lifetime.first, -b.size),
        lambda b: (b.lifetime.first - b.lifetime.last, -b.size),
    )
    best: tuple[list[int], list[int]] | None = None
    for key in keys:
        order = sorted(range(len(problem.blocks)), key=lambda i: key(problem.blocks[i]))
        offsets = problem.place(order)
        if best is None or problem.total(offsets) < problem.total(best[1]):
            best = order, offsets
        if problem.total(offsets) == bound:
            break
    return best or ([], [])


def _improved(problem: _Problem, order: list[int], offsets: list[int], bound: int) -> list[int]:
    """Move the highest block forward in the order while that makes the whole smaller."""
    if len(order) > _MOVE_BLOCKS:
        return offsets
    total = problem.total(offsets)
    while total > bound:
        highest = max(order, key=lambda block: offsets[block] + problem.sizes[block])
        rest = [block for block in order if block != highest]
        candidates = [
            [*rest[:position], highest, *rest[position:]]
            for position in range(order.index(highest))
        ]
        tried = [(problem.total(problem.place(candidate)), candidate) for candidate in candidates]
        smallest = min(tried, key=lambda item: item[0], default=(total, order))
        if smallest[0] >= total:
            break
        total, order = smallest
        offsets = problem.place(order)
    return offsets


def total_bytes(placed: Mapping[Block, int]) -> int:
    """The end of the highest block."""
    return max((offset + block.size for block, offset in placed.items()), default=0)


def lower_bound(blocks: Iterable[Block], sharing: Sharing) -> int:
    """Bytes that any placement needs: the most live at one step, less what sharing could save."""
    return max(needed_bytes(blocks, sharing).values(), default=0)


def needed_bytes(blocks: Iterable[Block], sharing: Sharing) -> dict[int, int]:
    """Bytes that any placement needs, by the step; steps at which nothing changes are left out."""
    changes: dict[int, int] = {}
    largest: dict[int, int] = {}
    for block in blocks:
        first, after = block.lifetime.first, block.lifetime.last + 1
        changes[first] = changes.get(first, 0) + block.size
        changes[after] = changes.get(after, 0) - block.size
        largest[first] = max(largest.get(first, 0), block.size)
    saved: dict[int, dict[Block, int]] = {}
    for (source, target), distance in sharing.items():
        most = max(0, min(source.size, target.size - max(0, distance)))
        at_step = saved.setdefault(target.lifetime.first, {})
        at_step[target] = min(target.size, at_step.get(target, 0) + most)
    live, needed = 0, {}
    for step in sorted(changes):
        live += changes[step]
        # What is shared is shared at the target's first step alone; the step after holds the rest.
        shared = sum(saved.get(step, {}).values())
        needed[step] = max(live - shared, largest.get(step, 0))
    return needed
