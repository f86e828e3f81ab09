"""Which int8 file comes out, and why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from coincell.compiler import oracle_available
from coincell.evaluation import mean_difference
from coincell.models import Examples, build_network, dequantize, train
from coincell.pipeline.quantizing import Material, int8_losses, quantize
from coincell.project import ModelSettings, QuantizationSettings, TrainingSettings
from models.toy import CLASSES, QUANTIZATION, make_examples

pytestmark = pytest.mark.skipif(
    not oracle_available(), reason="needs tflite-micro, Linux x86-64 only"
)


@pytest.fixture(scope="module")
def material() -> Material:
    learning, watching = make_examples(1, 160), make_examples(2, 90)
    network = build_network(ModelSettings(architecture="tiny-conv"), (21, 10), CLASSES, 1)
    settings = TrainingSettings(epochs=3, batch_size=16)
    train(network, learning, watching, settings, seed=1)
    return Material(
        network,
        learning,
        watching,
        dequantize(learning.features[:64], QUANTIZATION),
        "classes",
        None,
        settings,
        1,
        lambda done, total, message: None,
    )


def test_after_training_as_the_converter_does_it(material: Material) -> None:
    made = quantize(material, QuantizationSettings())
    assert (made.mode, made.history, made.difference) == ("ptq", None, None)
    assert made.layers
    assert {layer["name"] for layer in made.layers} >= {"logits"}
    assert int8_losses(made.tflite, material.watching, "classes").mean() < 0.2


@pytest.mark.parametrize(
    "changes",
    [{"calibration": "percentile"}, {"calibration": "squared-error"}, {"equalize": True},
     {"correct_bias": True}],
)  # fmt: skip
def test_every_way_after_training_gives_another_file_that_works(
    material: Material, changes: dict[str, Any]
) -> None:
    plain = quantize(material, QuantizationSettings())
    made = quantize(material, QuantizationSettings(**changes))
    assert made.mode == "ptq"
    assert made.tflite != plain.tflite
    assert int8_losses(made.tflite, material.watching, "classes").mean() < 0.2


def test_aware_training_tells_its_epochs(material: Material) -> None:
    told: list[str] = []
    heard = replace(material, progress=lambda done, total, message: told.append(message))
    made = quantize(heard, QuantizationSettings(mode="qat", epochs=2))
    assert made.mode == "qat"
    assert len(told) == 2
    assert "aware of int8" in told[0]
    assert made.history is not None
    assert len(made.history["loss"]) == 2


def test_auto_keeps_what_loses_nothing(material: Material) -> None:
    made = quantize(material, QuantizationSettings(mode="auto", epochs=1))
    assert made.mode == "ptq"
    assert "not better beyond chance" in made.reason
    assert made.difference is not None


def test_auto_takes_aware_training_where_it_wins(material: Material) -> None:
    """Ranges that cut most of each activation off spoil the file; training mends that."""
    settings = QuantizationSettings(
        mode="auto", epochs=3, learning_rate=0.002, calibration="percentile", clipped_share=0.9
    )
    made = quantize(material, settings)
    assert made.mode == "qat"
    assert made.difference is not None
    assert made.difference.high is not None
    assert made.difference.high < 0
    assert "qat is better" in made.reason


def test_auto_without_validation_says_so(material: Material) -> None:
    none = material.watching.take(np.array([], np.int64))
    made = quantize(replace(material, watching=none), QuantizationSettings(mode="auto"))
    assert made.mode == "ptq"
    assert "nothing for validation" in made.reason


def test_losses_by_goal(material: Material) -> None:
    tflite = quantize(material, QuantizationSettings()).tflite
    data = material.watching
    numbers = Examples(data.features, data.labels, data.quantization, np.full(len(data), 0.25))
    off = int8_losses(tflite, numbers, "quantity")
    assert off.shape == (len(data),)
    assert 0 <= off.min() <= off.max() <= 0.75


def test_a_difference_of_means_uses_the_pairing() -> None:
    """What is hard for both cancels; SciPy's bootstrap of the differences is the oracle."""
    scipy_stats = pytest.importorskip("scipy.stats")
    generator = np.random.default_rng(3)
    hard = generator.exponential(10, 400)
    first, second = hard + generator.normal(0, 0.1, 400), hard + 0.05
    found = mean_difference(first, second, seed=1, rounds=4000)
    expected = scipy_stats.bootstrap(
        (second - first,), np.mean, n_resamples=4000, method="percentile", rng=generator
    ).confidence_interval
    assert found.value == pytest.approx((second - first).mean())
    assert found.low == pytest.approx(expected.low, abs=2e-3)
    assert found.high == pytest.approx(expected.high, abs=2e-3)
