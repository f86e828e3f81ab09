"""How near a predicted number is: against the true one, what is left, how errors are spread."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from coincell.report import figures
from coincell.report.charts.base import (
    BLUE,
    INK,
    ORANGE,
    Chart,
    Spec,
    Table,
    rows,
    specification,
    tooltip,
)
from coincell.report.goal_schema import QuantityPart

_MOST_POINTS = 800
_CURVE_POINTS = 120


def quantity_charts(name: str, part: QuantityPart) -> tuple[Chart, ...]:
    """Predicted against true, residuals against true, and the distribution of errors."""
    if not part.truth:
        return ()
    return predicted_chart(name, part), residuals_chart(name, part), errors_chart(name, part)


def _points(part: QuantityPart) -> list[dict[str, Any]]:
    """Test windows, evenly thinned to what a page can hold."""
    pairs = list(zip(part.truth, part.predicted, strict=True))
    step = max(1, -(-len(pairs) // _MOST_POINTS))
    return [
        {
            "true": round(true, 4),
            "said": round(said, 4),
            "left": round(said - true, 4),
            "told": f"{_with(part, said)} for {_with(part, true)}",
        }
        for true, said in pairs[::step]
    ]


def _with(part: QuantityPart, value: float) -> str:
    return figures.with_unit(float(f"{value:.4g}"), part.unit)


def _axis(field: str, title: str, domain: list[float] | None = None) -> Spec:
    scale: Spec = {"zero": False, "nice": domain is None}
    if domain:
        scale["domain"] = domain
    return {
        "field": field,
        "type": "quantitative",
        "title": title,
        "scale": scale,
        "axis": {"tickCount": 6},
    }


def _dots(x: Spec, y: Spec) -> Spec:
    return {
        "mark": {"type": "point", "filled": True, "size": 22, "opacity": 0.45, "color": BLUE},
        "encoding": {"x": x, "y": y, "tooltip": tooltip(told="said")},
    }


def _rule(line: list[dict[str, float]], x: Spec, y: Spec) -> Spec:
    mark = {"type": "line", "color": INK, "strokeWidth": 1, "strokeDash": [5, 3]}
    return {"data": rows(line), "mark": mark, "encoding": {"x": x, "y": y}}


def predicted_chart(name: str, part: QuantityPart) -> Chart:
    """A point a test window; on the dashed line all is right."""
    low, high = min(*part.truth, *part.predicted), max(*part.truth, *part.predicted)
    spare = 0.03 * (high - low) or 1.0
    domain = [low - spare, high + spare]
    x = _axis("true", f"true {part.target}, {part.unit}", domain)
    y = _axis("said", f"predicted {part.target}, {part.unit}", domain)
    mae, r2 = figures.quantity(part.mae, part.unit), figures.number(part.r2)
    summary = (
        f"Predicted against true {part.target} of the {name} model, {len(part.truth):,} test "
        f"windows: mean absolute error {mae}, R2 {r2}."
    )
    body = {
        "layer": [
            _rule([{"true": at, "said": at} for at in domain], x, y),
            {"data": rows(_points(part)), **_dots(x, y)},
        ]
    }
    table = Table(
        ("figure", "value"),
        (
            ("mean absolute error", mae),
            ("root mean squared error", figures.quantity(part.rmse, part.unit)),
            ("bias", figures.quantity(part.bias, part.unit)),
            ("R2", r2),
        ),
    )
    spec = specification(summary, 300, body)
    return Chart("predicted", f"Predicted against true, {name}", summary, spec, table)


def residuals_chart(name: str, part: QuantityPart) -> Chart:
    """Predicted minus true over the true number: a trend is an error that could be mended."""
    x = _axis("true", f"true {part.target}, {part.unit}")
    y = _axis("left", f"predicted minus true, {part.unit}")
    left = [said - true for true, said in zip(part.truth, part.predicted, strict=True)]
    ends = (min(part.truth), max(part.truth))
    summary = (
        f"Residuals of the {name} model: from {_with(part, min(left))} to "
        f"{_with(part, max(left))}, {figures.quantity(part.bias, part.unit)} on average."
    )
    body = {
        "layer": [
            _rule([{"true": at, "left": 0.0} for at in ends], x, y),
            {"data": rows(_points(part)), **_dots(x, y)},
        ]
    }
    spec = specification(summary, 300, body)
    return Chart("residuals", f"Residuals, {name}", summary, spec, _by_range(part))


def _by_range(part: QuantityPart, ranges: int = 5) -> Table:
    """Mean and largest residual in parts of the true range that hold as many windows each."""
    pairs = sorted(zip(part.truth, part.predicted, strict=True))
    bounds = [round(i * len(pairs) / ranges) for i in range(ranges + 1)]
    found = []
    for first, last in pairwise(bounds):
        piece = pairs[first:last]
        if piece:
            left = [said - true for true, said in piece]
            found.append(
                (
                    f"{piece[0][0]:.4g} to {piece[-1][0]:.4g} {part.unit}",
                    f"{sum(left) / len(left):.3g} {part.unit}",
                    f"{max(map(abs, left)):.3g} {part.unit}",
                )
            )
    return Table((f"true {part.target}", "mean residual", "largest error"), tuple(found))


def errors_chart(name: str, part: QuantityPart) -> Chart:
    """How far how many test windows are off at most; with intervals where they were computed."""
    errors = sorted(abs(said - true) for true, said in zip(part.truth, part.predicted, strict=True))
    count = len(errors)
    places = sorted({round(i * (count - 1) / _CURVE_POINTS) for i in range(_CURVE_POINTS + 1)})
    curve = [{"error": round(errors[at], 5), "share": (at + 1) / count} for at in places]
    told = [
        (f"{100 * each.share:g} %", figures.quantity(each.error, part.unit)) for each in part.errors
    ]
    summary = f"Errors of the {name} model. " + "; ".join(
        f"{share} of windows are off by at most {error}" for share, error in told
    )
    x = _axis("error", f"error at most, {part.unit}")
    y: Spec = {
        "field": "share",
        "type": "quantitative",
        "title": "share of test windows",
        "scale": {"domain": [0, 1]},
        "axis": {"format": "~%"},
    }
    marks = [
        {
            "share": each.share,
            "error": each.error.value,
            "low": (each.error.ci95 or (each.error.value, 0.0))[0],
            "high": (each.error.ci95 or (0.0, each.error.value))[1],
            "told": figures.quantity(each.error, part.unit),
        }
        for each in part.errors
        if each.error.value is not None
    ]
    line = {"type": "line", "color": BLUE, "interpolate": "step-after"}
    layers: list[Spec] = [{"data": rows(curve), "mark": line, "encoding": {"x": x, "y": y}}]
    if marks:
        layers.append(
            {
                "data": rows(marks),
                "mark": {"type": "rule", "color": ORANGE, "strokeWidth": 3, "opacity": 0.6},
                "encoding": {
                    "x": {**x, "field": "low"},
                    "x2": {"field": "high"},
                    "y": y,
                    "tooltip": tooltip(told="off by at most"),
                },
            }
        )
    table = Table(("share of windows", "off by at most"), tuple(told))
    spec = specification(summary, 240, {"layer": layers})
    return Chart("errors", f"Error distribution, {name}", summary, spec, table)
