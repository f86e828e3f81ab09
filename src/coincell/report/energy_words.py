"""Energy with its bounds, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coincell.report import figures

if TYPE_CHECKING:
    from coincell.board import Bounds

current = figures.current
share = figures.small_percent


def power_range(milliwatt: Bounds) -> str:
    """As in 5.63 mW (5.55 to 8.59)."""
    low, high = figures.short_count(milliwatt.low), figures.short_count(milliwatt.high)
    return f"{figures.short_count(milliwatt.typical)} mW ({low} to {high})"


def days_range(days: Bounds) -> str:
    """As in 46.9 days (21.7 to 62.7); below two days in hours."""
    return figures.days(days.typical, (days.low, days.high))
