"""Figures side by side, each a point on the line of its 95 % interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from coincell.report.charts.base import (
    BLUE,
    Chart,
    Spec,
    Table,
    rows,
    specification,
    tooltip,
)
from coincell.report.part import Metric


@dataclass(frozen=True)
class Measured:
    """A row: its name, its figure, the figure as told, and its colour."""

    name: str
    metric: Metric
    told: str
    colour: str = BLUE


def interval_chart(
    key: str, title: str, axis: str, measured: Sequence[Measured], form: str = "~%"
) -> Chart:
    """A point and an interval a row; a row without a figure stands in the table alone."""
    values = [
        {
            "name": each.name,
            "value": each.metric.value,
            "low": (each.metric.ci95 or (each.metric.value, 0))[0],
            "high": (each.metric.ci95 or (0, each.metric.value))[1],
            "told": each.told,
            "colour": each.colour,
        }
        for each in measured
        if each.metric.value is not None
    ]
    summary = f"{title}: " + "; ".join(f"{each.name} {each.told}" for each in measured) + "."
    body = {
        "data": rows(values),
        "encoding": {
            "y": {"field": "name", "type": "nominal", "sort": None, "title": None},
            "color": {"field": "colour", "type": "nominal", "scale": None},
            "tooltip": tooltip(name="of", told=axis),
        },
        "layer": _marks(axis, form),
    }
    table = Table(("of", axis), tuple((each.name, each.told) for each in measured))
    return Chart(key, title, summary, specification(summary, 26 * max(1, len(values)), body), table)


def _marks(axis: str, form: str) -> list[Spec]:
    return [
        {
            "mark": {"type": "rule", "strokeWidth": 2.5, "opacity": 0.45},
            "encoding": {
                "x": {"field": "low", "type": "quantitative", "scale": {"zero": False}},
                "x2": {"field": "high"},
            },
        },
        {
            "mark": {"type": "point", "filled": True, "size": 46, "opacity": 1},
            "encoding": {
                "x": {
                    "field": "value",
                    "type": "quantitative",
                    "title": axis,
                    "scale": {"zero": False},
                    "axis": {"format": form, "tickCount": 5},
                }
            },
        },
    ]
