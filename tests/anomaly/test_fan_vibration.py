"""The figure that is promised: a coin on a fan's blade, one model for all speeds."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coincell.anomaly import fit_detector


@pytest.fixture
def benchmark(repository: Path, shared: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    assert shared.is_dir()
    monkeypatch.syspath_prepend(str(repository / "benchmarks"))
    return importlib.import_module("fan_vibration")


@pytest.mark.parametrize(
    ("features", "method", "least"),
    [
        ("band powers", "Gaussian mixture, 8, diagonal", 0.995),
        ("band powers", "Gaussian mixture, 4, full", 0.995),
        ("statistics", "Gaussian mixture, 8, diagonal", 0.999),
        ("statistics", "k-means, 16 centres", 0.99),
        ("statistics", "Mahalanobis", 0.975),
    ],
)
def test_the_device_finds_the_coin(
    benchmark: Any, features: str, method: str, least: float
) -> None:
    fan = benchmark.read_fan()
    made = benchmark.quantized(fan, features)
    kind, settings = benchmark.METHODS[method]
    training = made.features[fan.parts["training"]]
    detector = fit_detector(kind, training, made.quantization, settings, seed=1)
    figures = benchmark.judged(fan, detector, made.features)
    assert figures["auc"]["value"] >= least
    assert figures["false_alarm_rate"]["value"] <= 0.02, "0.01 was wished for"
    assert figures["largest_error"] <= figures["largest_error_proved"]


def test_no_window_is_in_two_parts_and_none_with_a_coin_is_trained_on(benchmark: Any) -> None:
    fan = benchmark.read_fan()
    parts = ("training", "threshold", "test")
    rows = np.concatenate([fan.parts[part] for part in parts])
    assert sorted(rows) == list(range(len(fan.windows)))
    for part in ("training", "threshold"):
        assert not fan.strange[fan.parts[part]].any()
    stretches = [{fan.stretch[row] for row in fan.parts[part]} for part in parts]
    assert not stretches[0] & stretches[1]
    assert not (stretches[0] | stretches[1]) & stretches[2]
    halves = [{fan.stretch[row] for row in fan.parts[part]} for part in ("watched", "apart")]
    assert all(halves)
    assert not halves[0] & halves[1], "what training watched chooses no threshold"
    assert halves[0] | halves[1] == stretches[1]


def test_the_int8_autoencoder_finds_the_coin(
    benchmark: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("tensorflow", reason="the extra `train` is not installed")
    monkeypatch.setattr(
        benchmark, "TRAINING", benchmark.TrainingSettings(epochs=40, batch_size=64, patience=0)
    )
    fan = benchmark.read_fan()
    made = benchmark.quantized(fan, "statistics")
    figures = benchmark.measure_autoencoder(fan, made, "autoencoder-dense")["integers"]
    assert figures["auc"]["value"] >= 0.98, "0.90 is promised, 0.9998 is measured with 200 epochs"
    assert figures["false_alarm_rate"]["value"] <= 0.02, "0.01 was wished for"
