"""What one window costs on the board: layer by layer, and of its length."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coincell.report import figures
from coincell.report.charts.base import (
    BLUE,
    FAINT,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PAPER,
    Chart,
    Spec,
    Table,
    colours,
    rows,
    specification,
    tooltip,
)
from coincell.report.schema import BoardPart, Layer

_STAGES = {"features": ORANGE, "network": BLUE, "decision": GREEN, "other": GREY}


def layer_cost(layer: Layer) -> int:
    """The cost that a layer is compared by: cycles with flash, or instructions without a model."""
    return layer.instructions if layer.cycles_flash is None else layer.cycles_flash


def cost_name(board: BoardPart) -> str:
    """What `layer_cost` gives, in words."""
    modelled = all(layer.cycles_flash is not None for layer in board.layers)
    return "cycles with flash" if modelled else "instructions"


def layers_chart(board: BoardPart) -> Chart:
    """The cost of each layer for one window, in the order they run."""
    total = sum(layer_cost(layer) for layer in board.layers) or 1
    values = [
        {
            "layer": layer.name,
            "stage": layer.stage,
            "cost": layer_cost(layer),
            "share": f"{100 * layer_cost(layer) / total:.1f} %",
            "cycles": figures.count(layer_cost(layer)),
            "instructions": figures.count(layer.instructions),
            "macs": figures.count(layer.macs),
        }
        for layer in board.layers
    ]
    top = max(board.layers, key=layer_cost)
    unit = cost_name(board)
    summary = (
        f"{unit.capitalize()} of {len(board.layers)} steps for one window. Dearest: {top.name}, "
        f"{100 * layer_cost(top) / total:.1f} % of {figures.short_count(total)}."
    )
    stages = [name for name in _STAGES if any(layer.stage == name for layer in board.layers)]
    body = {
        "data": rows(values),
        "encoding": {
            "y": {
                "field": "layer",
                "type": "nominal",
                "sort": None,
                "title": None,
                "axis": {"labelLimit": 190},
            },
            "x": {
                "field": "cost",
                "type": "quantitative",
                "title": unit,
                "axis": {"format": "~s", "tickCount": 5},
                "scale": {"domainMax": 1.1 * layer_cost(top), "domainMin": 0, "nice": False},
            },
            "tooltip": tooltip(
                layer="layer", cycles=unit, share="share", instructions="instructions", macs="MACs"
            ),
        },
        "layer": [
            {
                "mark": {"type": "bar", "height": {"band": 0.7}},
                "encoding": {
                    "color": {
                        "field": "stage",
                        "type": "nominal",
                        "scale": colours(stages, [_STAGES[name] for name in stages]),
                    }
                },
            },
            {
                "mark": {"type": "text", "align": "left", "dx": 5, "color": "var(--ink-soft)"},
                "encoding": {"text": {"field": "share", "type": "nominal"}},
            },
        ],
    }
    spec = specification(summary, 24 * len(board.layers), body)
    return Chart("layers", "Cost by layer", summary, spec, _layers_table(board, total), 420)


def _layers_table(board: BoardPart, total: int) -> Table:
    columns = (
        "layer",
        "operator",
        "instructions",
        "cycles",
        "flash loads",
        "cycles with flash",
        "share",
        "MACs",
        "weights",
    )
    return Table(
        columns,
        tuple(
            (
                layer.name,
                layer.operator,
                figures.count(layer.instructions),
                figures.count(layer.cycles),
                figures.count(layer.flash_loads),
                figures.count(layer.cycles_flash),
                f"{100 * layer_cost(layer) / total:.1f} %",
                figures.count(layer.macs),
                figures.size(layer.weight_bytes),
            )
            for layer in board.layers
        ),
    )


def latency_budget_chart(board: BoardPart, window_ms: float) -> Chart | None:
    """How much of a window's length the board works, by stage; None without a cycle model."""
    if board.latency_ms is None or not board.layers or cost_name(board) == "instructions":
        return None
    spent = {
        stage: sum(layer_cost(layer) for layer in board.layers if layer.stage == stage)
        * 1000
        / board.clock_hz
        for stage in _STAGES
    }
    parts = {stage: ms for stage, ms in spent.items() if ms > 0}
    parts["idle"] = max(window_ms - sum(spent.values()), 0.0)
    share = board.latency_ms / window_ms
    summary = (
        f"Of a window of {window_ms:g} ms the board works {figures.milliseconds(board.latency_ms)} "
        f"({figures.percent(share)})" + _range_words(board) + "."
    )
    end = max(sum(parts.values()), *(board.latency_range_ms or (0.0,)))
    layers = [_stage_bar(parts, end)]
    if board.latency_range_ms:
        layers.append(_range_rule(*board.latency_range_ms))
    table = Table(
        ("part", "time", "share of the window"),
        tuple(
            (name, figures.milliseconds(ms), figures.percent(ms / window_ms))
            for name, ms in parts.items()
        ),
    )
    spec = specification(summary, 46, {"layer": layers})
    return Chart(
        "latency", "One window on the board (bracket: latency range)", summary, spec, table
    )


def _range_words(board: BoardPart) -> str:
    if board.latency_range_ms is None:
        return ""
    low, high = board.latency_range_ms
    return f"; modelled, between {figures.milliseconds(low)} and {figures.milliseconds(high)}"


def _range_rule(low: float, high: float) -> Spec:
    value = {"low": low, "high": high, "told": f"{low:.3g} to {high:.3g} ms"}
    return {
        "data": rows([value]),
        "mark": {"type": "errorbar", "ticks": {"color": INK}, "rule": {"color": INK}},
        "encoding": {
            "x": {"field": "low", "type": "quantitative", "title": "milliseconds"},
            "x2": {"field": "high"},
            "tooltip": tooltip(told="latency range"),
        },
    }


def _stage_bar(parts: Mapping[str, float], end: float) -> Spec:
    """One bar, its parts end to end; their places are made here, so that the order is ours."""
    values: list[dict[str, Any]] = []
    start = 0.0
    for name, length in parts.items():
        told = figures.milliseconds(length)
        values.append({"part": name, "start": start, "end": start + length, "told": told})
        start += length
    palette = {**_STAGES, "idle": FAINT}
    return {
        "data": rows(values),
        "mark": {
            "type": "bar",
            "height": 30,
            "stroke": PAPER,
            "strokeWidth": 1,
            "cornerRadiusEnd": 0,
        },
        "encoding": {
            "x": {
                "field": "start",
                "type": "quantitative",
                "title": "milliseconds",
                "scale": {"domain": [0, end], "nice": False},
                "axis": {"format": ",~f", "grid": False, "tickCount": 6},
            },
            "x2": {"field": "end"},
            "color": {
                "field": "part",
                "type": "nominal",
                "scale": colours(list(parts), [palette[name] for name in parts]),
            },
            "tooltip": tooltip(part="part", told="time"),
        },
    }
