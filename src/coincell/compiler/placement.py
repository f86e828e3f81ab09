"""Offsets for blocks of memory that must not collide: greedy orders, then branch and bound.

Two blocks may share bytes if they are never live at once, or if one is made from the other by a
kernel that reads ahead of what it writes (`Sharing`). Placing by size, largest first, at the lowest
free offset is the greedy planner of Pisarchyk and Lee (arXiv 2001.03288) that TFLM has too; several
orders are tried, and where none meets the lower bound, all placements are searched in the order of
their offsets, up to a number of steps, so that the result does not depend on the machine's speed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from coincell.compiler.ir import EXACTLY_IN_PLACE

ALIGNMENT = 8
"""Every offset is a multiple of this many bytes."""

SEARCH_STEPS = 10_000
"""How many offsets the exact search computes before it settles for the best placement so far."""


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


@dataclass
class _Search:
    """The state of the exact search."""

    blocks: Sequence[Block]
    sharing: Sharing
    bound: int
    best: dict[Block, int]
    total: int
    steps: int = 0
    placed: dict[Block, int] = field(default_factory=dict)

    def run(self, last: tuple[int, int]) -> None:
        """Place what is left at offsets not below those placed; keep the smallest whole."""
        if len(self.placed) == len(self.blocks):
            self.total = total_bytes(self.placed)
            self.best = dict(self.placed)
            return
        choices = []
        for number, block in enumerate(self.blocks):
            if block in self.placed:
                continue
            self.steps += 1
            offset = lowest_offset(block, self.placed, self.sharing)
            if offset + block.size >= self.total:
                return  # offsets only rise from here on
            if (offset, number) > last:
                choices.append((offset, -block.size, number))
        for offset, _, number in sorted(choices):
            if self.steps > SEARCH_STEPS or self.total == self.bound:
                return
            block = self.blocks[number]
            self.placed[block] = offset
            self.run((offset, number))
            del self.placed[block]


def place_blocks(blocks: Sequence[Block], sharing: Sharing) -> tuple[dict[Block, int], int]:
    """The smallest placement found, and a lower bound of any."""
    bound = lower_bound(blocks, sharing)
    orders = [
        sorted(blocks, key=lambda b: (-b.size, b.lifetime.first)),
        sorted(blocks, key=lambda b: (b.lifetime.first, -b.size)),
        sorted(blocks, key=lambda b: (-b.lifetime.last, -b.size)),
        sorted(blocks, key=lambda b: (b.lifetime.first - b.lifetime.last, -b.size)),
    ]
    tried = [_place(order, sharing) for order in orders]
    best = min(tried, key=total_bytes)
    if total_bytes(best) > bound:
        by_time = sorted(blocks, key=lambda b: (b.lifetime.first, -b.size))
        search = _Search(by_time, sharing, bound, best, total_bytes(best))
        search.run((-1, -1))
        best = search.best
    return best, bound


def total_bytes(placed: Mapping[Block, int]) -> int:
    """The end of the highest block."""
    return max((offset + block.size for block, offset in placed.items()), default=0)


def lower_bound(blocks: Iterable[Block], sharing: Sharing) -> int:
    """Bytes that any placement needs: the most live at one step, less what sharing could save."""
    changes: dict[int, int] = {}
    everything = tuple(blocks)
    for block in everything:
        first, after = block.lifetime.first, block.lifetime.last + 1
        changes[first] = changes.get(first, 0) + block.size
        changes[after] = changes.get(after, 0) - block.size
    saved: dict[int, dict[Block, int]] = {}
    for (source, target), distance in sharing.items():
        most = max(0, min(source.size, target.size - max(0, distance)))
        at_step = saved.setdefault(target.lifetime.first, {})
        at_step[target] = min(target.size, at_step.get(target, 0) + most)
    live, needed = 0, 0
    for step in sorted(changes):
        live += changes[step]
        # What is shared is shared at the target's first step alone; the step after holds the rest.
        needed = max(needed, live - sum(saved.get(step, {}).values()))
    return max(needed, max((block.size for block in everything), default=0))


def may_coexist(
    block: Block, offset: int, other: Block, other_offset: int, sharing: Sharing
) -> bool:
    """Whether two blocks at these offsets do not disturb each other."""
    apart = offset >= other_offset + other.size or other_offset >= offset + block.size
    if apart or not block.lifetime.overlaps(other.lifetime):
        return True
    if (distance := sharing.get((block, other))) is not None:
        return far_enough(offset, other_offset, distance)
    if (distance := sharing.get((other, block))) is not None:
        return far_enough(other_offset, offset, distance)
    return False


def lowest_offset(block: Block, placed: Mapping[Block, int], sharing: Sharing) -> int:
    """The lowest offset at which `block` disturbs none of `placed`."""
    rivals = [
        (other, offset)
        for other, offset in placed.items()
        if other.lifetime.overlaps(block.lifetime)
    ]
    candidates = {0} | {offset + other.size for other, offset in rivals}
    for other, offset in rivals:
        distance = sharing.get((block, other))
        if distance is not None:
            candidates.add(offset + max(0, distance))
        if sharing.get((other, block)) == EXACTLY_IN_PLACE:
            candidates.add(offset)
    return next(
        offset
        for offset in sorted(candidates)
        if all(may_coexist(block, offset, other, at, sharing) for other, at in rivals)
    )


def _place(order: Sequence[Block], sharing: Sharing) -> dict[Block, int]:
    placed: dict[Block, int] = {}
    for block in order:
        placed[block] = lowest_offset(block, placed, sharing)
    return placed
