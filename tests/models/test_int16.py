"""int16 activations between int8 ends: nearer to float than int8, and TFLM's bytes from our C."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from coincell.compiler import (
    HostModel,
    Oracle,
    compile_model,
    oracle_available,
    read_model,
)
from coincell.errors import ConfigurationError, ModelError
from coincell.models import (
    Examples,
    build_network,
    convert_int16,
    convert_to_tflite,
    dequantize,
    predict_float,
    train,
)
from coincell.models._fake_quantization import fake_quantized
from coincell.models._folding import fold_normalizations
from coincell.project import Goal, ModelSettings, TrainingSettings, parse_configuration
from models.toy import CLASSES, QUANTIZATION, make_examples

NETWORKS: dict[str, Goal] = {
    "ds-cnn-small": "classes", "tiny-conv": "quantity", "autoencoder-dense": "normality"
}  # fmt: skip


@pytest.fixture(scope="module", params=NETWORKS)
def made(request: pytest.FixtureRequest) -> tuple[Any, Examples, bytes, bytes]:
    """A trained network, its data, its file of int16 activations, and that of int8."""
    goal = NETWORKS[request.param]
    data = make_examples(1, 128)
    if goal == "quantity":
        numbers = 40 + 5.0 * data.labels
        data = Examples(data.features, data.labels, data.quantization, numbers)
    outputs = 1 if goal == "quantity" else CLASSES
    network = build_network(
        ModelSettings(architecture=request.param), (21, 10), outputs, 1, goal=goal,
        mean=data.mean, deviation=data.deviation, target_mean=45.0, target_deviation=4.0,
    )  # fmt: skip
    train(network, data, None, TrainingSettings(epochs=2, batch_size=16), seed=1, goal=goal)
    calibration = dequantize(data.features, QUANTIZATION)
    wide = convert_int16(network, calibration, QUANTIZATION, goal)
    return network, data, wide, convert_to_tflite(network, calibration, QUANTIZATION)


def test_ends_are_int8_and_all_between_is_int16(made: tuple[Any, Examples, bytes, bytes]) -> None:
    graph = read_model(made[2])
    entry, exit_ = graph.tensor(graph.inputs[0]), graph.tensor(graph.outputs[0])
    assert (entry.scale, entry.zero_point) == (QUANTIZATION.scale, QUANTIZATION.zero_point)
    assert (entry.dtype.value, exit_.dtype.value) == ("int8", "int8")
    outputs = [graph.tensor(op.outputs[0]) for op in graph.ops]
    assert {tensor.dtype.value for tensor in outputs[:-1]} == {"int16"}
    kernels = [t for t in graph.tensors.values() if t.data is not None and t.elements > 64]
    assert {tensor.dtype.value for tensor in kernels} <= {"int8", "int64", "int32"}


@pytest.mark.skipif(not oracle_available(), reason="needs tflite-micro, Linux x86-64 only")
def test_only_kernels_and_ends_are_rounded_and_our_code_gives_tflms_bytes(
    made: tuple[Any, Examples, bytes, bytes],
) -> None:
    """Against the float network with int8 kernels: what is left is a step of the int8 end, while
    int8 activations are off by more."""
    network, data, wide, plain = made
    kernels = fake_quantized(fold_normalizations(network), {}, kernels=True)
    reals = predict_float(kernels, data.features, QUANTIZATION)
    off = []
    for tflite in (wide, plain):
        graph = read_model(tflite)
        exit_ = graph.tensor(graph.outputs[0])
        shaped = data.features.reshape(-1, *graph.tensor(graph.inputs[0]).shape[1:])
        raw = Oracle(tflite).run(shaped).astype(np.float64).reshape(reals.shape)
        within = (raw > -128) & (raw < 127)  # an answer beyond the calibrated range is cut off
        off.append(np.abs((raw - exit_.zero_point) - reals / exit_.scale)[within])
        if tflite is wide:
            ours = HostModel(compile_model(tflite, "wide")).run(shaped)
            np.testing.assert_array_equal(ours.reshape(reals.shape), raw)
    assert off[0].size > 0.4 * reals.size
    assert np.quantile(off[0], 0.9) < 0.75  # the converter rounds some kernels otherwise
    if network.output_shape[1:] == (CLASSES,):  # the same steps at both ends
        assert np.quantile(off[1], 0.9) > np.quantile(off[0], 0.9)


def test_an_operator_without_int16_is_told() -> None:
    data = make_examples(1, 16)
    network = build_network(ModelSettings(architecture="conv-1d"), (21, 10), CLASSES, 1)
    with pytest.raises(ModelError, match=r"cannot have int16 activations.*REDUCE_MAX"):
        convert_int16(network, dequantize(data.features, QUANTIZATION), QUANTIZATION, "classes")


def test_what_cannot_go_with_it_is_refused() -> None:
    text = '[project]\nname = "w"\n[data]\nlabels = ["yes", "no"]\n'
    text += '[quantization]\nactivations = "int16"\n'
    assert parse_configuration(text).quantization.activations == "int16"
    for more in ('mode = "qat"', 'calibration = "percentile"', "equalize = true"):
        with pytest.raises(ConfigurationError, match="activations = 'int16' takes"):
            parse_configuration(text + more)
