"""What int8 costs, layer by layer."""

from __future__ import annotations

from coincell.report import figures
from coincell.report.charts.base import (
    BLUE,
    ORANGE,
    Chart,
    Table,
    colours,
    rows,
    specification,
    tooltip,
)
from coincell.report.schema import QuantizationPart

_ALONE, _WHOLE = "this layer's rounding", "the network up to here"


def quantization_chart(part: QuantizationPart) -> Chart:
    """Signal to noise of each layer: its own rounding, and the whole int8 network's up to it."""
    values = [
        {
            "place": place,
            "layer": layer.name,
            "decibels": decibels,
            "of": of,
            "told": f"{decibels:.1f} dB",
        }
        for place, layer in enumerate(part.layer_losses)
        for of, decibels in ((_ALONE, layer.rounding_db), (_WHOLE, layer.total_db))
    ]
    worst = min(part.layer_losses, key=lambda layer: layer.total_db)
    summary = (
        f"Signal to noise of {len(part.layer_losses)} layers, int8 against float. Least: "
        f"{worst.name}, {worst.total_db:.1f} dB."
    )
    body = {
        "data": rows(values),
        "mark": {"type": "line", "point": {"size": 30, "filled": True}},
        "encoding": {
            "y": {
                "field": "layer",
                "type": "nominal",
                "sort": None,
                "title": None,
                "axis": {"labelLimit": 190, "grid": True},
            },
            "x": {"field": "decibels", "type": "quantitative", "title": "signal to noise, dB"},
            "order": {"field": "place"},
            "color": {"field": "of", "type": "nominal", "scale": colours((_ALONE, _WHOLE),
                                                                        (ORANGE, BLUE))},
            "tooltip": tooltip(layer="layer", of="of", told="signal to noise"),
        },
    }  # fmt: skip
    table = Table(
        ("layer", "range", "cut off", "own rounding", "kernel", "network so far", "advice"),
        tuple(
            (
                layer.name,
                f"{layer.range_low:.3g} to {layer.range_high:.3g}",
                figures.percent(layer.clipped),
                f"{layer.rounding_db:.1f} dB",
                figures.NOTHING if layer.kernel_db is None else f"{layer.kernel_db:.1f} dB",
                f"{layer.total_db:.1f} dB",
                layer.advice,
            )
            for layer in part.layer_losses
        ),
    )
    height = 24 * len(part.layer_losses)
    return Chart(
        "quantization", "Lost to int8", summary, specification(summary, height, body), table
    )
