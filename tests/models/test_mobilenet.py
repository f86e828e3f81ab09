"""MobileNets: the published networks, clean after conversion."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from coincell.compiler import read_model
from coincell.features import InputQuantization
from coincell.models import build_network, convert_to_tflite, count_parameters, load_tensorflow
from coincell.project import ModelSettings

QUANTIZATION = InputQuantization(float(np.float32(1 / 127.5)), -1)
"""Of the picture block: a pixel p is p / 127.5 - 1."""


def _network(architecture: str, shape: tuple[int, int, int], alpha: float = 0.0) -> object:
    settings = ModelSettings.model_validate({"architecture": architecture, "alpha": alpha})
    return build_network(settings, shape, 2, seed=1)


@pytest.mark.parametrize(
    ("architecture", "alpha"),
    [("mobilenet-v1", 0.25), ("mobilenet-v1", 0.5), ("mobilenet-v2", 0.35), ("mobilenet-v2", 0.5)],
)
def test_as_many_weights_as_keras_applications(architecture: str, alpha: float) -> None:
    _, keras = load_tensorflow()
    make = keras.applications.MobileNet if "v1" in architecture else keras.applications.MobileNetV2
    theirs = make(input_shape=(96, 96, 3), alpha=alpha, include_top=False, weights=None)
    ours = _network(architecture, (96, 96, 3), alpha)
    head = 2 * (theirs.output_shape[-1] + 1)
    assert ours.count_params() - head == theirs.count_params()


@pytest.mark.parametrize("architecture", ["mobilenet-v1", "mobilenet-v2"])
def test_the_default_width_is_the_issues(architecture: str) -> None:
    width = {"mobilenet-v1": 0.25, "mobilenet-v2": 0.35}[architecture]
    default, told = (_network(architecture, (32, 32, 1), alpha) for alpha in (0.0, width))
    assert count_parameters(default) == count_parameters(told)


def test_no_layer_is_without_channels() -> None:
    """Of 32 channels 0.01 leaves none."""
    assert count_parameters(_network("mobilenet-v1", (32, 32, 1), 0.01)) > 0


@pytest.mark.parametrize("architecture", ["mobilenet-v1", "mobilenet-v2"])
@pytest.mark.parametrize("shape", [(96, 96, 1), (31, 50, 3), (4, 4, 1)])
def test_any_picture_shape(architecture: str, shape: tuple[int, int, int]) -> None:
    model = _network(architecture, shape)
    scores = model(np.zeros((2, *shape), np.float32)).numpy()
    assert scores.shape == (2, 2)
    np.testing.assert_allclose(scores.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize(
    ("architecture", "counts"),
    [
        ("mobilenet-v1", {"conv_2d": 14, "depthwise_conv_2d": 13}),
        ("mobilenet-v2", {"conv_2d": 35, "depthwise_conv_2d": 17, "add": 10}),
    ],
)
def test_converted_without_padding_or_shape_arithmetic(
    architecture: str, counts: dict[str, int]
) -> None:
    shape = (64, 64, 3)
    model = _network(architecture, shape)
    generator = np.random.default_rng(1)  # what is zero or one would be left out of the file
    model.set_weights([generator.uniform(0.1, 0.5, w.shape) for w in model.get_weights()])
    calibration = generator.uniform(-0.99, 0.99, (4, *shape)).astype(np.float32)
    graph = read_model(convert_to_tflite(model, calibration, QUANTIZATION))
    kinds = Counter(op.kind for op in graph.ops)
    assert kinds == counts | {"mean": 1, "fully_connected": 1, "softmax": 1}
    assert graph.parameters == count_parameters(model)


def test_normalizations_follow_quickly() -> None:
    _, keras = load_tensorflow()
    layers = _network("mobilenet-v1", (16, 16, 1)).layers
    norms = [layer for layer in layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert len(norms) == 27
    assert all(norm.momentum <= 0.9 for norm in norms)
