"""What benchmarks/mlperf_tiny.py compares with, and how it shows it."""

from __future__ import annotations

import importlib
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def benchmark(repository: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(repository / "benchmarks"))
    return importlib.import_module("mlperf_tiny")


@pytest.fixture
def report(benchmark: Any) -> Any:
    return importlib.import_module("mlperf_tiny_report")


def result(key: str, cycles: int, compiler: str, exact: bool = True) -> dict[str, Any]:
    return {
        "key": key, "model": f"{key}.tflite", "optimize": "balanced", "compiler_name": compiler,
        "instructions": cycles - 1, "cycles": cycles, "exact": exact, "samples": 4,
        "inputs": "made up", "latency_ms": 1.0, "latency_range_ms": (0.5, 2.0),
        "energy_uj": 9.0, "energy_flash_uj": 10.0,
        "flash_bytes": 10, "ram_bytes": 20, "stack_bytes": 30, "image_flash_bytes": 40,
        "image_ram_without_stack_bytes": 50, "compile_seconds": 0.1,
    }  # fmt: skip


def test_the_figures_kept_here_are_those_of_the_baseline(benchmark: Any, shared: Path) -> None:
    kept = benchmark.published(Path("absent.json"))
    read = benchmark.published(shared / "anchors" / "baseline.json")
    assert read["rig"].pop("baseline") == "baseline.json"
    assert kept == read


def test_records_are_the_fewest_cycles_published(benchmark: Any, report: Any) -> None:
    others = benchmark.published(Path("absent.json"))
    fewest = {
        key: min(entry["cycles"] for entry in report.records(key, others))
        for key in others["models"]
    }
    # The rounds' own results: 48.30 and 98.7 ms at 96 MHz, 104.3 ms at 160, 4.05 ms at 120.
    assert fewest == {"kws": 4_636_800, "vww": 9_475_200, "ic": 16_688_000, "ad": 486_000}


def test_table_and_chart_show_all_in_order(benchmark: Any, report: Any) -> None:
    others = benchmark.published(Path("absent.json"))
    results = [result("kws", 5_000_000, "gcc"), result("kws", 9_999_999, "zig", exact=False)]
    lines = report.table(results, others).splitlines()
    order = [next(i for i, line in enumerate(lines) if words in line) for words in (
        "balanced, gcc", "TFLM + CMSIS-NN", "balanced, zig", "TFLM, reference", "X-CUBE-AI 9.0",
    )]  # fmt: skip
    assert order == sorted(order)
    assert any("NOT EQUAL" in line for line in lines)
    assert "Visual wake words" not in "\n".join(lines), "what was not measured is left out"
    picture = ElementTree.fromstring(report.chart(results, others))
    bars = {kind: [] for kind in ("ours", "other", "record")}  # type: dict[str, list[float]]
    for element in picture.iter("{http://www.w3.org/2000/svg}rect"):
        if element.get("class") in bars:
            bars[element.get("class", "")].append(float(element.get("width", "0")))
    assert {kind: len(found) for kind, found in bars.items()} == {
        "ours": 2,
        "other": 5,
        "record": 2,
    }
    assert bars["ours"][1] / bars["ours"][0] == pytest.approx(2, rel=1e-2)
