"""The int8 features of a few windows, as pictures with axes, or as bars."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from coincell.report.charts.base import (
    BLUE,
    ORANGE,
    Chart,
    Spec,
    Table,
    rows,
    specification,
    tooltip,
)
from coincell.report.input_schema import FeatureExample, FeaturesPart
from coincell.report.picture import features_png, picture_png

_MOST = 12
_MOST_BARS = 40
_MOST_ROWS = 128  # of a table beside a picture


def example_charts(features: FeaturesPart) -> tuple[Chart, ...]:
    """One picture a window (at most twelve); what it is depends on the example's form."""
    drawn = {"columns": _bars, "picture": _pixels}
    return tuple(
        drawn.get(example.form, _over_time)(index, example, features)
        for index, example in enumerate(features.examples[:_MOST])
    )


def column_name(features: FeaturesPart, column: int) -> str:
    """What a column holds: its name, or its place."""
    return features.columns[column] if column < len(features.columns) else str(column)


def _over_time(index: int, example: FeatureExample, features: FeaturesPart) -> Chart:
    """Time to the right; bands from below, channels from above."""
    channels = example.form == "channels"
    row = "channel" if channels else "coefficient" if features.block == "mfcc" else "band"
    frames, bands = len(example.values), len(example.values[0])
    length = frames * features.hop_ms / 1000 if features.hop_ms else float(frames)
    summary = (
        f"Features of {example.file}, {example.label or 'a number'}: {frames} frames by {bands} "
        f"{row}s, {_range_of(example)}."
    )
    values = [each[::-1] for each in example.values] if channels else example.values
    y = _axis("bottom", bands, row)
    if channels and features.columns:
        names = list(reversed(features.columns[:bands]))
        told = " : ".join(
            f"floor(datum.value) == {at} ? {_quoted(n)}" for at, n in enumerate(names)
        )
        y["axis"] |= {"values": [at + 0.5 for at in range(bands)], "labelExpr": f"{told} : ''"}
        y["axis"] |= {"labelOverlap": False}
        y["title"] = None
    picture = _image(
        data_uri(features_png(values)), length, bands, "seconds" if features.hop_ms else "frame", y
    )
    spec = specification(summary, max(130, 18 * bands) if channels else 130, picture)
    table = _row_table(example, row, features)
    return Chart(f"example-{index}", example.label or example.file, summary, spec, table, 200)


def _quoted(name: str) -> str:
    """A name as a string of Vega's expressions, which are never run as code."""
    clean = "".join(letter for letter in name if letter.isprintable() and letter not in "\\'\"")
    return f"'{clean}'"


def _pixels(index: int, example: FeatureExample, features: FeaturesPart) -> Chart:
    """A picture as it is: its first row on top, in its colours."""
    del features
    height, width = len(example.values), len(example.values[0]) // example.colors
    summary = (
        f"What the network sees of {example.file}, {example.label}: {width} x {height} pixels, "
        f"{'colour' if example.colors == 3 else 'gray'}, {_range_of(example)}."
    )
    png = data_uri(picture_png(example.values, example.colors))
    body = _image(png, width, height, "column", _axis("bottom", height, "row"))
    body["encoding"]["y"]["scale"] |= {"reverse": True}
    body["mark"] = {"type": "image", "aspect": True}
    spec = specification(summary, round(240 * min(1.5, height / width)), body)
    cells = [cell for row in example.values for cell in row]
    table = Table(
        ("figure", "value"),
        (
            ("pixels", f"{width} x {height}"),
            ("mean", f"{sum(cells) / len(cells):.1f}"),
            ("lowest", str(min(cells))),
            ("highest", str(max(cells))),
        ),
    )
    return Chart(f"example-{index}", example.label or example.file, summary, spec, table, 200)


def _bars(index: int, example: FeatureExample, features: FeaturesPart) -> Chart:
    """A bar a column, by name."""
    numbers = example.values[0]
    if len(numbers) > _MOST_BARS:
        return _profile(index, example, features)
    shown = [
        {"name": column_name(features, at), "value": value, "told": str(value)}
        for at, value in enumerate(numbers)
    ]
    summary = f"Features of {example.file}, {example.label or 'a number'}: {_range_of(example)}."
    body = {
        "data": rows(shown),
        "mark": {"type": "bar", "height": {"band": 0.7}},
        "encoding": {
            "y": {"field": "name", "type": "nominal", "sort": None, "title": None},
            "x": {
                "field": "value",
                "type": "quantitative",
                "title": "int8",
                "scale": {"domain": [-128, 127], "nice": False},
                "axis": {"tickCount": 5},
            },
            "color": {"condition": {"test": "datum.value < 0", "value": ORANGE}, "value": BLUE},
            "tooltip": tooltip(name="column", told="int8"),
        },
    }
    spec = specification(summary, 16 * len(shown) + 10, body)
    table = Table(("column", "int8"), tuple((str(s["name"]), str(s["told"])) for s in shown))
    return Chart(f"example-{index}", example.label or example.file, summary, spec, table, 220)


def _profile(index: int, example: FeatureExample, features: FeaturesPart) -> Chart:
    """Many columns as one line over their places."""
    numbers = example.values[0]
    summary = (
        f"Features of {example.file}, {example.label or 'a number'}: {len(numbers)} columns, "
        f"{_range_of(example)}."
    )
    body = {
        "data": rows(
            [
                {"at": at, "value": value, "name": column_name(features, at), "told": str(value)}
                for at, value in enumerate(numbers)
            ]
        ),
        "mark": {"type": "area", "line": {"strokeWidth": 1}, "interpolate": "step", "opacity": 0.5},
        "encoding": {
            "x": {
                "field": "at",
                "type": "quantitative",
                "title": "column",
                "scale": {"nice": False},
                "axis": {"tickCount": 6, "grid": False},
            },
            "y": {
                "field": "value",
                "type": "quantitative",
                "title": "int8",
                "scale": {"domain": [-128, 127], "nice": False},
                "axis": {"tickCount": 4},
            },
            "tooltip": tooltip(name="column", told="int8"),
        },
    }
    table = Table(
        ("column", "int8"),
        tuple(
            (column_name(features, at), str(each)) for at, each in enumerate(numbers[:_MOST_ROWS])
        ),
    )
    spec = specification(summary, 130, body)
    return Chart(f"example-{index}", example.label or example.file, summary, spec, table, 200)


def _range_of(example: FeatureExample) -> str:
    cells = [cell for row in example.values for cell in row]
    return f"int8 from {min(cells)} to {max(cells)}"


def _image(uri: str, right: float, top: float, x_title: str, y: Spec) -> dict[str, Any]:
    return {
        "data": rows([{"left": 0, "right": right, "bottom": 0, "top": top, "picture": uri}]),
        "mark": {"type": "image", "aspect": False},
        "encoding": {
            "x": _axis("left", right, x_title),
            "x2": {"field": "right"},
            "y": y,
            "y2": {"field": "top"},
            "url": {"field": "picture", "type": "nominal"},
        },
    }


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


def _row_table(example: FeatureExample, name: str, features: FeaturesPart) -> Table:
    """Per band, coefficient or channel over time: lowest, mean and highest int8 value."""
    columns: list[Sequence[int]] = list(zip(*example.values, strict=True))
    return Table(
        (name, "lowest", "mean", "highest"),
        tuple(
            (
                column_name(features, at),
                str(min(values)),
                f"{sum(values) / len(values):.1f}",
                str(max(values)),
            )
            for at, values in enumerate(columns[:_MOST_ROWS])
        ),
    )
