"""From Keras to int8: the input's quantization, and how near the scores stay."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coincell.compiler import Oracle, oracle_available, read_model
from coincell.errors import InternalError, ModelError
from coincell.features import InputQuantization, choose_quantization
from coincell.models import (
    Examples,
    build_network,
    convert_to_tflite,
    dequantize,
    load_tensorflow,
    predict_float,
    train,
)
from coincell.models._folding import fold_rescaling_into_dense
from coincell.project import ModelSettings, TrainingSettings
from models.toy import CLASSES, QUANTIZATION


@pytest.fixture(scope="module", params=["tiny-conv", "ds-cnn-small", "fully-connected"])
def trained(request: pytest.FixtureRequest, training: Examples) -> Any:
    model = build_network(
        ModelSettings(architecture=request.param),
        (21, 10),
        CLASSES,
        1,
        mean=training.mean,
        deviation=training.deviation,
    )
    train(model, training, None, TrainingSettings(epochs=4, batch_size=16), seed=1)
    return model


def _calibration(training: Examples) -> Any:
    return dequantize(training.features[:100], QUANTIZATION)


def test_edges_are_int8_and_the_input_is_quantized_as_the_features(
    trained: Any, training: Examples
) -> None:
    graph = read_model(convert_to_tflite(trained, _calibration(training), QUANTIZATION))
    entry, exit_ = graph.tensor(graph.inputs[0]), graph.tensor(graph.outputs[0])
    assert entry.shape == (1, 21, 10, 1)
    assert exit_.shape == (1, CLASSES)
    assert entry.dtype.value == exit_.dtype.value == "int8"
    assert (entry.scale, entry.zero_point) == (QUANTIZATION.scale, QUANTIZATION.zero_point)
    assert (exit_.scale, exit_.zero_point) == (1 / 256, -128)


@pytest.mark.skipif(not oracle_available(), reason="needs tflite-micro, Linux x86-64 only")
def test_int8_scores_are_near_the_float_ones(
    trained: Any, training: Examples, validation: Examples
) -> None:
    tflite = convert_to_tflite(trained, _calibration(training), QUANTIZATION)
    integers = Oracle(tflite).run(validation.features[..., None]).astype(np.float64)
    reals = predict_float(trained, validation.features, QUANTIZATION)
    difference = np.abs((integers + 128) / 256 - reals)
    assert np.median(difference) < 2 / 256
    assert (integers.argmax(axis=1) == reals.argmax(axis=1)).mean() > 0.95


def test_the_same_model_gives_the_same_bytes(trained: Any, training: Examples) -> None:
    first = convert_to_tflite(trained, _calibration(training), QUANTIZATION)
    assert convert_to_tflite(trained, _calibration(training), QUANTIZATION) == first


@settings(max_examples=12, deadline=None, derandomize=True)
@given(low=st.integers(-32000, 2000), span=st.integers(300, 30000), bits=st.integers(6, 12))
def test_any_chosen_scale_survives_bit_for_bit(low: int, span: int, bits: int) -> None:
    values = np.linspace(low, min(low + span, 32767), 500).astype(np.int16)
    quantization = choose_quantization(values, 2.0**-bits)
    _, keras = load_tensorflow()
    inputs = keras.Input((6,), name="features")
    outputs = keras.layers.Softmax(name="scores")(keras.layers.Dense(2, name="logits")(inputs))
    model = keras.Model(inputs, outputs)
    calibration = quantization.dequantize(np.zeros((1, 6), np.int8))
    graph = read_model(convert_to_tflite(model, calibration, quantization))
    entry = graph.tensor(graph.inputs[0])
    assert (entry.scale, entry.zero_point) == (quantization.scale, quantization.zero_point)


def test_calibration_beyond_the_features_range_fails(trained: Any) -> None:
    """It widens the input's range, so that the scale would not be the features' any more."""
    beyond = np.full((1, 21, 10), (128 - QUANTIZATION.zero_point) * QUANTIZATION.scale, np.float32)
    with pytest.raises(InternalError, match="must be quantized as the features are"):
        convert_to_tflite(trained, beyond, QUANTIZATION)


def test_the_ends_of_the_inputs_grid_stretch_no_layers_range() -> None:
    """Values far inside the grid, as standardized readings are: what softmax reads spans what the
    network gives for them, not what it would for samples that are all at an end."""
    _, keras = load_tensorflow()
    inputs = keras.Input((6, 10, 1), name="features")
    logits = keras.layers.Dense(4, name="logits")(keras.layers.Flatten()(inputs))
    model = keras.Model(inputs, keras.layers.Softmax(name="scores")(logits))
    generator = np.random.default_rng(1)
    model.get_layer("logits").set_weights([generator.uniform(0, 1, (60, 4)), np.zeros(4)])
    samples = generator.normal(0, 1, (100, 6, 10, 1)).astype(np.float32)
    graph = read_model(convert_to_tflite(model, samples, InputQuantization(0.125, 0)))
    found = graph.tensor(graph.ops[-1].inputs[0])
    told = np.asarray(keras.Model(inputs, logits)(samples))
    whole = float(told.max() - told.min())
    assert whole <= found.scale * 255 <= 2.2 * whole, "all at an end they are 30 times as far"


def test_a_layer_that_has_no_int8_form_is_the_users_to_mend() -> None:
    _, keras = load_tensorflow()
    inputs = keras.Input((8,), name="features")
    hidden = keras.layers.Dense(4, activation="softsign", name="dense")(inputs)
    model = keras.Model(inputs, keras.layers.Softmax(name="scores")(hidden))
    with pytest.raises(ModelError):
        convert_to_tflite(model, np.zeros((1, 8), np.float32), InputQuantization(0.125, 0))


def test_folding_into_dense_keeps_the_function() -> None:
    _, keras = load_tensorflow()
    inputs = keras.Input((4, 3), name="features")
    hidden = keras.layers.Rescaling(0.3, offset=-1.7, name="rescale")(inputs)
    hidden = keras.layers.Reshape((12,), name="reshape")(hidden)
    hidden = keras.layers.Dense(5, bias_initializer="ones", name="dense")(hidden)
    model = keras.Model(inputs, hidden)
    batch = np.random.default_rng(0).normal(5, 3, (7, 4, 3)).astype(np.float32)
    folded = fold_rescaling_into_dense(model)
    assert not any(isinstance(layer, keras.layers.Rescaling) for layer in folded.layers)
    np.testing.assert_allclose(folded(batch), model(batch), atol=1e-4)


def test_folding_leaves_alone_what_another_layer_reads() -> None:
    _, keras = load_tensorflow()
    inputs = keras.Input((12,), name="features")
    scaled = keras.layers.Rescaling(0.3, name="rescale")(inputs)
    first = keras.layers.Dense(5, name="first")(scaled)
    second = keras.layers.Dense(5, name="second")(scaled)
    model = keras.Model(inputs, keras.layers.Add(name="add")([first, second]))
    assert fold_rescaling_into_dense(model) is model
