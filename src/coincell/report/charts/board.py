"""What the image costs on the board: time layer by layer, and memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from coincell.report import figures
from coincell.report.charts.base import (
    BLUE,
    CATEGORIES,
    FAINT,
    GREEN,
    GREY,
    INK,
    ORANGE,
    Chart,
    Spec,
    Table,
    colours,
    rows,
    specification,
    tooltip,
)
from coincell.report.schema import BoardPart, Layer, MemoryBank

_STAGES = {"features": ORANGE, "network": BLUE, "decision": GREEN, "other": GREY}
_CONTRIBUTORS = 12
_REGION_PALETTE = tuple(colour for colour in CATEGORIES)
_QUIET = {"free": FAINT, "bootloader": GREY}


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
                "scale": {"padding": 34},
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
    spec = specification(summary, {"step": 24}, body)
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
    parts = [(stage, ms) for stage, ms in spent.items() if ms > 0]
    parts.append(("idle", max(window_ms - sum(spent.values()), 0.0)))
    share = board.latency_ms / window_ms
    summary = (
        f"Of a window of {window_ms:g} ms the board works {figures.milliseconds(board.latency_ms)} "
        f"({figures.percent(share)})" + _range_words(board) + "."
    )
    palette = {**_STAGES, "idle": FAINT}
    names = [name for name, _ in parts]
    layers = [_stacked(parts, names, [palette[n] for n in names], "milliseconds", "~s", "ms")]
    if board.latency_range_ms:
        layers.append(_range_rule(*board.latency_range_ms))
    table = Table(
        ("part", "time", "share of the window"),
        tuple((n, figures.milliseconds(ms), figures.percent(ms / window_ms)) for n, ms in parts),
    )
    spec = specification(summary, 46, {"layer": layers})
    return Chart("latency", "One window on the board", summary, spec, table)


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


def _stacked(
    parts: Sequence[tuple[str, float]],
    names: Sequence[str],
    palette: Sequence[str],
    title: str,
    tick_format: str,
    unit: str,
) -> Spec:
    """One bar, its parts end to end; the offsets are made here, so that order is ours."""
    values: list[dict[str, Any]] = []
    start = 0.0
    for name, length in parts:
        told = figures.size(int(length)) if unit == "bytes" else figures.milliseconds(length)
        values.append({"part": name, "start": start, "end": start + length, "told": told})
        start += length
    return {
        "data": rows(values),
        "mark": {
            "type": "bar",
            "height": 30,
            "stroke": "var(--paper)",
            "strokeWidth": 1,
            "cornerRadiusEnd": 0,
        },
        "encoding": {
            "x": {
                "field": "start",
                "type": "quantitative",
                "title": title,
                "scale": {"domain": [0, start], "nice": False},
                "axis": {"format": tick_format, "grid": False, "tickCount": 6},
            },
            "x2": {"field": "end"},
            "color": {
                "field": "part",
                "type": "nominal",
                "scale": colours(names, palette),
                "legend": {"columns": 4},
            },
            "tooltip": tooltip(part="part", told="size" if unit == "bytes" else "time"),
        },
    }


def memory_charts(board: BoardPart) -> tuple[Chart, ...]:
    """A bar for flash and one for RAM, from the lowest address to the highest."""
    return tuple(_bank(bank) for bank in board.memory_map)


def _bank(bank: MemoryBank) -> Chart:
    used = sum(region.bytes for region in bank.regions if region.name not in _QUIET)
    title = "Flash" if bank.name == "flash" else "RAM"
    summary = (
        f"{title}: {used:,} of {bank.bytes:,} bytes are the image's "
        f"({figures.percent(used / bank.bytes) if bank.bytes else '-'})."
    )
    parts = [(region.name, region.bytes / 1024) for region in bank.regions]
    names = list(dict.fromkeys(region.name for region in bank.regions))
    loud = [name for name in names if name not in _QUIET]
    palette = [
        _QUIET.get(name) or _REGION_PALETTE[loud.index(name) % len(_REGION_PALETTE)]
        for name in names
    ]
    table = Table(
        ("region", "address", "bytes", "share"),
        tuple(
            (
                region.name,
                figures.NOTHING if region.address is None else f"0x{region.address:08x}",
                figures.count(region.bytes),
                figures.percent(region.bytes / bank.bytes if bank.bytes else None),
            )
            for region in bank.regions
        ),
    )
    values = _stacked(parts, names, palette, "KiB", "~f", "KiB")
    spec = specification(summary, 46, values)
    return Chart(f"memory-{bank.name}", title, summary, spec, table)


def contributors_chart(board: BoardPart) -> Chart:
    """The symbols that take most bytes."""
    shown = board.contributors[:_CONTRIBUTORS]
    values = [
        {
            "symbol": f"{entry.symbol} ({entry.section})",
            "bytes": entry.bytes,
            "told": figures.count(entry.bytes),
            "section": entry.section,
        }
        for entry in shown
    ]
    sections = list(dict.fromkeys(entry.section for entry in shown))
    summary = (
        f"The {len(shown)} largest contributors. Largest: {shown[0].symbol}, "
        f"{shown[0].bytes:,} bytes of {shown[0].section}."
    )
    body = {
        "data": rows(values),
        "mark": {"type": "bar", "height": {"band": 0.7}},
        "encoding": {
            "y": {
                "field": "symbol",
                "type": "nominal",
                "sort": None,
                "title": None,
                "axis": {"labelLimit": 230},
            },
            "x": {
                "field": "bytes",
                "type": "quantitative",
                "title": "bytes",
                "axis": {"format": "~s", "tickCount": 5},
            },
            "color": {"field": "section", "type": "nominal", "scale": colours(sections)},
            "tooltip": tooltip(symbol="symbol", told="bytes"),
        },
    }
    table = Table(
        ("symbol", "section", "bytes"),
        tuple((entry.symbol, entry.section, figures.count(entry.bytes)) for entry in shown),
    )
    spec = specification(summary, {"step": 22}, body)
    return Chart("contributors", "Largest contributors", summary, spec, table, 460)
