"""How good the models are: confusion, ROC, F1 class by class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from coincell.report import figures
from coincell.report.charts.base import (
    BLUE,
    FAINT,
    INK,
    MODEL_COLOURS,
    ORANGE,
    PAPER,
    PURPLE,
    Chart,
    Spec,
    Table,
    colours,
    rows,
    specification,
    tooltip,
)
from coincell.report.part import Metric, RocCurve
from coincell.report.schema import ClassMetrics, EvaluationPart

_ROC_POINTS = 160
_ROC_NAMED = 3


def confusion_chart(
    name: str, evaluation: EvaluationPart, labels: Sequence[str], many: str = "clips"
) -> Chart:
    """Windows by true class (rows) and predicted class (columns), shaded by share of the row.

    `many` is what windows are called.
    """
    values = []
    for truth, row in zip(labels, evaluation.confusion, strict=True):
        total = sum(row)
        for predicted, clips in zip(labels, row, strict=True):
            share = clips / total if total else 0.0
            values.append(
                {
                    "truth": truth,
                    "predicted": predicted,
                    "clips": clips,
                    "share": round(share, 4),
                    "told": f"{clips} of {total}",
                    "shown": str(clips) if clips else "",
                }
            )
    right = sum(row[index] for index, row in enumerate(evaluation.confusion))
    summary = (
        f"Confusion matrix of the {name} model: {right:,} of {evaluation.samples:,} {many} on the "
        f"diagonal. {_worst_confusion(evaluation, labels)}"
    )
    axis = {"type": "nominal", "sort": None}
    step = 26 if len(labels) <= 16 else 18
    body = {
        "data": rows(values),
        "encoding": {
            "x": {
                "field": "predicted",
                "title": "taken for",
                "axis": {"labelAngle": -45, "domain": False, "ticks": False},
                **axis,
            },
            "y": {"field": "truth", "title": "true class", **axis},
            "tooltip": tooltip(truth="true class", predicted="taken for", told=many),
        },
        "layer": [_cells(), _cell_numbers()],
    }
    table = Table(
        ("true class", *labels),
        tuple(
            (truth, *(str(clips) for clips in row))
            for truth, row in zip(labels, evaluation.confusion, strict=True)
        ),
    )
    spec = specification(summary, step * len(labels), body)
    width = 110 + 24 * len(labels)
    return Chart(f"confusion-{name}", f"Confusion, {name}", summary, spec, table, width)


def _cells() -> Spec:
    return {
        "mark": {"type": "rect", "fill": BLUE, "stroke": PAPER, "strokeWidth": 1.5},
        "encoding": {
            "fillOpacity": {
                "field": "share",
                "type": "quantitative",
                "scale": {"domain": [0, 1], "range": [0.05, 1], "type": "pow", "exponent": 0.6},
                "legend": None,
            }
        },
    }


def _cell_numbers() -> Spec:
    return {
        "mark": {"type": "text", "fontSize": 10.5},
        "encoding": {
            "text": {"field": "shown", "type": "nominal"},
            "color": {
                "condition": {"test": "datum.share > 0.7", "value": "var(--on-blue)"},
                "value": INK,
            },
        },
    }


def _worst_confusion(evaluation: EvaluationPart, labels: Sequence[str]) -> str:
    pairs = [
        (clips, labels[truth], labels[predicted])
        for truth, row in enumerate(evaluation.confusion)
        for predicted, clips in enumerate(row)
        if truth != predicted
    ]
    clips, truth, predicted = max(pairs, default=(0, "", ""))
    return f"Most often: {truth} taken for {predicted} ({clips})." if clips else "No confusion."


def roc_chart(name: str, evaluation: EvaluationPart) -> Chart:
    """Recall against false-positive rate, a line a class; the worst classes stand out."""
    known = [curve for curve in evaluation.roc if curve.auc is not None]
    worst = sorted(known, key=lambda curve: curve.auc or 0.0)[:_ROC_NAMED]
    named = {curve.label: f"{curve.label} {figures.decimal(curve.auc)}" for curve in worst}
    others = "other classes"
    values = [
        {
            "label": curve.label,
            "series": named.get(curve.label, others),
            "fpr": round(fpr, 5),
            "tpr": round(tpr, 5),
            "auc": figures.decimal(curve.auc),
        }
        for curve in sorted(evaluation.roc, key=lambda curve: curve.label in named)
        for fpr, tpr in thin(curve, _ROC_POINTS)
    ]
    lowest = f" Lowest AUC: {', '.join(named.values())}." if named else ""
    summary = f"ROC curves of the {name} model, one a class.{lowest}"
    spec = specification(summary, 280, {"layer": [_guessing(), _roc_lines(values, named, others)]})
    table = Table(
        ("class", "AUC"),
        tuple((curve.label, figures.decimal(curve.auc)) for curve in evaluation.roc),
    )
    return Chart(f"roc-{name}", f"ROC, {name}", summary, spec, table)


def thin(curve: RocCurve, most: int) -> list[tuple[float, float]]:
    """At most `most` points of a curve, evenly by index, its ends always among them."""
    points = list(zip(curve.fpr, curve.tpr, strict=True))
    if len(points) <= most:
        return points
    step = (len(points) - 1) / (most - 1)
    return [points[round(index * step)] for index in range(most)]


def _roc_lines(values: list[dict[str, Any]], named: dict[str, str], others: str) -> Spec:
    names = [*named.values(), others]
    palette = [*(ORANGE, BLUE, PURPLE)[: len(named)], "var(--chart-grey)"]
    return {
        "data": rows(values),
        "mark": {"type": "line", "strokeWidth": 1.8, "interpolate": "linear"},
        "encoding": {
            "x": {
                "field": "fpr",
                "type": "quantitative",
                "title": "false-positive rate (square-root scale)",
                "scale": {"type": "sqrt", "domain": [0, 1]},
                "axis": {"values": [0, 0.01, 0.05, 0.1, 0.25, 0.5, 1], "format": "~%"},
            },
            "y": {
                "field": "tpr",
                "type": "quantitative",
                "title": "recall",
                "scale": {"domain": [0, 1]},
                "axis": {"format": "~%", "tickCount": 5},
            },
            "detail": {"field": "label", "type": "nominal"},
            "color": {
                "field": "series",
                "type": "nominal",
                "scale": colours(names, palette),
                "legend": {"columns": 2, "symbolType": "stroke", "symbolStrokeWidth": 3},
            },
            "tooltip": tooltip(label="class", auc="AUC"),
        },
    }


def _guessing() -> Spec:
    points = [{"fpr": (step / 20) ** 2, "tpr": (step / 20) ** 2} for step in range(21)]
    return {
        "data": rows(points),
        "mark": {"type": "line", "color": FAINT, "strokeDash": [3, 3], "strokeWidth": 1.2},
        "encoding": {
            "x": {"field": "fpr", "type": "quantitative"},
            "y": {"field": "tpr", "type": "quantitative"},
        },
    }


def f1_chart(float_: EvaluationPart | None, int8: EvaluationPart | None) -> Chart:
    """F1 of each class, float and int8 side by side, with 95 % intervals."""
    models = [(name, part) for name, part in (("float", float_), ("int8", int8)) if part]
    values = [_f1_row(name, entry) for name, part in models for entry in part.per_class]
    lowest = min(
        (row for row in values if row["model"] == models[-1][0] and row["f1"] is not None),
        key=lambda row: row["f1"],
        default=None,
    )
    told = f" Lowest of {models[-1][0]}: {lowest['label']}, {lowest['told']}." if lowest else ""
    summary = f"F1 of each class with 95 % intervals, {' and '.join(m for m, _ in models)}.{told}"
    position = {
        "y": {"field": "label", "type": "nominal", "sort": None, "title": None},
        "yOffset": {"field": "model", "type": "nominal", "sort": None},
    }
    colour = {
        "field": "model",
        "type": "nominal",
        "scale": colours([m for m, _ in models], [MODEL_COLOURS[m] for m, _ in models]),
        "legend": {"symbolOpacity": 1},
    }
    body = {
        "data": rows(values),
        "encoding": {
            **position,
            "color": colour,
            "tooltip": tooltip(label="class", model="model", told="F1"),
        },
        "layer": [
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
                        "field": "f1",
                        "type": "quantitative",
                        "title": "F1",
                        "scale": {"zero": False, "domainMax": 1},
                        "axis": {"format": "~%"},
                    }
                },
            },
        ],
    }
    return Chart(
        "f1",
        "F1 by class",
        summary,
        specification(summary, 15 * len(values), body),
        _f1_table(values),
    )


def _f1_row(name: str, entry: ClassMetrics) -> dict[str, Any]:
    metric: Metric = entry.f1
    low, high = metric.ci95 or (metric.value, metric.value)
    return {
        "model": name,
        "label": entry.label,
        "f1": metric.value,
        "low": low,
        "high": high,
        "told": figures.rate(metric),
    }


def _f1_table(values: list[dict[str, Any]]) -> Table:
    models = list(dict.fromkeys(row["model"] for row in values))
    labels = list(dict.fromkeys(row["label"] for row in values))
    told = {(row["label"], row["model"]): row["told"] for row in values}
    return Table(
        ("class", *models),
        tuple(
            (label, *(told.get((label, m), figures.NOTHING) for m in models)) for label in labels
        ),
    )
