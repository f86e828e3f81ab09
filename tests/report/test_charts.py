"""Charts are pure functions; what they draw is compared with files that people can read."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coincell.report import MemoryBank, MemoryRegion, RocCurve, figures
from coincell.report.charts import (
    Chart,
    confusion_chart,
    contributors_chart,
    f1_chart,
    latency_budget_chart,
    layers_chart,
    memory_charts,
    split_chart,
    training_charts,
)
from coincell.report.charts.evaluation import thin
from coincell.report.html import charts_of
from report.sample_report import board, sample_report

_GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "report"


def _charts() -> dict[str, Chart]:
    return {chart.key: chart for group in charts_of(sample_report()).values() for chart in group}


@pytest.mark.parametrize("key", ["splits", "curve-loss", "confusion-int8", "layers", "memory-ram"])
def test_specification_is_the_golden_one(key: str) -> None:
    """To accept a change: delete the file, run this test, and read the new file."""
    path = _GOLDEN / f"{key}.vl.json"
    text = json.dumps(_charts()[key].spec, indent=1, ensure_ascii=False) + "\n"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        pytest.fail(f"{path.name} was not there; written anew: read it, and run again")
    assert text == path.read_text(encoding="utf-8")


def test_every_chart_is_named_described_and_tabled() -> None:
    charts = _charts()
    assert len(charts) == 21
    for key, chart in charts.items():
        assert key == chart.key
        assert chart.spec["description"] == chart.summary
        assert chart.table.rows
        assert all(len(row) == len(chart.table.columns) for row in chart.table.rows)


def test_drawing_changes_no_input() -> None:
    report = sample_report()
    before = report.to_json()
    charts_of(report)
    assert report.to_json() == before


def test_summaries_tell_what_stands_out() -> None:
    report = sample_report()
    assert report.int8
    assert report.board
    assert "diagonal" in confusion_chart("int8", report.int8, report.dataset.labels).summary
    assert "Dearest: 00 conv 10x4, 15.8 %" in layers_chart(report.board).summary
    assert "modelled, between 226 ms and 364 ms" in _charts()["latency"].summary
    assert "Lowest of int8" in f1_chart(report.float_, report.int8).summary
    assert "Most: down" in split_chart(report.dataset).summary


def test_layers_fall_back_to_instructions_without_a_cycle_model() -> None:
    data = board()
    layers = [{**layer, "cycles": None, "cycles_flash": None} for layer in data["layers"]]
    report = sample_report(board={**data, "layers": layers, "cycles": None, "latency_ms": None})
    assert report.board
    assert "Instructions of 15 steps" in layers_chart(report.board).summary
    assert latency_budget_chart(report.board, 1000.0) is None


def test_a_window_that_is_overrun_leaves_no_idle_time() -> None:
    report = sample_report()
    assert report.board
    chart = latency_budget_chart(report.board, 100.0)
    assert chart
    assert chart.table.rows[-1] == ("idle", "0 ms", "0.0 %")


def test_training_without_validation_is_drawn() -> None:
    report = sample_report()
    assert report.model
    assert report.model.history
    bare = report.model.history.model_copy(
        update={"validation_loss": (), "accuracy": (), "best_epoch": None}
    )
    (chart,) = training_charts(bare)
    assert chart.table.rows[0][2] == figures.NOTHING
    assert "validation" not in chart.summary


def test_only_the_largest_contributors_are_shown() -> None:
    many = [{"symbol": f"s{n}", "section": ".text", "bytes": 99 - n} for n in range(40)]
    report = sample_report(board={**board(), "contributors": many})
    assert report.board
    assert len(contributors_chart(report.board).table.rows) == 12


@settings(derandomize=True, max_examples=40)
@given(st.lists(st.integers(0, 1 << 20), min_size=1, max_size=8))
def test_memory_regions_lie_end_to_end(sizes: list[int]) -> None:
    regions = tuple(MemoryRegion(name=f"r{n}", bytes=size) for n, size in enumerate(sizes))
    bank = MemoryBank(name="ram", bytes=sum(sizes), regions=regions)
    part = sample_report().board
    assert part
    (chart,) = memory_charts(part.model_copy(update={"memory_map": (bank,)}))
    values = chart.spec["data"]["values"]
    for bar in {value["bar"] for value in values}:
        segments = [value for value in values if value["bar"] == bar]
        assert segments[0]["start"] == 0
        for before, after in pairwise(segments):
            assert before["end"] == after["start"]
        assert segments[-1]["end"] == (1 if sum(sizes) else 0)


@settings(derandomize=True, max_examples=40)
@given(st.integers(2, 2000), st.integers(2, 200))
def test_a_thinned_curve_keeps_its_ends_and_order(points: int, most: int) -> None:
    rising = tuple(index / (points - 1) for index in range(points))
    kept = thin(RocCurve(label="a", fpr=rising, tpr=rising), most)
    assert len(kept) == min(points, most)
    assert kept[0] == (0.0, 0.0)
    assert kept[-1] == (1.0, 1.0)
    assert kept == sorted(set(kept))
