"""Several curves over one axis, drawn without a library; colours come from the page's classes."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _HEIGHT = 520, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 130, 14, 44
_COLOURS = 8
_TICKS = 4
_WORD = 15


@dataclass(frozen=True)
class Curve:
    """A name, and a value at each place."""

    name: str
    values: Sequence[float]


def curves_svg(
    title: str, across: str, up: str, places: Sequence[float], curves: Sequence[Curve], mark: float
) -> str:
    """An SVG element whose curves have the classes curve-0 to curve-7, in turn.

    Args:
        title: what it shows; the text alternative tells each curve's ends too.
        across: what `places` are.
        up: what the curves' values are.
        places: rising, two or more.
        curves: a value for each place.
        mark: a place on the axis that a line marks.
    """
    values = [value for curve in curves for value in curve.values]
    low, high = min([*values, 0.0]), max(values)
    high = high if high > low else low + 1.0
    first, last = places[0], places[-1]

    def x(place: float) -> float:
        return _LEFT + (place - first) / ((last - first) or 1.0) * (_WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        return _HEIGHT - _BOTTOM - (value - low) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)

    told = f"{title}: {up} against {across}. " + " ".join(
        f"{curve.name} from {curve.values[0]:.3g} to {curve.values[-1]:.3g}." for curve in curves
    )
    head = f'<svg class="curves" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img"'
    parts = [
        f'{head} aria-label="{escape(told)}">',
        svg_line(x(mark), _TOP, x(mark), _HEIGHT - _BOTTOM, "mark"),
        svg_line(_LEFT, _HEIGHT - _BOTTOM, _WIDTH - _RIGHT, _HEIGHT - _BOTTOM, "axis"),
        svg_line(_LEFT, _TOP, _LEFT, _HEIGHT - _BOTTOM, "axis"),
    ]
    for step in range(_TICKS + 1):
        share = step / _TICKS
        place, value = first + share * (last - first), low + share * (high - low)
        parts.append(svg_text(x(place), _HEIGHT - _BOTTOM + 16, _tick(place), "middle"))
        parts.append(svg_text(_LEFT - 6, y(value) + 4, _tick(value), "end"))
    parts.append(svg_text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 8, across, "middle"))
    for number, curve in enumerate(curves):
        points = zip(places, curve.values, strict=True)
        path = "L".join(f"{x(place):.1f} {y(value):.1f}" for place, value in points)
        kind = f"curve-{number % _COLOURS}"
        parts.append(f'<path class="{kind}" d="M{path}"><title>{escape(curve.name)}</title></path>')
    ends = _apart([y(curve.values[-1]) for curve in curves])
    parts += [
        svg_text(_WIDTH - _RIGHT + 8, end + 4, curve.name, f"word curve-{number % _COLOURS}")
        for number, (curve, end) in enumerate(zip(curves, ends, strict=True))
    ]
    return "\n".join([*parts, "</svg>"])


def _apart(heights: Sequence[float]) -> list[float]:
    """Heights of words that do not overlap, as near to `heights` as their order allows."""
    order = sorted(range(len(heights)), key=heights.__getitem__)
    placed = [heights[at] for at in order]
    for below, above in itertools.pairwise(range(len(placed))):
        placed[above] = max(placed[above], placed[below] + _WORD)
    over = max(0.0, (placed[-1] if placed else 0.0) - (_HEIGHT - _BOTTOM))
    result = [0.0] * len(heights)
    for at, height in zip(order, placed, strict=True):
        result[at] = max(_TOP, height - over)
    return result


def svg_line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    """A straight line of a class."""
    return f'<path class="{kind}" d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"/>'


def svg_text(x: float, y: float, words: str, kind: str) -> str:
    """Words of a class at a place."""
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{escape(words)}</text>'


def _tick(value: float) -> str:
    """Three digits; of a thousand and more all of them, rather than a power of ten."""
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"
