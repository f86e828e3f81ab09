"""Made-up reports of other senses and goals than words; every figure is invented."""

from __future__ import annotations

from typing import Any

import numpy as np

from coincell.report import Report
from report.sample_report import metric, sample_report

FAULTS = ("normal", "inner race", "outer race", "ball")


def motion_dataset(labels: tuple[str, ...], **changes: Any) -> dict[str, Any]:
    """A data set of windows of two channels."""
    splits = [
        {"name": name, "samples": count * max(1, len(labels)), "duration_s": 1.0 * count,
         "speakers": 3, "counts": dict.fromkeys(labels, count)}
        for name, count in (("train", 120), ("validation", 30), ("test", 40))
    ]  # fmt: skip
    return {
        "source": "A sample: invented vibration.",
        "synthetic": True,
        "samples": sum(split["samples"] for split in splits),
        "duration_s": 190.0,
        "labels": labels,
        "sense": "motion",
        "sample_rate_hz": 2000,
        "window_samples": 1024,
        "window_ms": 512.0,
        "channels": [
            {"name": "radial", "unit": "g", "full_scale": 16.0},
            {"name": "axial", "unit": "g", "full_scale": 8.0},
        ],
        "split_by": "machine",
        "splits": splits,
        "groups": {"machine": 9},
    } | changes


def columns_features() -> dict[str, Any]:
    """A row of columns with names."""
    generator = np.random.default_rng(3)
    names = [f"{axis} {what}" for axis in ("radial", "axial") for what in ("rms", "kurtosis")]
    return {
        "block": "statistics",
        "shape": [1, len(names)],
        "scale": 0.05,
        "zero_point": -3,
        "columns": names,
        "examples": [
            {"label": label, "file": f"{label}/sample.npy", "form": "columns",
             "values": generator.integers(-128, 128, (1, len(names))).tolist()}
            for label in FAULTS
        ],
    }  # fmt: skip


def sample_normality(**changes: Any) -> Report:
    """What is strange in vibration; the first label is normal."""
    return sample_report(
        **{
            "project": "sample-fan",
            "task": "anomaly-detection",
            "dataset": motion_dataset(FAULTS),
            "features": columns_features(),
            "float": None,
            "int8": {"samples": 160, "normality": normality(), "intervals": "sample intervals."},
            "metrics": {
                "auc": metric(0.97),
                "partial_auc": metric(0.9),
                "detection_rate": metric(0.9),
                "false_alarm_rate": metric(0.03),
            },
            "gates": [
                {"name": "auc", "limit": 0.9, "value": 0.97, "passed": True, "bound": "at least",
                 "unit": "number"},
                {"name": "exact", "limit": 0, "value": 0, "passed": True, "unit": "mismatches"},
            ],
            "warnings": [],
        }
        | changes
    )  # fmt: skip


def normality() -> dict[str, Any]:
    """Scores of four labels, 40 windows each."""
    generator = np.random.default_rng(5)
    labels = []
    for place, label in enumerate(FAULTS):
        scores = generator.gamma(4.0, 0.5, 40) + 1.6 * place
        labels.append(
            {"label": label, "strange": place > 0, "samples": 40,
             "alarms": metric(float((scores >= 4.5).mean()), 40),
             "auc": metric(0.85 + 0.04 * place, 80) if place else None,
             "scores": scores.round(4).tolist()}
        )  # fmt: skip
    share = np.linspace(0, 1, 80)
    return {
        "detector": "gaussian-mixture",
        "normal_label": "normal",
        "normal": 40,
        "strange": 120,
        "unit": "nats",
        "threshold": 4.5,
        "wished_false_alarm_rate": 0.05,
        "auc": metric(0.97, 160),
        "partial_auc": metric(0.9, 160),
        "detection_rate": metric(0.9, 120),
        "false_alarm_rate": metric(0.03, 40),
        "roc": {
            "label": "strange",
            "fpr": (share**2).round(6).tolist(),
            "tpr": (share**0.4).round(6).tolist(),
            "auc": 0.97,
        },
        "labels": labels,
        "groups": [
            {"column": "machine", "value": "seventh", "normal": 20, "strange": 60,
             "auc": metric(0.96, 80), "detection_rate": metric(0.9, 60),
             "false_alarm_rate": metric(0.4, 20)},
            {"column": "machine", "value": "still", "normal": 20, "strange": 0},
        ],
        "methods": [
            {"name": "gaussian-mixture", "used": True, "auc": metric(0.97, 160),
             "partial_auc": metric(0.9, 160), "detection_rate": metric(0.9, 120),
             "false_alarm_rate": metric(0.03, 40), "table_bytes": 1840, "scratch_bytes": 64},
            {"name": "k-means", "auc": metric(0.94, 160), "table_bytes": 620},
            {"name": "reconstruction", "auc": metric(0.91, 160)},
        ],
    }  # fmt: skip


