"""What a search found, drawn: every candidate, and the front that nothing beats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from coincell.report.charts.svg import line, picture, text

_WIDTH, _HEIGHT = 640, 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 80, 20, 50, 60
_MOST_NAMES = 3  # that are written beside one place


@dataclass(frozen=True)
class Point:
    """A candidate: its place, its name, what a reader is told, and whether it is on the front."""

    x: float
    y: float
    name: str
    told: str
    best: bool


def front_svg(points: Sequence[Point], x_name: str, y_name: str, what: str = "Candidates") -> str:
    """The picture of `what`; without a point it says so."""
    title = f"{what} by {x_name} and {y_name}"
    body = [text(_LEFT, 28, title, "title")]
    if not points:
        return picture(_WIDTH, _HEIGHT, title, [*body, text(_LEFT, 200, "No candidate is whole.")])
    low_x, high_x = min(p.x for p in points), max(p.x for p in points)
    low_y, high_y = min(p.y for p in points), max(p.y for p in points)
    bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT

    def across(x: float) -> float:
        return _LEFT + 20 + (right - _LEFT - 40) * (x - low_x) / ((high_x - low_x) or 1)

    def down(y: float) -> float:
        return bottom - 20 - (bottom - _TOP - 40) * (y - low_y) / ((high_y - low_y) or 1)

    body += [line(_LEFT, bottom, right, bottom), line(_LEFT, _TOP, _LEFT, bottom)]
    for value in dict.fromkeys((low_x, high_x)):
        body.append(text(across(value), bottom + 20, f"{value:.4g}", "soft middle"))
    for value in dict.fromkeys((low_y, high_y)):
        body.append(text(_LEFT - 8, down(value) + 4, f"{value:.4g}", "soft end"))
    body.append(text((_LEFT + right) / 2, bottom + 44, x_name, "middle"))
    body.append(text(8, _TOP - 4, y_name))
    for point in sorted(points, key=lambda p: p.best):
        body.append(_dot(across(point.x), down(point.y), point))
    for (x, y), names in _named(points).items():
        body.append(_name(across(x), down(y), names, right))
    body.append(text(right, 28, "blue: nothing is better in everything", "soft end"))
    return picture(_WIDTH, _HEIGHT, title, body)


def _named(points: Sequence[Point]) -> dict[tuple[float, float], str]:
    """Places of the best -> the names of all that are there."""
    found: dict[tuple[float, float], list[str]] = {}
    for point in points:
        if point.best:
            found.setdefault((point.x, point.y), []).append(point.name)
    return {place: _joined(names) for place, names in found.items()}


def _joined(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _name(x: float, y: float, name: str, right: float) -> str:
    """On the side of a dot where there is room."""
    return text(x - 10, y + 4, name, "end") if x > right - 80 else text(x + 10, y + 4, name)


def _dot(x: float, y: float, point: Point) -> str:
    from html import escape

    colour, radius = ("blue", 6) if point.best else ("faint", 4)
    told = f"<title>{escape(point.told)}</title>"
    return f'<circle class="p-{colour}" cx="{x:.1f}" cy="{y:.1f}" r="{radius}">{told}</circle>'
