"""What the image takes of flash and RAM, and which symbols take most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from coincell.report import figures
from coincell.report.charts.base import (
    CATEGORIES,
    FAINT,
    GREY,
    PAPER,
    Chart,
    Table,
    colours,
    rows,
    specification,
    tooltip,
)
from coincell.report.schema import BoardPart, MemoryBank, MemoryRegion

_CONTRIBUTORS = 12
_QUIET = {"free": FAINT, "bootloader": GREY}


def memory_charts(board: BoardPart) -> tuple[Chart, ...]:
    """A bar for flash and one for RAM, from the lowest address to the highest."""
    return tuple(_bank(bank) for bank in board.memory_map)


def _bank(bank: MemoryBank) -> Chart:
    """Two bars of one width: the whole bank, and the part in use, enlarged."""
    used = sum(region.bytes for region in bank.regions if region.name not in _QUIET)
    title = "Flash" if bank.name == "flash" else "RAM"
    share = figures.percent(used / bank.bytes if bank.bytes else None)
    summary = f"{title}: {used:,} of {bank.bytes:,} bytes are the image's ({share})."
    names = list(dict.fromkeys(region.name for region in bank.regions))
    loud = [name for name in names if name not in _QUIET]
    palette = [_QUIET.get(name) or CATEGORIES[loud.index(name) % len(CATEGORIES)] for name in names]
    own = [region for region in bank.regions if region.name not in _QUIET]
    values = [
        *_segments(bank.regions, f"all, {figures.size(bank.bytes)}"),
        *_segments(own, f"image, {figures.size(used)}"),
    ]
    body = {
        "data": rows(values),
        "mark": {
            "type": "bar",
            "height": {"band": 0.74},
            "stroke": PAPER,
            "strokeWidth": 1,
            "cornerRadiusEnd": 0,
        },
        "encoding": {
            "y": {"field": "bar", "type": "nominal", "sort": None, "title": None},
            "x": {
                "field": "start",
                "type": "quantitative",
                "axis": None,
                "scale": {"domain": [0, 1], "nice": False},
            },
            "x2": {"field": "end"},
            "color": {
                "field": "part",
                "type": "nominal",
                "scale": colours(names, palette),
                "legend": {"columns": 3},
            },
            "tooltip": tooltip(part="region", told="size", share="share of the bar"),
        },
    }
    spec = specification(summary, 76, body)
    return Chart(f"memory-{bank.name}", title, summary, spec, _bank_table(bank))


def _segments(regions: Sequence[MemoryRegion], bar: str) -> list[dict[str, Any]]:
    """Regions end to end as shares of their sum."""
    total = sum(region.bytes for region in regions) or 1
    values: list[dict[str, Any]] = []
    start = 0
    for region in regions:
        values.append(
            {
                "bar": bar,
                "part": region.name,
                "start": start / total,
                "end": (start + region.bytes) / total,
                "told": f"{region.bytes:,} bytes",
                "share": figures.percent(region.bytes / total),
            }
        )
        start += region.bytes
    return values


def _bank_table(bank: MemoryBank) -> Table:
    return Table(
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
    spec = specification(summary, 22 * len(shown), body)
    return Chart("contributors", "Largest contributors", summary, spec, table, 460)
