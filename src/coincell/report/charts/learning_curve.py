"""A learning curve, drawn: what more training data brought, and what it might bring."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from coincell.report.charts.svg import line, picture, text

_WIDTH, _HEIGHT = 640, 380
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 20, 60, 60
_COLOURS = {"float": "orange", "int8": "blue"}


@dataclass(frozen=True)
class CurvePoint:
    """A figure at a number of units, with its 95 % interval; None where it has none."""

    units: float
    value: float
    low: float | None
    high: float | None


def learning_curve_svg(
    figure: str,
    by: str,
    measured: Mapping[str, Sequence[CurvePoint]],
    fitted: Mapping[str, Sequence[CurvePoint]],
) -> str:
    """The picture: dots with their intervals, and the fitted law, beyond what was measured too.

    Args:
        figure: "accuracy", say; by: what units are, "speaker", say.
        measured: "float" and "int8" -> points, by growing units.
        fitted: the same -> the law at many numbers of units.
    """
    every = [point for points in (*measured.values(), *fitted.values()) for point in points]
    ends = [end for p in every for end in (p.value, p.low, p.high) if end is not None]
    low_y, high_y = min(ends), max(ends)
    low_x = math.log(min(p.units for p in every))
    high_x = math.log(max(p.units for p in every))
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM

    def across(units: float) -> float:
        return _LEFT + 20 + (right - _LEFT - 40) * (math.log(units) - low_x) / (high_x - low_x or 1)

    def down(value: float) -> float:
        return bottom - 15 - (bottom - _TOP - 30) * (value - low_y) / (high_y - low_y or 1)

    title = f"{figure} by training data"
    body = [text(_LEFT, 24, title, "title"), line(_LEFT, bottom, right, bottom)]
    body.append(line(_LEFT, _TOP, _LEFT, bottom))
    body += [text(_LEFT - 8, down(v) + 4, f"{v:.3g}", "soft end") for v in (low_y, high_y)]
    units = sorted({round(point.units) for points in measured.values() for point in points})
    body += [text(across(n), bottom + 20, str(n), "soft middle") for n in units]
    body.append(text((_LEFT + right) / 2, bottom + 44, f"units of {by!r} to train on", "middle"))
    for place, (model, points) in enumerate(measured.items()):
        colour = _COLOURS.get(model, "grey")
        shift = 4 * place - 2
        path = "L".join(f"{across(p.units):.1f} {down(p.value):.1f}" for p in fitted[model])
        body.append(f'<path class="p-line" d="M{path}"/>')
        for p in points:
            x = across(p.units) + shift
            if p.low is not None and p.high is not None:
                body.append(line(x, down(p.low), x, down(p.high)))
            told = f"<title>{model}: {p.value:.3g} with {p.units:g}</title>"
            body.append(
                f'<circle class="p-{colour}" cx="{x:.1f}" cy="{down(p.value):.1f}" r="5">{told}'
                "</circle>"
            )
        body.append(f'<circle class="p-{colour}" cx="{right - 130 + 70 * place}" cy="20" r="5"/>')
        body.append(text(right - 120 + 70 * place, 24, model))
    return picture(_WIDTH, _HEIGHT, title, body)
