"""Energy for people: currents, powers and days, one way each."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coincell.board import Bounds


def current(ampere: float) -> str:
    """0.00065 -> "650 uA"; 0.0033 -> "3.3 mA"; 8.1e-7 -> "0.81 uA"."""
    if ampere >= 1e-3:
        return f"{_digits(1e3 * ampere)} mA"
    return f"{_digits(1e6 * ampere)} uA"


def power_range(milliwatt: Bounds) -> str:
    """ "5.63 mW (5.55 to 8.59)"."""
    low, high = _digits(milliwatt.low), _digits(milliwatt.high)
    return f"{_digits(milliwatt.typical)} mW ({low} to {high})"


def days_range(days: Bounds) -> str:
    """ "46.9 days (21.7 to 62.7)"; below two days in hours."""
    if days.typical < 2:
        hours = [24 * value for value in (days.typical, days.low, days.high)]
        return "{} hours ({} to {})".format(*map(_digits, hours))
    return f"{_digits(days.typical)} days ({_digits(days.low)} to {_digits(days.high)})"


def share(value: float) -> str:
    """0.346 -> "34.6 %"; what rounds to nothing is below 0.1 %."""
    return "< 0.1 %" if 0 < value < 0.0005 else f"{100 * value:.1f} %"


def _digits(value: float) -> str:
    """Three digits that count, never an exponent."""
    if value >= 99.95:
        return f"{value:,.0f}"
    if value >= 9.995:
        return f"{value:.1f}"
    return f"{value:.2f}" if value >= 0.0995 else f"{value:.2g}"
