"""Pruning and distillation as tables, and on the page."""

from __future__ import annotations

from typing import Any

from coincell.report import PruningPart, render_html
from coincell.report.pruning_table import pruning_table
from report.sample_report import model, sample_report

PRUNING: dict[str, Any] = {
    "limits": {"network_cycles": 500000.0, "latency_ms": 61.5},
    "teacher": "unpruned",
    "before": {
        "figures": {"network_cycles": 1000000.0, "latency_ms": 80.25, "cycles": 3000000.0},
        "parameters": 24000, "validation_loss": 0.25, "validation_accuracy": 0.95,
    },
    "steps": [{
        "figures": {"network_cycles": 490000.0, "latency_ms": 60.0, "cycles": 2490000.0},
        "parameters": 11000, "validation_loss": 0.3125, "validation_accuracy": None,
    }],
}  # fmt: skip
TAUGHT = {
    "teacher": "large.keras", "teacher_parameters": 91000, "temperature": 4.0, "weight": 0.5,
    "teacher_validation_accuracy": 0.97, "student_validation_loss": 0.125,
}  # fmt: skip


def test_the_table_has_what_was_limited_before_and_after() -> None:
    titles, rows = pruning_table(PruningPart.model_validate(PRUNING))
    assert titles[1:4] == ["Network cycles", "Latency, ms", "Parameters"]
    assert rows == [
        ["before", "1,000,000", "80.2", "24,000", "95.0 %", "0.25"],
        ["step 1", "490,000", "60.0", "11,000", "", "0.3125"],
        ["at most", "500,000", "61.5", "", "", ""],
    ]


def test_the_page_shows_both() -> None:
    assert "490,000" not in render_html(sample_report())
    taught = model() | {"pruning": PRUNING, "distillation": TAUGHT}
    page = render_html(sample_report(model=taught))
    for told in ("490,000", "91,000", "large.keras", "97.0 %", "0.125"):
        assert told in page
