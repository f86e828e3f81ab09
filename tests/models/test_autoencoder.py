"""Autoencoders: shapes, what conversion leaves of them, and that strange features do not pass."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from coincell.compiler import compile_model, read_model
from coincell.features import InputQuantization
from coincell.models import (
    Examples,
    build_network,
    convert_to_tflite,
    dequantize,
    predict_float,
    train,
)
from coincell.project import DetectorFitSettings, ModelSettings, TrainingSettings

QUANTIZATION = InputQuantization(0.0625, -10)


def examples(seed: int, shape: tuple[int, ...], count: int = 256) -> Examples:
    """Windows on a plane of two dimensions, with a little noise on it."""
    plane = np.random.default_rng(7).normal(0, 20, (2, *shape))
    generator = np.random.default_rng(seed)
    points = generator.normal(0, 1, (count, 2))
    values = np.tensordot(points, plane, 1) + generator.normal(0, 2, (count, *shape)) + 15
    features = np.clip(np.rint(values), -128, 127).astype(np.int8)
    return Examples(features, np.zeros(count, np.int64), QUANTIZATION)


def network(architecture: Any, learning: Examples) -> Any:
    return build_network(
        ModelSettings(architecture=architecture, detector=DetectorFitSettings(code=4)),
        learning.features.shape[1:],
        2,
        1,
        mean=learning.mean,
        deviation=learning.deviation,
        goal="normality",
    )


@pytest.mark.parametrize("shape", [(1, 24), (7, 9), (49, 40), (12, 12, 3), (3, 2)])
@pytest.mark.parametrize("architecture", ["autoencoder-dense", "autoencoder-conv"])
def test_as_many_values_come_out_as_go_in(architecture: str, shape: tuple[int, ...]) -> None:
    learning = examples(1, shape, 8)
    outputs = predict_float(network(architecture, learning), learning.features, QUANTIZATION)
    assert outputs.shape == (8, np.prod(shape))


@pytest.mark.parametrize("architecture", ["autoencoder-dense", "autoencoder-conv"])
def test_no_operator_is_left_of_the_units(architecture: str) -> None:
    """What standardises the input and restores the output is folded into the layers."""
    learning = examples(1, (7, 9))
    built = network(architecture, learning)
    real = dequantize(learning.features[:32], QUANTIZATION)
    tflite = convert_to_tflite(built, real, QUANTIZATION)
    kinds = [op.kind for op in read_model(tflite).ops]
    assert not {"mul", "add", "sub"} & set(kinds), kinds
    compile_model(tflite, "auto")


def test_the_strange_is_rebuilt_worse_than_the_normal() -> None:
    learning, watching = examples(1, (7, 9)), examples(2, (7, 9))
    built = network("autoencoder-dense", learning)
    settings = TrainingSettings(epochs=60, batch_size=32, learning_rate=0.005)
    history = train(built, learning, watching, settings, seed=1, goal="normality")
    assert history.records[-1].loss < 0.3 * history.records[0].loss
    normal = _errors(built, watching.features)
    turned = np.ascontiguousarray(watching.features[:, ::-1, ::-1])
    assert np.median(_errors(built, turned)) > 3 * np.median(normal)


def _errors(built: Any, features: NDArray[np.int8]) -> NDArray[np.float64]:
    outputs = predict_float(built, features, QUANTIZATION)
    given = dequantize(features, QUANTIZATION).reshape(len(features), -1)
    errors: NDArray[np.float64] = np.square(given - outputs).mean(axis=1, dtype=np.float64)
    return errors
