"""What every chart shares: its form, its colours, and how a series of bars is laid out.

Colours are CSS variables, so that one specification serves light, dark and print; the page's style
sheet gives them values (after Okabe and Ito, apart for colour-blind eyes too).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Spec = dict[str, Any]

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
BLUE = "var(--chart-blue)"
ORANGE = "var(--chart-orange)"
GREEN = "var(--chart-green)"
PURPLE = "var(--chart-purple)"
SKY = "var(--chart-sky)"
RED = "var(--chart-red)"
YELLOW = "var(--chart-yellow)"
GREY = "var(--chart-grey)"
FAINT = "var(--chart-faint)"
INK = "var(--ink)"
PAPER = "var(--paper)"
CATEGORIES = (BLUE, ORANGE, GREEN, PURPLE, SKY, RED, YELLOW)
MODEL_COLOURS = {"float": GREY, "int8": BLUE}

_FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif'


@dataclass(frozen=True)
class Table:
    """A chart's figures in words: the text alternative."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Chart:
    """A picture (Vega-Lite), what it shows in a sentence, and its figures as a table.

    `key` is unique in a page and safe as an HTML id; `width` is the least width in pixels at which
    the chart can be read (a narrower page scrolls it).
    """

    key: str
    title: str
    summary: str
    spec: Spec
    table: Table
    width: int = 280


def specification(summary: str, height: int, body: Mapping[str, Any]) -> Spec:
    """A whole Vega-Lite specification that is as wide as its place in the page."""
    return {
        "$schema": SCHEMA,
        "description": summary,
        "width": "container",
        "autosize": {"type": "fit-x", "contains": "padding"},
        "height": height,
        **body,
    }


def rows(values: Sequence[Mapping[str, Any]]) -> Spec:
    """Inline data."""
    return {"values": [dict(row) for row in values]}


def colours(names: Sequence[str], palette: Sequence[str] = CATEGORIES) -> Spec:
    """A scale that gives each name a colour, in order."""
    chosen = [palette[index % len(palette)] for index in range(len(names))]
    return {"domain": list(names), "range": chosen}


def tooltip(**titles: str) -> list[Spec]:
    """A tooltip that shows fields (which hold finished text) under their titles."""
    return [{"field": field, "title": title, "type": "nominal"} for field, title in titles.items()]


def theme() -> Spec:
    """The Vega-Lite configuration that all charts of a page share."""
    axis = {
        "labelColor": "var(--ink-soft)",
        "titleColor": "var(--ink-soft)",
        "domainColor": "var(--line)",
        "tickColor": "var(--line)",
        "gridColor": "var(--line-soft)",
        "labelFont": _FONT,
        "titleFont": _FONT,
        "labelFontSize": 11,
        "titleFontSize": 11,
        "titleFontWeight": 500,
        "titlePadding": 8,
        "labelLimit": 140,
        "labelFlush": False,
    }
    legend = {
        "labelColor": "var(--ink-soft)",
        "titleColor": "var(--ink-soft)",
        "labelFont": _FONT,
        "titleFont": _FONT,
        "labelFontSize": 11,
        "symbolType": "square",
        "symbolStrokeWidth": 0,
        "orient": "top",
        "title": None,
        "labelLimit": 160,
    }
    return {
        "background": None,
        "font": _FONT,
        "padding": 4,
        "view": {"stroke": None},
        "axis": axis,
        "axisY": {"domain": False, "ticks": False, "labelPadding": 6},
        "legend": legend,
        "bar": {"color": BLUE, "cornerRadiusEnd": 2},
        "line": {"strokeWidth": 2},
        "text": {"color": INK, "font": _FONT, "fontSize": 11},
    }
