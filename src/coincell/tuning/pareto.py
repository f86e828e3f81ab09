"""Which of many candidates nothing beats in everything."""

from __future__ import annotations

from collections.abc import Sequence

BETTER_HIGH = frozenset({"accuracy", "auc"})
"""Objectives of which more is better; of all others less is."""


def dominates(one: Sequence[float], other: Sequence[float], names: Sequence[str]) -> bool:
    """Whether `one` is nowhere worse than `other`, and somewhere better; values by `names`."""
    signs = [-1.0 if name in BETTER_HIGH else 1.0 for name in names]
    gaps = [s * (a - b) for s, a, b in zip(signs, one, other, strict=True)]
    return all(gap <= 0 for gap in gaps) and any(gap < 0 for gap in gaps)


def front(values: Sequence[Sequence[float]], names: Sequence[str]) -> list[int]:
    """Positions of the values that none of the others dominates, [n]; equal ones all stay."""
    return [
        place
        for place, own in enumerate(values)
        if not any(dominates(other, own, names) for other in values)
    ]


def rivals(own: Sequence[float], others: Sequence[Sequence[float]], names: Sequence[str]) -> int:
    """How many of `others` dominate `own`."""
    return sum(dominates(other, own, names) for other in others)
