"""What the decisions of a run come to, in a few words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coincell.board import Decision


def decisions_said(decisions: Sequence[Decision]) -> str:
    """Numbers from the least to the most, how many were strange, or how many had a label."""
    numbers = [decision for decision in decisions if "value" in decision.figures]
    if numbers:
        ordered = sorted(numbers, key=lambda decision: decision.figures["value"])
        return f"from {ordered[0].told} to {ordered[-1].told}"
    if any("strangeness" in decision.figures for decision in decisions):
        counts = Counter(decision.label for decision in decisions if decision.label)
        return ", ".join(f"{count} {label}" for label, count in sorted(counts.items()))
    return f"{sum(1 for decision in decisions if decision.label)} with a label"


def score_heading(decisions: Sequence[Decision]) -> str:
    """Of the column that tells them."""
    figures = decisions[0].figures if decisions else {}
    return next((name for name in ("value", "strangeness") if name in figures), "score")
