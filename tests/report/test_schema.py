"""report.json: its keys, its round trip, what it refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from coincell.report import EvaluationPart, FeatureExample, Metric, Report, RocCurve
from report.sample_report import evaluation, metric, sample_report, stopped_report


@pytest.mark.parametrize("report", [sample_report(), stopped_report()], ids=["whole", "stopped"])
def test_json_reads_back_as_the_same_report(report: Report) -> None:
    assert Report.from_json(report.to_json()) == report


def test_the_keys_that_others_rely_on() -> None:
    data = json.loads(sample_report().to_json())
    assert data["version"] == 1
    assert {"task", "dataset", "metrics"} <= set(data)
    for model in ("float", "int8"):
        for name in ("accuracy", "f1_macro", "fpr_macro"):
            value = data[model][name]
            assert set(value) == {"value", "ci95"}
            assert value["ci95"][0] <= value["value"] <= value["ci95"][1]
    assert set(data["metrics"]["accuracy"]) == {"value", "ci95"}
    assert {"parameters", "tflite_bytes", "macs"} <= set(data["model"])
    assert {
        "name", "clock_hz", "instructions", "cycles", "cycles_flash", "latency_ms",
        "image_flash_bytes", "image_ram_bytes", "stack_bytes", "inferences_per_second",
    } <= set(data["board"])  # fmt: skip
    assert {"clips", "clips_on_board", "mismatches", "oracle"} <= set(data["exact"])
    assert {"name", "limit", "value", "passed"} <= set(data["gates"][0])


def test_what_was_not_reached_is_null() -> None:
    data = json.loads(stopped_report().to_json())
    assert data["exact"] is None
    assert data["board"]["instructions"] is None
    assert data["board"]["latency_ms"] is None
    assert data["gates"][2]["passed"] is None


@pytest.mark.parametrize("changes", [{"surprise": 1}, {"version": 2}, {"task": None}])
def test_unknown_keys_and_other_versions_are_refused(changes: dict[str, Any]) -> None:
    data = json.loads(sample_report().to_json())
    with pytest.raises(ValidationError):
        Report.model_validate({**data, **changes})


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_figure_is_a_number_or_null(value: float) -> None:
    with pytest.raises(ValidationError):
        Metric(value=value)


def test_parts_are_frozen() -> None:
    report = sample_report()
    with pytest.raises(ValidationError):
        report.task = "other"  # type: ignore[misc]


def test_shapes_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValidationError, match="square"):
        EvaluationPart(samples=3, confusion=((1, 2), (0, 1), (1, 1)))
    with pytest.raises(ValidationError, match="differ in length"):
        RocCurve(label="a", fpr=(0.0, 1.0), tpr=(1.0,))
    with pytest.raises(ValidationError, match="rows alike"):
        FeatureExample(label="a", file="a.wav", values=((1, 2), (3,)))
    with pytest.raises(ValidationError, match="12 labels"):
        sample_report(int8={**evaluation(1, 0.1), "confusion": [[1]]})


def test_a_metric_keeps_its_interval() -> None:
    assert Metric.model_validate(metric(0.5)).model_dump()["ci95"] is not None
