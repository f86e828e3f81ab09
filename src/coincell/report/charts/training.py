"""Learning curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from coincell.report import figures
from coincell.report.charts.base import (
    BLUE,
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
from coincell.report.schema import History


def training_charts(history: History) -> tuple[Chart, ...]:
    """Loss, and accuracy where it was told, epoch by epoch."""
    charts = [_curve("loss", "Loss", history.loss, history.validation_loss, history.best_epoch)]
    if history.accuracy:
        charts.append(
            _curve(
                "accuracy",
                "Accuracy while training",
                history.accuracy,
                history.validation_accuracy,
                history.best_epoch,
            )
        )
    return tuple(charts)


def _curve(
    key: str,
    title: str,
    training: Sequence[float],
    validation: Sequence[float],
    best_epoch: int | None,
) -> Chart:
    series = {"training": training, "validation": validation}
    values = [
        {"epoch": epoch, "value": value, "curve": name, "told": figures.decimal(value)}
        for name, points in series.items()
        for epoch, value in enumerate(points, start=1)
    ]
    ends = [f"{name} ends at {points[-1]:.3f}" for name, points in series.items() if points]
    kept = f"; the weights of epoch {best_epoch} were kept" if best_epoch else ""
    summary = f"{title} over {len(training)} epochs: {', '.join(ends)}{kept}."
    layers: list[Spec] = [_lines(values, key)]
    if best_epoch:
        layers.append(_best(best_epoch))
    epochs = range(1, max(len(training), len(validation)) + 1)
    table = Table(
        ("epoch", "training", "validation"),
        tuple(
            (str(epoch), *(_at(points, epoch) for points in series.values())) for epoch in epochs
        ),
    )
    body = {"layer": layers}
    return Chart(f"curve-{key}", title, summary, specification(summary, 210, body), table)


def _lines(values: list[dict[str, Any]], key: str) -> Spec:
    return {
        "data": rows(values),
        "mark": {"type": "line", "point": {"size": 14, "filled": True}},
        "encoding": {
            "x": {
                "field": "epoch",
                "type": "quantitative",
                "title": "epoch",
                "axis": {"tickMinStep": 1, "grid": False, "format": "d"},
                "scale": {"nice": False, "zero": False},
            },
            "y": {
                "field": "value",
                "type": "quantitative",
                "title": None,
                "scale": {"zero": False},
                "axis": {"format": ".0%" if key == "accuracy" else "~g"},
            },
            "color": {
                "field": "curve",
                "type": "nominal",
                "scale": colours(("training", "validation"), (BLUE, ORANGE)),
                "legend": {"symbolType": "stroke", "symbolStrokeWidth": 2.5, "symbolSize": 250},
            },
            "strokeDash": {
                "field": "curve",
                "type": "nominal",
                "scale": {"domain": ["training", "validation"], "range": [[1, 0], [5, 3]]},
            },
            "tooltip": tooltip(curve="curve", epoch="epoch", told=key),
        },
    }


def _best(epoch: int) -> Spec:
    return {
        "data": rows([{"epoch": epoch, "note": f"kept: epoch {epoch}"}]),
        "mark": {"type": "rule", "color": INK, "opacity": 0.45, "strokeDash": [2, 3]},
        "encoding": {
            "x": {"field": "epoch", "type": "quantitative"},
            "tooltip": tooltip(note="weights"),
        },
    }


def _at(points: Sequence[float], epoch: int) -> str:
    return figures.decimal(points[epoch - 1]) if epoch <= len(points) else figures.NOTHING
