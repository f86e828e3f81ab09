"""Placement of memory blocks: safe always, and as small as an exhaustive search finds."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from coincell.compiler.ir import ALIGNMENT, EXACTLY_IN_PLACE
from coincell.compiler.memory.placement import Block, Lifetime, lower_bound, place_blocks

Sharing = dict[tuple[Block, Block], int]


def _instance(seed: int, count: int) -> tuple[list[Block], Sharing]:
    """Random blocks; some begin where another ends and may be written over it."""
    random = np.random.default_rng(seed)
    blocks = []
    for number in range(count):
        first = int(random.integers(0, 5))
        lifetime = Lifetime(first, first + int(random.integers(0, 3)))
        blocks.append(Block((f"b{number}",), int(random.integers(1, 5)) * ALIGNMENT, lifetime))
    sharing = {
        (source, target): _distance(random, target)
        for source, target in itertools.permutations(blocks, 2)
        if source.lifetime.last == target.lifetime.first > source.lifetime.first
        and random.random() < 0.7
    }
    return blocks, sharing


def _distance(random: np.random.Generator, target: Block) -> int:
    if random.random() < 0.25:
        return EXACTLY_IN_PLACE
    return int(random.integers(0, target.size // ALIGNMENT + 1)) * ALIGNMENT


def _disturbs(one: Block, at: int, two: Block, other_at: int, sharing: Sharing) -> bool:
    """The rule, said once more: byte by byte and step by step."""
    common_steps = set(range(one.lifetime.first, one.lifetime.last + 1)) & set(
        range(two.lifetime.first, two.lifetime.last + 1)
    )
    common_bytes = set(range(at, at + one.size)) & set(range(other_at, other_at + two.size))
    if not common_steps or not common_bytes:
        return False
    for source, target, apart in ((one, two, at - other_at), (two, one, other_at - at)):
        if (source, target) in sharing:
            distance = sharing[(source, target)]
            return apart != 0 if distance == EXACTLY_IN_PLACE else apart < distance
    return True


def _smallest(blocks: list[Block], sharing: Sharing, most: int) -> int:
    """The least total of all placements at multiples of the alignment, by trying them all."""
    best = most

    def extend(placed: list[tuple[Block, int]], rest: list[Block], top: int) -> None:
        nonlocal best
        if top >= best:
            return
        if not rest:
            best = top
            return
        block = rest[0]
        for offset in range(0, best - block.size, ALIGNMENT):
            if not any(_disturbs(block, offset, b, at, sharing) for b, at in placed):
                extend([*placed, (block, offset)], rest[1:], max(top, offset + block.size))

    extend([], blocks, 0)
    return best


@pytest.mark.parametrize("seed", range(60))
def test_placements_are_safe_and_minimal(seed: int) -> None:
    blocks, sharing = _instance(seed, count=3 + seed % 4)
    placed, bound = place_blocks(blocks, sharing)
    for (one, at), (two, other_at) in itertools.combinations(placed.items(), 2):
        assert not _disturbs(one, at, two, other_at, sharing)
    total = max(offset + block.size for block, offset in placed.items())
    assert bound <= total == _smallest(blocks, sharing, total + 1)


def test_a_search_that_gives_up_still_places_everything() -> None:
    blocks, sharing = _instance(1, count=60)
    placed, bound = place_blocks(blocks, sharing)
    assert set(placed) == set(blocks)
    for (one, at), (two, other_at) in itertools.combinations(placed.items(), 2):
        assert not _disturbs(one, at, two, other_at, sharing)
    assert bound == lower_bound(blocks, sharing)


def test_an_output_larger_than_its_input_slides_under_it() -> None:
    source = Block(("source",), 64, Lifetime(0, 1))
    target = Block(("target",), 128, Lifetime(1, 2))
    placed, _ = place_blocks([source, target], {(source, target): 64})
    assert (placed[target], placed[source]) == (0, 64)
    placed, _ = place_blocks([source, target], {})
    assert max(placed[target] + 128, placed[source] + 64) == 192
