"""A fleet over time: how accurate it probably was each day, and how many devices reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from coincell.report.charts.svg import bar, line, picture, text

_WIDTH, _HEIGHT = 900, 260
_LEFT, _RIGHT, _TOP, _MIDDLE, _BOTTOM = 70, 20, 46, 176, 232
_MOST_NAMES = 8


@dataclass(frozen=True)
class DayPoint:
    """One day: seconds since 1970, devices, and the accuracy's interval, None where unknown."""

    begin: int
    devices: int
    accuracy: tuple[float, float, float] | None

    @property
    def date(self) -> str:
        """By UTC."""
        return datetime.fromtimestamp(self.begin, UTC).strftime("%Y-%m-%d")

    @property
    def told(self) -> str:
        """In words."""
        words = f"{self.date}: {self.devices} devices"
        if self.accuracy is None:
            return words
        low, middle, high = (100 * value for value in self.accuracy)
        return f"{words}, probably {middle:.1f} % right ({low:.1f} to {high:.1f})"


def fleet_days_svg(days: Sequence[DayPoint], what: str) -> str:
    """Days from left to right: above the accuracy with its interval, below the devices.

    Args:
        days: in order; at least one.
        what: the title.
    """
    first, last = days[0].begin, days[-1].begin
    step = (_WIDTH - _LEFT - _RIGHT) / max(1, (last - first) // 86400 + 1)

    def across(day: DayPoint) -> float:
        return _LEFT + step * ((day.begin - first) // 86400)

    body = [text(_LEFT, 26, what, "title")]
    told = [(day, day.accuracy) for day in days if day.accuracy is not None]
    if told:
        low = min(interval[0] for _, interval in told)
        high = max(interval[2] for _, interval in told)
        low, high = min(low, high - 0.02), max(high, low + 0.02)

        def down(value: float) -> float:
            return _MIDDLE - 16 - (_MIDDLE - _TOP - 24) * (value - low) / (high - low)

        body += [
            text(_LEFT - 8, down(value) + 4, f"{100 * value:.1f} %", "soft end")
            for value in (low, high)
        ]
        for day, (least, middle, most) in told:
            height = max(1.0, down(least) - down(most))
            x, wide = across(day), max(step - 1, 1.0)
            body.append(bar(x, down(most), wide, height, "sky", day.told, 0.45))
            body.append(bar(x, down(middle) - 1.5, wide, 3, "blue", day.told))
    greatest = max(day.devices for day in days)
    body.append(text(_LEFT - 8, _MIDDLE + 14, f"{greatest}", "soft end"))
    body.append(text(_LEFT - 8, _BOTTOM, "devices", "soft end"))
    for day in days:
        height = (_BOTTOM - _MIDDLE - 4) * day.devices / max(1, greatest)
        top = _BOTTOM - height
        body.append(bar(across(day), top, max(step - 1, 1.0), height, "grey", day.told))
    body.append(line(_LEFT, _BOTTOM, _WIDTH - _RIGHT, _BOTTOM))
    apart = -(-len(days) // _MOST_NAMES)
    body += [text(across(day), _BOTTOM + 18, day.date, "soft") for day in days[::apart]]
    return picture(_WIDTH, _HEIGHT, what, body)
