"""On the device against sent to a server: power, bytes and delay side by side."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from coincell.report.charts.svg import bar, line, picture, text
from coincell.report.energy_words import power_range

if TYPE_CHECKING:
    from coincell.board import Bounds, ServerComparison, ServerOption

_WIDTH, _LEFT, _RIGHT = 880, 176, 190
_ROOM = _WIDTH - _LEFT - _RIGHT
_BAR, _STEP, _HEAD = 18, 26, 42
_COLOURS = {"decisions": "blue", "features": "orange", "raw": "grey"}
_NAMES = {
    "decisions": "decided on the device",
    "features": "features sent",
    "raw": "raw samples sent",
}


def server_svg(comparison: ServerComparison) -> str:
    """Three panels of bars; lines show between what bounds a figure lies, words tell them."""
    body: list[str] = []
    y = 8.0
    for title, figure, told, logarithmic in _PANELS:
        if title == "Average power":
            title += " of the board as shipped" if comparison.as_shipped else " of a bare module"
        body.append(text(8, y + 20, title, "title"))
        rows = [(option, figure(option)) for option in comparison.options]
        most = max(value if isinstance(value, float) else value.high for _, value in rows)
        for number, (option, value) in enumerate(rows):
            top = y + 32 + _STEP * number
            body += _row(option, value, most, top, told, logarithmic)
        y += _HEAD + _STEP * len(rows)
    days = ", ".join(
        f"{_NAMES[option.name]} {option.days.typical:.3g}"
        for option in comparison.options
        if option.days
    )
    if days:
        cell = comparison.battery or "the battery"
        body.append(text(8, y + 18, f"Days on {cell}: {days}.", "soft"))
        y += 22
    body.append(text(8, y + 18, "Modelled from published currents: docs/energy.md.", "soft"))
    return picture(_WIDTH, round(y + 30), "On the device against sent to a server", body)


def _row(
    option: ServerOption,
    value: Bounds | float,
    most: float,
    top: float,
    told: Callable[[Bounds | float], str],
    logarithmic: bool,
) -> list[str]:
    typical = value if isinstance(value, float) else value.typical

    def length(amount: float) -> float:
        if logarithmic:
            return _ROOM * math.log10(max(amount, 1.0)) / math.log10(max(most, 10.0))
        return _ROOM * amount / (most or 1.0)

    parts = [
        text(_LEFT - 10, top + 14, _NAMES[option.name], "end"),
        bar(_LEFT, top, length(typical), _BAR, _COLOURS[option.name], option.title),
    ]
    end = length(typical)
    if not isinstance(value, float):
        low, high = _LEFT + length(value.low), _LEFT + length(value.high)
        middle = top + _BAR / 2
        parts += [line(low, middle, high, middle), line(high, middle - 4, high, middle + 4)]
        end = max(end, length(value.high))
    parts.append(text(_LEFT + end + 8, top + 14, told(value)))
    return parts


def _milliwatt(value: Bounds | float) -> str:
    return f"{value:.3g} mW" if isinstance(value, float) else power_range(value)


def _milliseconds(value: Bounds | float) -> str:
    if isinstance(value, float):
        return f"{value + 1e-9:.0f} ms"
    low, typical, high = (f"{part + 1e-9:.0f}" for part in (value.low, value.typical, value.high))
    return f"{typical} ms ({low} to {high})"


def _bytes(value: Bounds | float) -> str:
    value = value if isinstance(value, float) else value.typical
    for size, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:.0f} B"


_Panel = tuple[
    str, "Callable[[ServerOption], Bounds | float]", "Callable[[Bounds | float], str]", bool
]
_PANELS: tuple[_Panel, ...] = (
    ("Average power", lambda option: option.average_mw, _milliwatt, False),
    ("Bytes a day over the air (logarithmic)", lambda option: option.bytes_a_day, _bytes, True),
    ("From a window's end to the answer", lambda option: option.delay_ms, _milliseconds, False),
)
