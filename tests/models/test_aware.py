"""Quantization-aware training against the graph that comes of it: TFLM is the oracle."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from coincell.compiler import Graph, Oracle, oracle_available, read_model
from coincell.errors import ModelError
from coincell.models import (
    AwareNetwork,
    Examples,
    build_network,
    convert_aware,
    convert_to_tflite,
    dequantize,
    load_tensorflow,
    predict_float,
    train,
    train_aware,
)
from coincell.models._fake_quantization import fake_quantized, round_kernel
from coincell.models._folding import fold_normalizations
from coincell.project import Goal, ModelSettings, TrainingSettings
from models.toy import CLASSES, QUANTIZATION, make_examples

ARCHITECTURES: dict[str, tuple[tuple[int, ...], Goal]] = {
    "ds-cnn-small": ((21, 10), "classes"),
    "conv-1d": ((21, 10), "classes"),
    "fully-connected": ((21, 10), "classes"),
    "mobilenet-v1": ((32, 32), "classes"),
    "mobilenet-v2": ((32, 32), "classes"),
    "resnet-8": ((21, 10), "classes"),
    "autoencoder-dense": ((21, 10), "normality"),
    "autoencoder-conv": ((21, 10), "normality"),
    "tiny-conv": ((21, 10), "quantity"),
}


@dataclass(frozen=True)
class Trained:
    """One architecture, trained in float and aware, and its int8 files."""

    network: Any
    aware: AwareNetwork
    data: Examples
    tflite: bytes
    plain: bytes

    @property
    def graph(self) -> Graph:
        """Of the aware one."""
        return read_model(self.tflite)


@pytest.fixture(scope="module", params=ARCHITECTURES)
def trained(request: pytest.FixtureRequest) -> Trained:
    architecture: str = request.param
    shape, goal = ARCHITECTURES[architecture]
    data = make_examples(1, 128, (shape[0], shape[1]))
    if goal == "quantity":
        numbers = 40 + 5.0 * data.labels
        data = Examples(data.features, data.labels, data.quantization, numbers)
    network = build_network(
        ModelSettings(architecture=architecture),  # type: ignore[arg-type]
        shape,
        1 if goal == "quantity" else CLASSES,
        1,
        mean=data.mean,
        deviation=data.deviation,
        goal=goal,
        target_mean=45.0,
        target_deviation=4.0,
    )
    settings = TrainingSettings(epochs=2, batch_size=16)
    train(network, data, None, settings, seed=1, goal=goal)
    calibration = dequantize(data.features[:100], QUANTIZATION)
    low = settings.model_copy(update={"learning_rate": 1e-4})
    aware = train_aware(network, data, None, low, calibration, seed=1, goal=goal)
    return Trained(
        network,
        aware,
        data,
        convert_aware(aware.network, aware.ranges, calibration, QUANTIZATION),
        convert_to_tflite(network, calibration, QUANTIZATION),
    )


def test_the_graph_is_int8_and_no_longer_than_without(trained: Trained) -> None:
    kinds = Counter(op.kind for op in trained.graph.ops)
    plain = Counter(op.kind for op in read_model(trained.plain).ops)
    assert kinds == plain
    assert not any("quantize" in kind for kind in kinds)
    assert {tensor.dtype.value for tensor in trained.graph.tensors.values()} <= {"int8", "int32"}


def _nudged(span: tuple[float, float]) -> tuple[float, int]:
    """Scale and zero point of a range, as Jacob et al. 2018 nudge it so that 0 is a step."""
    scale = (span[1] - span[0]) / 255
    return scale, int(np.clip(np.round(-128 - span[0] / scale), -128, 127))


def test_every_range_is_honoured(trained: Trained) -> None:
    outputs = [trained.graph.tensor(op.outputs[0]) for op in trained.graph.ops]
    held = [(tensor.scale, tensor.zero_point) for tensor in outputs]
    ranges = dict(trained.aware.ranges)
    if "logits" in ranges and trained.network.output_shape[1:] == (1,):
        del ranges["logits"]  # the unit's Rescaling is folded in: another scale by design
    assert len(ranges) > 1
    for name, span in ranges.items():
        scale, zero = _nudged(span)
        found = [z for s, z in held if abs(s / scale - 1) < 1e-5]
        assert any(abs(z - zero) <= 1 for z in found), (name, span, held)


def test_kernels_are_what_was_trained(trained: Trained) -> None:
    """Each kernel's integers, by the layer's rounded weights; rescaled kernels have the same."""
    files = [
        tensor
        for tensor in trained.graph.tensors.values()
        if tensor.data is not None and tensor.dtype.value == "int8"
    ]
    compared = 0
    for layer in trained.aware.network.layers:
        if not hasattr(layer, "kernel"):
            continue
        wanted = _integers(layer)
        likes = [f for f in files if f.elements == wanted.size]
        assert likes, layer.name
        off = min(
            int(np.abs(np.sort(np.frombuffer(f.data, np.int8)) - wanted).max()) for f in likes
        )
        assert off <= 1, layer.name
        compared += wanted.size
    assert compared > 500


def _integers(layer: Any) -> np.ndarray[Any, Any]:
    """The kernel in steps, sorted: the file may have its axes in another order."""
    _, keras = load_tensorflow()
    kernel = np.asarray(layer.kernel)
    axes = 2 if isinstance(layer, keras.layers.DepthwiseConv2D) else 1
    flat = kernel.reshape(-1, int(np.prod(kernel.shape[-axes:])))
    return np.sort(np.round(flat / (np.abs(flat).max(axis=0) / 127)).ravel())


@pytest.mark.skipif(not oracle_available(), reason="needs tflite-micro, Linux x86-64 only")
def test_the_int8_model_does_what_was_trained(trained: Trained) -> None:
    """The fake-quantized network against TFLM: a few roundings in a row may fall otherwise."""
    simulated = fake_quantized(trained.aware.network, trained.aware.ranges, kernels=True)
    features = trained.data.features
    reals = predict_float(simulated, features, QUANTIZATION)
    graph = trained.graph
    exit_ = graph.tensor(graph.outputs[0])
    shaped = features.reshape(-1, *graph.tensor(graph.inputs[0]).shape[1:])
    raw = Oracle(trained.tflite).run(shaped).astype(np.float64).reshape(reals.shape)
    steps = np.abs((raw - exit_.zero_point) - reals / exit_.scale)
    assert np.median(steps) < 1.5
    assert np.quantile(steps, 0.99) < 8


def test_folding_keeps_the_function(trained: Trained) -> None:
    batch = dequantize(trained.data.features[:16], QUANTIZATION)
    batch = batch.reshape(-1, *trained.network.input_shape[1:])
    whole = np.asarray(trained.network(batch, training=False))
    folded = np.asarray(fold_normalizations(trained.network)(batch, training=False))
    np.testing.assert_allclose(folded, whole, rtol=1e-3, atol=1e-4 * np.abs(whole).max())


def test_dense_layers_are_normalized_by_folding() -> None:
    """What the converter leaves as two operators behind a dense layer."""
    _, keras = load_tensorflow()
    inputs = keras.Input((6,), name="features")
    hidden = keras.layers.Dense(5, use_bias=False, name="dense")(inputs)
    hidden = keras.layers.BatchNormalization(name="norm")(hidden)
    model = keras.Model(inputs, keras.layers.ReLU(name="relu")(hidden))
    generator = np.random.default_rng(0)
    model.get_layer("norm").set_weights(list(generator.uniform(0.5, 2, (4, 5))))
    folded = fold_normalizations(model)
    batch = generator.normal(0, 1, (20, 6)).astype(np.float32)
    assert folded.count_params() == 6 * 5 + 5
    np.testing.assert_allclose(folded(batch), model(batch), atol=1e-5)


def test_rounding_a_kernel_is_symmetric_by_channel() -> None:
    kernel = np.random.default_rng(3).normal(0, 1, (3, 3, 4, 2)).astype(np.float32)
    for axes in (1, 2):
        rounded = np.asarray(round_kernel(kernel, axes)).reshape(
            -1, int(np.prod(kernel.shape[-axes:]))
        )
        flat = kernel.reshape(rounded.shape)
        step = np.abs(flat).max(axis=0) / 127
        np.testing.assert_allclose(rounded / step, np.round(flat / step), atol=1e-3)


def test_training_again_gives_the_same_bits(training: Examples) -> None:
    network = build_network(ModelSettings(architecture="tiny-conv"), (21, 10), CLASSES, 1)
    calibration = dequantize(training.features[:50], QUANTIZATION)
    settings = TrainingSettings(epochs=1, batch_size=32)
    files = []
    for _ in range(2):
        aware = train_aware(network, training, None, settings, calibration, seed=7)
        files.append(convert_aware(aware.network, aware.ranges, calibration, QUANTIZATION))
    assert files[0] == files[1]


def test_an_activation_within_a_layer_is_told_apart(training: Examples) -> None:
    _, keras = load_tensorflow()
    inputs = keras.Input((21, 10), name="features")
    hidden = keras.layers.Flatten(name="flat")(inputs)
    hidden = keras.layers.Dense(4, activation="tanh", name="odd")(hidden)
    logits = keras.layers.Dense(CLASSES, name="logits")(hidden)
    model = keras.Model(inputs, keras.layers.Softmax(name="scores")(logits))
    calibration = dequantize(training.features[:10], QUANTIZATION)
    with pytest.raises(ModelError, match="odd has tanh"):
        train_aware(model, training, None, TrainingSettings(epochs=1), calibration, seed=1)
