"""The int8 features of a few clips, as pictures with axes."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from coincell.report.charts.base import Chart, Spec, Table, rows, specification
from coincell.report.input_schema import FeatureExample, FeaturesPart
from coincell.report.picture import features_png

_MOST = 12


def example_charts(features: FeaturesPart) -> tuple[Chart, ...]:
    """One heat map a clip (at most twelve): time to the right, low bands at the bottom."""
    return tuple(
        _example(index, example, features)
        for index, example in enumerate(features.examples[:_MOST])
    )


def _example(index: int, example: FeatureExample, features: FeaturesPart) -> Chart:
    row = "coefficient" if features.block == "mfcc" else "band"
    frames, bands = len(example.values), len(example.values[0])
    length = frames * features.hop_ms / 1000 if features.hop_ms else float(frames)
    cells = [cell for row in example.values for cell in row]
    summary = (
        f"Features of {example.file}, a clip of {example.label}: {frames} frames by {bands} "
        f"{row}s, int8 from {min(cells)} to {max(cells)}."
    )
    spec = specification(
        summary,
        130,
        {
            "data": rows(
                [
                    {
                        "left": 0,
                        "right": length,
                        "bottom": 0,
                        "top": bands,
                        "picture": data_uri(features_png(example.values)),
                    }
                ]
            ),
            "mark": {"type": "image", "aspect": False},
            "encoding": {
                "x": _axis("left", length, "seconds" if features.hop_ms else "frame"),
                "x2": {"field": "right"},
                "y": _axis("bottom", bands, row),
                "y2": {"field": "top"},
                "url": {"field": "picture", "type": "nominal"},
            },
        },
    )
    return Chart(f"example-{index}", example.label, summary, spec, _row_table(example, row), 200)


def _axis(field: str, end: float, title: str) -> Spec:
    return {
        "field": field,
        "type": "quantitative",
        "title": title,
        "scale": {"domain": [0, end], "nice": False},
        "axis": {"grid": False, "tickCount": 5, "domain": False},
    }


def data_uri(png: bytes) -> str:
    """A picture as text that a page can hold."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


def _row_table(example: FeatureExample, name: str) -> Table:
    """Per band or coefficient over time: lowest, mean and highest int8 value."""
    columns: list[Sequence[int]] = list(zip(*example.values, strict=True))
    return Table(
        (name, "lowest", "mean", "highest"),
        tuple(
            (str(band), str(min(values)), f"{sum(values) / len(values):.1f}", str(max(values)))
            for band, values in enumerate(columns)
        ),
    )
