"""What each part of the board takes on average, and the same decisions from a server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from coincell.report import figures
from coincell.report.charts.base import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    Chart,
    Table,
    colours,
    rows,
    specification,
    tooltip,
)
from coincell.report.energy_schema import EnergyLine, EnergyPart, ServerWay
from coincell.report.schema import BoardPart

_LEAST = 0.0005
_CORE = ("cpu", "run")


def energy_charts(board: BoardPart) -> tuple[Chart, ...]:
    """Parts by what they take, and the ways to decide; none before energy was computed."""
    if board.energy is None:
        return ()
    energy = board.energy
    server = (server_chart(energy.server, energy.battery),) if energy.server else ()
    return (parts_chart(energy), *server)


def parts_chart(energy: EnergyPart) -> Chart:
    """Average current of every part that takes more than next to nothing."""
    shown = [line for line in energy.lines if line.energy_share >= _LEAST]
    values = [
        {
            "part": part_name(line),
            "kind": _kind(line),
            "average": 1e6 * line.average_a,
            "low": 1e6 * line.average_a_range[0],
            "high": 1e6 * line.average_a_range[1],
            "told": figures.current(line.average_a),
            "share": figures.small_percent(line.energy_share),
        }
        for line in shown
    ]
    kinds = list(dict.fromkeys(str(value["kind"]) for value in values))
    palette = {"core at work": BLUE, "board as shipped": GREY, "other parts": ORANGE}
    scale = colours(kinds, [palette[kind] for kind in kinds])
    most = max((max(line.average_a_range[1], line.average_a) for line in shown), default=1e-6)
    place = {
        "y": {"field": "part", "type": "nominal", "sort": None, "title": None,
              "axis": {"labelLimit": 190}},
    }  # fmt: skip
    body = {
        "data": rows(values),
        "encoding": place,
        "layer": [
            {
                "mark": {"type": "bar", "height": {"band": 0.7}},
                "encoding": {
                    "x": {
                        "field": "average",
                        "type": "quantitative",
                        "title": "microampere on average (line: bounds)",
                        "axis": {"format": ",~f", "tickCount": 5},
                        "scale": {"domain": [0, 1.02e6 * most], "nice": False},
                    },
                    "color": {"field": "kind", "type": "nominal", "scale": scale},
                    "tooltip": tooltip(part="part", told="on average", share="share"),
                },
            },
            _bounds("low", "high"),
        ],
    }
    summary = (
        f"{energy.dominant} In all {figures.current(energy.average_a)} at {energy.supply_v:g} V."
    )
    spec = specification(summary, 24 * max(len(shown), 1), body)
    return Chart("energy-parts", "What each part takes", summary, spec, _parts_table(energy), 420)


def part_name(line: EnergyLine) -> str:
    """A line's name for people."""
    return line.name if line.state in ("on", "as shipped") else f"{line.name} {line.state}"


def _kind(line: EnergyLine) -> str:
    if line.state == "as shipped":
        return "board as shipped"
    return "core at work" if (line.name, line.state) == _CORE else "other parts"


def _bounds(low: str, high: str) -> dict[str, Any]:
    return {
        "mark": {"type": "rule", "color": INK, "strokeWidth": 1, "opacity": 0.6},
        "encoding": {
            "x": {"field": low, "type": "quantitative"},
            "x2": {"field": high},
        },
    }


def _parts_table(energy: EnergyPart) -> Table:
    return Table(
        ("part", "of the time", "draws", "on average", "bounds", "share", "current is", "source"),
        tuple(
            (
                part_name(line),
                figures.small_percent(line.time_share),
                figures.current(line.draws_a),
                figures.current(line.average_a),
                " to ".join(figures.current(bound) for bound in line.average_a_range),
                figures.small_percent(line.energy_share),
                line.basis,
                line.source,
            )
            for line in energy.lines
        ),
    )


def server_chart(ways: Sequence[ServerWay], battery: str) -> Chart:
    """Average power of deciding on the device, and of sending features or raw samples."""
    values = [
        {
            "way": way.title,
            "power": way.average_mw,
            "low": way.average_mw_range[0],
            "high": way.average_mw_range[1],
            "told": _milliwatt(way),
            "bytes": figures.data_size(way.bytes_a_day),
            "delay": figures.milliseconds(way.delay_ms),
        }
        for way in ways
    ]
    body = {
        "data": rows(values),
        "encoding": {
            "y": {"field": "way", "type": "nominal", "sort": None, "title": None,
                  "axis": {"labelLimit": 230}},
        },
        "layer": [
            {
                "mark": {"type": "bar", "height": {"band": 0.7}},
                "encoding": {
                    "x": {
                        "field": "power",
                        "type": "quantitative",
                        "title": "milliwatt on average (line: bounds)",
                        "axis": {"format": ",~f", "tickCount": 5},
                    },
                    "tooltip": tooltip(
                        way="way", told="power", bytes="bytes a day", delay="answer after"
                    ),
                },
            },
            _bounds("low", "high"),
        ],
    }  # fmt: skip
    least, most = min(ways, key=lambda w: w.average_mw), max(ways, key=lambda w: w.average_mw)
    summary = (
        f"Least power: {least.title}, {_milliwatt(least)}; most: {most.title}, {_milliwatt(most)}."
    )
    spec = specification(summary, 28 * len(ways), body)
    table = Table(
        (
            "way",
            "power",
            "bounds",
            "of it radio",
            "bytes a day",
            "answer after",
            "bounds",
            f"lasts on {battery}",
        ),
        tuple(
            (
                way.title,
                f"{way.average_mw:.3g} mW",
                f"{way.average_mw_range[0]:.3g} to {way.average_mw_range[1]:.3g} mW",
                f"{way.radio_mw:.2f} mW",
                figures.data_size(way.bytes_a_day),
                figures.milliseconds(way.delay_ms),
                figures.milliseconds_range(way.delay_range_ms),
                figures.days(way.battery_days, way.battery_days_range),
            )
            for way in ways
        ),
    )
    return Chart("energy-server", "On the device, or sent to a server", summary, spec, table, 420)


def _milliwatt(way: ServerWay) -> str:
    """As in 5.64 mW (5.55 to 8.59)."""
    low, high = way.average_mw_range
    return f"{way.average_mw:.3g} mW ({low:.3g} to {high:.3g})"
