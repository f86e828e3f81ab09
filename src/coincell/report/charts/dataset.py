"""The data set: how many windows of each label, on each side."""

from __future__ import annotations

from coincell.report import figures
from coincell.report.charts.base import (
    BLUE,
    ORANGE,
    SKY,
    Chart,
    Table,
    colours,
    rows,
    specification,
    tooltip,
)
from coincell.report.input_schema import DatasetPart
from coincell.report.words import words_of

_PALETTE = (BLUE, SKY, ORANGE)


def split_chart(dataset: DatasetPart) -> Chart:
    """Windows a label, stacked by split."""
    names = [split.name for split in dataset.splits]
    many = words_of(dataset).many
    values = [
        {"label": label, "split": split.name, "order": order, "clips": split.counts.get(label, 0)}
        for label in dataset.labels
        for order, split in enumerate(dataset.splits)
    ]
    largest = max(dataset.labels, key=lambda label: _total(dataset, label))
    smallest = min(dataset.labels, key=lambda label: _total(dataset, label))
    summary = (
        f"Bars: {many} of each of {len(dataset.labels)} labels, by split. Most: {largest} "
        f"({_total(dataset, largest):,}); fewest: {smallest} ({_total(dataset, smallest):,})."
    )
    body = {
        "data": rows(values),
        "mark": {"type": "bar", "height": {"band": 0.72}},
        "encoding": {
            "y": {"field": "label", "type": "nominal", "sort": None, "title": None},
            "x": {
                "field": "clips",
                "type": "quantitative",
                "title": many,
                "stack": True,
                "axis": {"tickCount": 6},
            },
            "color": {
                "field": "split",
                "type": "nominal",
                "scale": colours(names, _PALETTE),
            },
            "order": {"field": "order", "type": "quantitative"},
            "tooltip": tooltip(label="label", split="split", clips=many),
        },
    }
    table = Table(
        ("label", *names, "all"),
        tuple(
            (
                label,
                *(figures.count(split.counts.get(label, 0)) for split in dataset.splits),
                figures.count(_total(dataset, label)),
            )
            for label in dataset.labels
        ),
    )
    return Chart(
        "splits",
        f"{many.capitalize()} by label and split",
        summary,
        specification(summary, 22 * len(dataset.labels), body),
        table,
    )


def _total(dataset: DatasetPart, label: str) -> int:
    return sum(split.counts.get(label, 0) for split in dataset.splits)
