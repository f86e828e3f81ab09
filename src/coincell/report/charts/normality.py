"""How well what is strange is told from what is normal: scores, ROC, labels, methods."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from coincell.report import figures
from coincell.report.charts.base import (
    BLUE,
    FAINT,
    GREEN,
    GREY,
    INK,
    ORANGE,
    RED,
    Chart,
    Spec,
    Table,
    rows,
    specification,
    tooltip,
)
from coincell.report.charts.evaluation import thin
from coincell.report.charts.intervals import Measured, interval_chart
from coincell.report.goal_schema import LabelScores, NormalityPart
from coincell.report.part import Metric

_BINS = 48
_ROC_POINTS = 160
_WIDE = 40.0  # times the middle half of normal scores: beyond it the axis becomes logarithmic
PARTIAL_RATE = 0.1


def normality_charts(name: str, part: NormalityPart) -> tuple[Chart, ...]:
    """Every chart that the part has figures for."""
    charts = []
    if any(each.scores for each in part.labels):
        charts.append(scores_chart(name, part))
    if part.roc:
        charts.append(strange_roc_chart(name, part))
    if part.labels:
        charts.append(alarms_chart(name, part))
    if any(method.auc for method in part.methods):
        charts.append(methods_chart(part))
    return tuple(charts)


def scores_chart(name: str, part: NormalityPart) -> Chart:
    """A histogram of scores a label, one above the other, with the threshold across them."""
    shown = [each for each in part.labels if each.scores]
    edges = _edges(shown, part.threshold)
    values = [
        {
            "label": each.label,
            "low": low,
            "high": high,
            "base": base,
            "top": base + 0.7 * share,
            "colour": ORANGE if each.strange else BLUE,
            "told": f"{figures.percent(of_all)} of {each.label}",
            "range": f"{figures.decimal(low)} to {figures.decimal(high)}",
        }
        for base, each in zip(range(len(shown) - 1, -1, -1), shown, strict=True)
        for low, high, share, of_all in _bars(each.scores, edges)
    ]
    marks = [
        {"label": each.label, "y": base + 0.92, "x": edges[0]}
        for base, each in zip(range(len(shown) - 1, -1, -1), shown, strict=True)
    ]
    threshold = part.threshold
    summary = (
        f"Scores of the {name} {part.detector} detector, a histogram a label"
        + (f", and its threshold, {figures.decimal(threshold)}" if threshold is not None else "")
        + f". Strange: {figures.rate(part.detection_rate)} above it; normal: "
        f"{figures.rate(part.false_alarm_rate)}."
    )
    unit = f"score, {part.unit}" if part.unit else "score"
    layers = [*_histograms(values, marks, unit, edges, _is_wide(edges))]
    if threshold is not None:
        layers.append(_threshold_rule(threshold))
    spec = specification(summary, 62 * len(shown), {"layer": layers})
    return Chart("scores", "Scores by label", summary, spec, _scores_table(shown), 320)


def _edges(shown: Sequence[LabelScores], threshold: float | None) -> list[float]:
    """Bin edges over all scores: even steps, or even factors where they span far more."""
    scores = sorted(score for each in shown for score in each.scores)
    if threshold is not None:
        scores = sorted([*scores, threshold])
    low, high = scores[0], scores[-1]
    if high <= low:
        return [low - 0.5, low + 0.5]
    normal = sorted(s for each in shown if not each.strange for s in each.scores) or scores
    middle = normal[3 * len(normal) // 4] - normal[len(normal) // 4]
    if low > 0 and high - low > _WIDE * (middle or (high - low)):
        factor = math.log(high / low)
        return [low * math.exp(factor * i / _BINS) for i in range(_BINS + 1)]
    return [low + (high - low) * i / _BINS for i in range(_BINS + 1)]


def _is_wide(edges: Sequence[float]) -> bool:
    return len(edges) > 2 and edges[2] - edges[1] > 1.0001 * (edges[1] - edges[0]) > 0


def _bars(
    scores: Sequence[float], edges: Sequence[float]
) -> list[tuple[float, float, float, float]]:
    """(low, high, height over the tallest, share of all) of every bin that holds any."""
    counts = [0] * (len(edges) - 1)
    place = 0
    for score in sorted(scores):
        while place < len(counts) - 1 and score >= edges[place + 1]:
            place += 1
        counts[place] += 1
    most = max(counts)
    return [
        (edges[i], edges[i + 1], count / most, count / len(scores))
        for i, count in enumerate(counts)
        if count
    ]


def _histograms(
    values: list[dict[str, Any]],
    marks: list[dict[str, Any]],
    unit: str,
    edges: Sequence[float],
    wide: bool,
) -> list[Spec]:
    scale: Spec = {"domain": [edges[0], edges[-1]], "nice": False}
    if wide:
        scale["type"] = "log"
    x: Spec = {"type": "quantitative", "title": unit, "scale": scale, "axis": {"tickCount": 6}}
    if wide:
        x["axis"] = {"tickCount": 6, "format": "~s"}
    y: Spec = {"type": "quantitative", "scale": {"domain": [0, len(marks)]}, "axis": None}
    return [
        {
            "data": rows(values),
            "mark": {"type": "rect", "opacity": 0.85},
            "encoding": {
                "x": {"field": "low", **x},
                "x2": {"field": "high"},
                "y": {"field": "base", **y},
                "y2": {"field": "top"},
                "color": {"field": "colour", "type": "nominal", "scale": None},
                "tooltip": tooltip(told="windows", range="scores"),
            },
        },
        {
            "data": rows(marks),
            "mark": {"type": "text", "align": "left", "dx": 2, "fontWeight": 600, "color": INK},
            "encoding": {
                "x": {"value": 0},
                "y": {"field": "y", **y},
                "text": {"field": "label", "type": "nominal"},
            },
        },
    ]


def _threshold_rule(threshold: float) -> Spec:
    return {
        "data": rows([{"at": threshold, "told": figures.decimal(threshold)}]),
        "mark": {"type": "rule", "color": RED, "strokeWidth": 1.6, "strokeDash": [5, 3]},
        "encoding": {
            "x": {"field": "at", "type": "quantitative"},
            "tooltip": tooltip(told="threshold"),
        },
    }


def _scores_table(shown: Sequence[LabelScores]) -> Table:
    def row(each: LabelScores) -> tuple[str, ...]:
        ordered = sorted(each.scores)
        places = (0, len(ordered) // 4, len(ordered) // 2, 3 * len(ordered) // 4, -1)
        return (each.label, *(figures.decimal(ordered[place]) for place in places))

    columns = ("label", "lowest", "a quarter", "median", "three quarters", "highest")
    return Table(columns, tuple(row(each) for each in shown))


def strange_roc_chart(name: str, part: NormalityPart) -> Chart:
    """Detections against false alarms over all thresholds, and the one that was chosen."""
    assert part.roc is not None
    values = [{"fpr": round(x, 5), "tpr": round(y, 5)} for x, y in thin(part.roc, _ROC_POINTS)]
    auc = figures.number(part.auc)
    partial = figures.number(part.partial_auc)
    summary = f"ROC curve of the {name} detector: AUC {auc}, partial AUC {partial}."
    x: Spec = {
        "field": "fpr",
        "type": "quantitative",
        "title": "false-alarm rate (square-root scale)",
        "scale": {"type": "sqrt", "domain": [0, 1]},
        "axis": {"values": [0, 0.01, 0.05, 0.1, 0.25, 0.5, 1], "format": "~%"},
    }
    y: Spec = {
        "field": "tpr",
        "type": "quantitative",
        "title": "detection rate",
        "scale": {"domain": [0, 1]},
        "axis": {"format": "~%"},
    }
    layers: list[Spec] = [
        {
            "data": rows([{"low": 0.0, "high": PARTIAL_RATE}]),
            "mark": {"type": "rect", "fill": FAINT, "opacity": 0.6},
            "encoding": {"x": {**x, "field": "low"}, "x2": {"field": "high"}},
        },
        {
            "data": rows(values),
            "mark": {"type": "line", "color": BLUE, "interpolate": "linear"},
            "encoding": {"x": x, "y": y, "order": {"field": "fpr", "type": "quantitative"}},
        },
    ]
    alarms, found = _value(part.false_alarm_rate), _value(part.detection_rate)
    if alarms is not None and found is not None:
        told = f"{figures.percent(found)} found, {figures.percent(alarms)} false"
        layers.append(
            {
                "data": rows([{"fpr": alarms, "tpr": found, "told": told}]),
                "mark": {"type": "point", "filled": True, "size": 80, "color": RED, "opacity": 1},
                "encoding": {"x": x, "y": y, "tooltip": tooltip(told="at the threshold")},
            }
        )
    table = Table(
        ("figure", "value"),
        (
            ("AUC", auc),
            ("partial AUC", partial),
            ("detection rate", figures.rate(part.detection_rate)),
            ("false-alarm rate", figures.rate(part.false_alarm_rate)),
        ),
    )
    spec = specification(summary, 280, {"layer": layers})
    return Chart("roc-strange", f"ROC, {name}", summary, spec, table)


def _value(metric: Metric | None) -> float | None:
    return metric.value if metric else None


def alarms_chart(name: str, part: NormalityPart) -> Chart:
    """Of each label the share of windows with an alarm."""
    measured = [
        Measured(
            each.label, each.alarms, figures.rate(each.alarms), ORANGE if each.strange else BLUE
        )
        for each in part.labels
    ]
    return interval_chart("alarms", f"Alarms by label, {name}", "windows with an alarm", measured)


def methods_chart(part: NormalityPart) -> Chart:
    """AUC of every detector that was tried on the same features."""
    measured = [
        Measured(
            f"{method.name} (used)" if method.used else method.name,
            method.auc,
            figures.number(method.auc),
            GREEN if method.used else GREY,
        )
        for method in part.methods
        if method.auc is not None
    ]
    return interval_chart("methods", "AUC by method", "AUC", measured, ".2f")