def sample_quantity(**changes: Any) -> Report:
    """A speed from vibration."""
    speed = {"target": "speed", "unit": "rpm"}
    return sample_report(
        **{
            "project": "sample-speed",
            "task": "regression",
            "dataset": motion_dataset((), quantity={**speed, "low": 600.0, "high": 3000.0}),
            "features": columns_features(),
            "float": {"samples": 150, "quantity": quantity(1, 18.0)},
            "int8": {"samples": 150, "quantity": quantity(1, 24.0)},
            "metrics": {"mae": {"value": 19.1, "ci95": [17.0, 21.5]}, "r2": metric(0.99)},
            "gates": [
                {"name": "error", "limit": 40.0, "value": 19.1, "passed": True, "unit": "rpm"},
                {"name": "exact", "limit": 0, "value": 0, "passed": True, "unit": "mismatches"},
            ],
            "warnings": [],
        }
        | changes
    )


def quantity(seed: int, spread: float) -> dict[str, Any]:
    """150 windows between 600 and 3000 rpm."""
    generator = np.random.default_rng(seed)
    truth = generator.uniform(600, 3000, 150)
    predicted = truth + generator.normal(4, spread, 150)
    errors = np.abs(predicted - truth)

    def told(value: float) -> dict[str, Any]:
        return {"value": value, "ci95": [0.9 * value, 1.1 * value]}

    return {
        "target": "speed",
        "unit": "rpm",
        "mae": told(float(errors.mean())),
        "rmse": told(float(np.sqrt((errors**2).mean()))),
        "r2": metric(0.99),
        "bias": {"value": 4.0, "ci95": [1.0, 7.0]},
        "spread": told(690.0),
        "errors": [
            {"share": share, "error": told(float(np.quantile(errors, share)))}
            for share in (0.5, 0.9, 0.95)
        ],
        "truth": truth.round(2).tolist(),
        "predicted": predicted.round(2).tolist(),
    }


def sample_sight(color: str = "gray") -> Report:
    """Which pictures show a person."""
    labels = ("person", "nobody")
    generator = np.random.default_rng(9)
    colors = 1 if color == "gray" else 3
    splits = [
        {"name": name, "samples": 2 * count, "counts": dict.fromkeys(labels, count)}
        for name, count in (("train", 300), ("validation", 60), ("test", 90))
    ]
    return sample_report(
        project="sample-sight",
        task="visual-wake-word",
        dataset={
            "source": "A sample: invented pictures.", "synthetic": False, "samples": 900,
            "labels": labels, "sense": "picture", "sample_rate_hz": 0, "window_samples": 1,
            "window_ms": 0.0, "split_by": None, "splits": splits,
            "camera": {"width": 160, "height": 120, "color": color},
        },
        features={
            "block": "picture", "shape": [12, 16, colors], "scale": 2 / 255, "zero_point": 0,
            "examples": [
                {"label": label, "file": f"{label}/sample.png", "form": "picture",
                 "colors": colors,
                 "values": generator.integers(-128, 128, (12, 16 * colors)).tolist()}
                for label in labels
            ],
        },
        float=None,
        int8={"samples": 180, "accuracy": metric(0.9, 180), "confusion": [[80, 10], [8, 82]]},
        gates=[],
        warnings=[],
    )  # fmt: skip
