"""A fitted linear model as a network, float and int8."""

from __future__ import annotations

import numpy as np
import pytest

from classical.lessons import SETTINGS, lessons_of_classes, lessons_of_numbers
from coincell.classical import METHODS, Lessons, LinearFit, fit_classical
from coincell.features import InputQuantization

pytest.importorskip("sklearn")
pytest.importorskip("tensorflow")
from coincell.compiler import HostModel, compile_model
from coincell.models import convert_to_tflite, dequantize, linear_network, predict_float

QUANTIZATION = InputQuantization(0.03125, -7)
CASES = {
    "logistic-regression": lessons_of_classes(4, columns=12),
    "linear-svm": lessons_of_classes(2, columns=12),
    "ridge": lessons_of_numbers(columns=12),
}


@pytest.mark.parametrize("name", CASES)
def test_the_network_gives_what_was_fitted_and_int8_keeps_it(name: str) -> None:
    lessons: Lessons = CASES[name]
    (method,) = (each for each in METHODS if each.name == name)
    fitted = fit_classical(method, lessons, SETTINGS, 0)
    assert isinstance(fitted, LinearFit)
    number = lessons.goal == "quantity"
    network = linear_network(
        fitted, (4, 3), QUANTIZATION,
        target_mean=1000.0 if number else 0.0, target_deviation=300.0 if number else 1.0,
    )  # fmt: skip
    features = lessons.features.reshape(-1, 4, 3)
    wanted, told = fitted.scores(features), predict_float(network, features, QUANTIZATION)
    assert np.allclose(told, wanted, rtol=1e-4, atol=1e-4)
    tflite = convert_to_tflite(network, dequantize(features, QUANTIZATION), QUANTIZATION)
    compiled = compile_model(tflite, "line")
    kinds = {op.kind for op in compiled.graph.ops} - {"reshape"}
    assert kinds <= {"fully_connected", "softmax"}
    scores = HostModel(compiled).run(features[..., None]).reshape(len(features), -1)
    if number:
        out = compiled.outputs[0]
        numbers = (scores[:, 0].astype(float) - out.zero_point) * out.scale
        assert np.abs(numbers - wanted[:, 0]).max() < 0.02 * np.ptp(wanted)
    else:
        assert (scores.argmax(axis=1) == wanted.argmax(axis=1)).mean() > 0.97
