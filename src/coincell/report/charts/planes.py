"""Pairs of rates as curves in a square (ROC, precision-recall, DET), drawn without a library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from statistics import NormalDist

from coincell.report.charts.curves import svg_line, svg_text

_WIDTH, _HEIGHT = 360, 330
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 14, 26, 46
_EVEN = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
_DEVIATES = (0.001, 0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99)
_ENDS = (0.0005, 0.9995)


@dataclass(frozen=True)
class RateCurve:
    """One curve.

    Attributes:
        name: whose.
        across: rates, 0 to 1, [n].
        up: rates, [n].
        at: the point that is marked, (across, up); None for no mark.
        told: a few words on it, such as its area.
    """

    name: str
    across: Sequence[float]
    up: Sequence[float]
    at: tuple[float, float] | None = None
    told: str = ""


def rates_svg(
    title: str, across: str, up: str, curves: Sequence[RateCurve], *, deviates: bool = False
) -> str:
    """An SVG element whose curves have the classes curve-0 to curve-7, in turn.

    `data-frame` holds the plot's left, top, right and bottom in the element's own units.

    Args:
        title: what it shows; the text alternative tells each curve's words too.
        across: the rate from left to right.
        up: the rate from bottom to top.
        curves: at most eight have a colour of their own.
        deviates: axes are quantiles of the normal distribution, as of a DET curve.
    """
    words = " ".join(f"{curve.name}: {curve.told}." for curve in curves)
    told = escape(f"{title}: {up} against {across}. {words}")
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    head = f'<svg class="curves plane" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img"'
    parts = [
        f'{head} aria-label="{told}" data-frame="{_LEFT} {_TOP} {right} {bottom}">',
        svg_line(_LEFT, bottom, right, bottom, "axis"),
        svg_line(_LEFT, _TOP, _LEFT, bottom, "axis"),
    ]
    for tick in _DEVIATES if deviates else _EVEN:
        x, y = _x(tick, deviates), _y(tick, deviates)
        parts += [
            svg_line(x, _TOP, x, bottom, "grid"),
            svg_line(_LEFT, y, right, y, "grid"),
            svg_text(x, bottom + 16, f"{100 * tick:g}", "middle"),
            svg_text(_LEFT - 6, y + 4, f"{100 * tick:g}", "end"),
        ]
    parts.append(svg_text((_LEFT + right) / 2, _HEIGHT - 8, f"{across} (%)", "middle"))
    parts.append(svg_text(8, 14, f"{up} (%)", "word"))
    for number, curve in enumerate(curves):
        parts += _drawn(number, curve, deviates)
    return "\n".join([*parts, "</svg>"])


def _drawn(number: int, curve: RateCurve, deviates: bool) -> list[str]:
    points = zip(curve.across, curve.up, strict=True)
    path = "L".join(f"{_x(a, deviates):.2f} {_y(b, deviates):.2f}" for a, b in points)
    kind, name = f"curve-{number % 8}", escape(curve.name)
    parts = []
    if path:
        parts.append(
            f'<path class="{kind}" d="M{path}" data-name="{name}"><title>{name}: '
            f"{escape(curve.told)}</title></path>"
        )
    if curve.at is not None:
        x, y = _x(curve.at[0], deviates), _y(curve.at[1], deviates)
        parts.append(
            f'<circle class="{kind}" cx="{x:.2f}" cy="{y:.2f}" r="4.5" data-name="{name}"/>'
        )
    return parts


def _share(rate: float, deviates: bool) -> float:
    """Where on an axis a rate stands, 0 to 1."""
    if not deviates:
        return rate
    low, high = (NormalDist().inv_cdf(end) for end in _ENDS)
    inside = min(max(rate, _ENDS[0]), _ENDS[1])
    return (NormalDist().inv_cdf(inside) - low) / (high - low)


def _x(rate: float, deviates: bool) -> float:
    return _LEFT + _share(rate, deviates) * (_WIDTH - _LEFT - _RIGHT)


def _y(rate: float, deviates: bool) -> float:
    return _HEIGHT - _BOTTOM - _share(rate, deviates) * (_HEIGHT - _TOP - _BOTTOM)
