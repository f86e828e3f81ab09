"""Test windows on a plane: near each other where their features, or a layer's answers, are."""

from __future__ import annotations

from typing import Any

from coincell.report import figures
from coincell.report.charts.base import Chart, Spec, Table, colours, rows, specification, tooltip
from coincell.report.gallery_schema import FeatureMap

_MOST_NAMES = 14


def map_charts(feature_map: FeatureMap) -> tuple[Chart, ...]:
    """The same points twice: coloured by what they are, and by what the model says."""
    return _map(feature_map, "truth", "by label"), _map(feature_map, "said", "by prediction")


def _map(feature_map: FeatureMap, field: str, told: str) -> Chart:
    points = feature_map.points
    wrong = sum(point.truth != point.said for point in points)
    number = all(point.value is not None for point in points)
    share = figures.percent(sum(feature_map.explained))
    summary = (
        f"{feature_map.title}, {told}: {len(points):,} of {feature_map.of:,} test windows in the "
        f"two directions in which they vary most, {share} of the variance"
        + ("." if number else f"; {wrong:,} of them are taken for another label.")
    )
    values: list[dict[str, Any]] = [
        {
            "x": round(point.x, 3),
            "y": round(point.y, 3),
            "truth": point.truth,
            "said": point.said,
            "file": point.file,
            "number": point.value if field == "truth" else point.predicted,
        }
        for point in points
    ]
    body = {
        "data": rows(values),
        "mark": {"type": "point", "filled": True, "size": 34, "opacity": 0.72},
        "encoding": {
            "x": _axis("x"),
            "y": _axis("y"),
            "color": _numbers() if number else _names(feature_map, field),
            "tooltip": tooltip(file="file", truth="true", said="said"),
        },
    }
    key = f"map-{feature_map.name}-{field}"
    title = f"{feature_map.title}, {told}"
    return Chart(key, title, summary, specification(summary, 250, body), _table(feature_map, field))


def _axis(field: str) -> Spec:
    return {
        "field": field,
        "type": "quantitative",
        "title": None,
        "scale": {"zero": False},
        "axis": {"labels": False, "ticks": False, "domain": False, "tickCount": 4},
    }


def _numbers() -> Spec:
    return {
        "field": "number",
        "type": "quantitative",
        "scale": {"scheme": "viridis"},
        "legend": {"type": "gradient", "gradientLength": 120},
    }


def _names(feature_map: FeatureMap, field: str) -> Spec:
    both = [point.truth for point in feature_map.points], [p.said for p in feature_map.points]
    names = sorted({*both[0], *both[1]})
    return {
        "field": field,
        "type": "nominal",
        "scale": colours(names),
        "legend": {"columns": 4} if len(names) <= _MOST_NAMES else None,
    }


def _table(feature_map: FeatureMap, field: str) -> Table:
    """The middle of each name's points."""
    named: dict[str, list[tuple[float, float]]] = {}
    for point in feature_map.points:
        told = point.truth if field == "truth" else point.said
        named.setdefault(told if point.value is None else "all", []).append((point.x, point.y))
    return Table(
        ("of", "windows", "middle, first direction", "second"),
        tuple(
            (
                name,
                str(len(places)),
                figures.decimal(sum(x for x, _ in places) / len(places)),
                figures.decimal(sum(y for _, y in places) / len(places)),
            )
            for name, places in sorted(named.items())
        ),
    )
