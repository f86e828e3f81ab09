"""Equalization, bias correction, calibration, and what each layer loses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from coincell.models import (
    Calibration,
    Examples,
    bias_corrected,
    build_network,
    calibrated_ranges,
    dequantize,
    equalized,
    layer_errors,
    load_tensorflow,
    train,
)
from coincell.models._fake_quantization import fake_quantized
from coincell.models._folding import fold_normalizations
from coincell.project import ModelSettings, TrainingSettings
from models.toy import CLASSES, QUANTIZATION


@pytest.fixture(scope="module")
def network(training: Examples) -> Any:
    """A trained network, folded, with kernels whose channels are of very unlike size."""
    model = build_network(ModelSettings(architecture="resnet-8"), (21, 10), CLASSES, 1)
    train(model, training, None, TrainingSettings(epochs=2, batch_size=16), seed=1)
    folded = fold_normalizations(model)
    generator = np.random.default_rng(2)
    for first, second in (("block_1_first", "block_1_second"), ("block_2_first", "block_2_second")):
        one, other = folded.get_layer(first), folded.get_layer(second)
        scale = np.exp(generator.uniform(-3, 3, one.kernel.shape[-1])).astype(np.float32)
        kernel, bias = one.get_weights()
        one.set_weights([kernel * scale, bias * scale])
        kernel, bias = other.get_weights()
        other.set_weights([kernel / scale[:, None], bias])
    return folded


@pytest.fixture(scope="module")
def samples(training: Examples) -> np.ndarray[Any, Any]:
    return dequantize(training.features[:64], QUANTIZATION)[..., None]


def _noise(model: Any, samples: Any, exact: Any) -> float:
    ranges = calibrated_ranges(model, samples, Calibration())
    rounded = np.asarray(fake_quantized(model, ranges, kernels=True)(samples))
    return float(np.square(rounded - exact).mean())


def test_equalizing_keeps_the_function_and_loses_less(network: Any, samples: Any) -> None:
    exact = np.asarray(network(samples))
    even = equalized(network)
    np.testing.assert_allclose(even(samples), exact, atol=1e-4)
    assert _noise(even, samples, exact) < _noise(network, samples, exact)
    kernels = [np.asarray(even.get_layer(f"block_1_{n}").kernel) for n in ("first", "second")]
    reach = np.abs(kernels[0]).max(axis=(0, 1, 2)), np.abs(kernels[1]).max(axis=(0, 1, 3))
    np.testing.assert_allclose(*reach, rtol=1e-4)


def test_a_ceiling_stops_equalizing() -> None:
    """relu6(s x) is not s relu6(x): MobileNets are left as they are."""
    model = fold_normalizations(
        build_network(ModelSettings(architecture="mobilenet-v1"), (16, 16, 1), 2, 1)
    )
    even = equalized(model)
    for layer in model.layers:
        for before, after in zip(layer.get_weights(), even.get_layer(layer.name).get_weights(),
                                 strict=True):  # fmt: skip
            np.testing.assert_array_equal(before, after)


def test_biases_take_back_what_rounding_adds(network: Any, samples: Any) -> None:
    """The mean of each layer's output, its own kernel rounded, against its own in float."""
    mended = bias_corrected(network, samples)
    layer, rounded = network.get_layer("conv_0"), mended.get_layer("conv_0")
    _, keras = load_tensorflow()
    before = keras.Model(network.inputs[0], network.get_layer("conv_0").output)
    aware = fake_quantized(mended, {}, kernels=True)
    after = keras.Model(aware.inputs[0], aware.get_layer("conv_0").output)
    plain = fake_quantized(network, {}, kernels=True)
    untouched = keras.Model(plain.inputs[0], plain.get_layer("conv_0").output)
    means = [np.asarray(m(samples)).mean(axis=(0, 1, 2)) for m in (before, after, untouched)]
    assert np.abs(means[1] - means[0]).max() < 1e-5
    assert np.abs(means[2] - means[0]).max() > 1e-5
    np.testing.assert_array_equal(layer.kernel, rounded.kernel)


def test_ranges_by_percentile_and_by_squared_error(network: Any, samples: Any) -> None:
    """One odd sample stretches the extremes; the others let it be cut off."""
    odd = np.concatenate([np.repeat(samples, 20, axis=0), 40 * samples[:1]])
    spans = {
        method: calibrated_ranges(network, odd, Calibration(method, 0.01))
        for method in ("min-max", "percentile", "squared-error")
    }
    for name, (low, high) in spans["min-max"].items():
        for method in ("percentile", "squared-error"):
            inner = spans[method][name]
            assert low <= inner[0] <= 0 <= inner[1] <= high, (name, method)
    widths = {m: np.mean([b - a for a, b in each.values()]) for m, each in spans.items()}
    assert widths["percentile"] < 0.5 * widths["min-max"]
    assert widths["squared-error"] < widths["min-max"]


def test_squared_error_is_the_least_of_all_shares() -> None:
    """Against trying every range on the values themselves."""
    _, keras = load_tensorflow()
    inputs = keras.Input((1,), name="features")
    model = keras.Model(inputs, keras.layers.Dense(1, name="logits")(inputs))
    model.get_layer("logits").set_weights([np.ones((1, 1)), np.zeros(1)])
    values = np.random.default_rng(1).standard_t(3, (4000, 1)).astype(np.float32)
    low, high = calibrated_ranges(model, values, Calibration("squared-error"))["logits"]

    def error(share: float) -> float:
        ends = share * values.min(), share * values.max()
        step = (ends[1] - ends[0]) / 255
        rounded = np.clip(np.round((values - ends[0]) / step), 0, 255) * step + ends[0]
        return float(np.square(rounded - values).mean())

    best = min(error(share) for share in np.linspace(0.02, 1, 300))
    assert error(high / float(values.max())) < 1.1 * best
    assert low / values.min() == pytest.approx(high / values.max())


def test_what_softmax_reads_is_judged_by_its_shares() -> None:
    """Against every other pair of ends, by TensorFlow's own rounding; far below the greatest value
    there is nothing to keep."""
    tf, keras = load_tensorflow()
    inputs = keras.Input((3,), name="features")
    logits = keras.layers.Dense(3, name="logits")(inputs)
    model = keras.Model(inputs, keras.layers.Softmax(name="scores")(logits))
    model.get_layer("logits").set_weights([np.eye(3), np.zeros(3)])
    generator = np.random.default_rng(1)
    values = generator.normal([4, 4, -30], [2, 2, 5], (600, 3)).astype(np.float32)
    low, high = calibrated_ranges(model, values, Calibration("squared-error"))["logits"]

    def error(first: float, last: float) -> float:
        rounded = tf.quantization.fake_quant_with_min_max_vars(values, first, last)
        return float(np.square(tf.nn.softmax(rounded) - tf.nn.softmax(values)).mean())

    ends = values.min() * np.linspace(0.05, 1, 20), values.max() * np.linspace(0.05, 1, 20)
    best = min(error(first, last) for first in ends[0] for last in ends[1])
    assert error(low, high) < 1.2 * best
    assert error(low, high) < 0.2 * error(float(values.min()), float(values.max()))
    assert low > 0.5 * values.min()


def test_the_loss_is_told_where_it_begins(network: Any, samples: Any) -> None:
    network = equalized(network)
    ranges = calibrated_ranges(network, samples, Calibration())
    sound = {e.name: e for e in layer_errors(network, ranges, samples)}
    assert list(sound) == list(ranges)
    assert all(e.clipped == 0 and e.rounding_db > 25 for e in sound.values())
    spoilt = dict(ranges)
    spoilt["block_2_first_relu"] = (0.0, 0.05 * ranges["block_2_first_relu"][1])
    errors = {e.name: e for e in layer_errors(network, spoilt, samples)}
    assert errors["conv_0_relu"] == sound["conv_0_relu"]
    broken = errors["block_2_first_relu"]
    assert broken.clipped > 0.05
    assert broken.rounding_db < sound["block_2_first_relu"].rounding_db - 10
    assert errors["block_2_relu"].total_db < sound["block_2_relu"].total_db - 5
    assert "cut off" in broken.advice
    assert sum(bool(e.advice) for e in errors.values()) <= 3


def test_answers_less_than_a_step_apart_are_told() -> None:
    """A grid of steps of 1: 10 from 10.4 is rounding's to turn, 10 from 12 is not."""
    _, keras = load_tensorflow()
    inputs = keras.Input((2,), name="features")
    logits = keras.layers.Dense(2, name="logits")(inputs)
    model = keras.Model(inputs, keras.layers.Softmax(name="scores")(logits))
    model.get_layer("logits").set_weights([np.eye(2), np.zeros(2)])
    apart = np.array([[10, 10.4], [20.6, 20.4], [10, 12], [12, 10]], np.float32)
    (told,) = layer_errors(model, {"logits": (0.0, 255.0)}, np.repeat(apart, 5, axis=0))
    assert told.close == 0.5
    assert told.turned == 0.25, "10 and 10.4 are both 10, and the first of equals is the answer"
    assert told.advice.startswith("50% of the samples")
    assert "squared-error" in told.advice
    (fine,) = layer_errors(model, {"logits": (0.0, 25.5)}, np.repeat(apart, 5, axis=0))
    assert fine.close == fine.turned == 0
    assert not fine.advice


def test_close_answers_are_advised_on_whatever_else_is_worse() -> None:
    """Three layers lose more than the answer does, all samples of which are close."""
    _, keras = load_tensorflow()
    inputs = keras.Input((2,), name="features")
    passed, eye = inputs, np.eye(2)
    for number in range(3):
        passed = keras.layers.Dense(2, name=f"before_{number}")(passed)
    logits = keras.layers.Dense(2, name="logits")(passed)
    model = keras.Model(inputs, keras.layers.Softmax(name="scores")(logits))
    for name in ("before_0", "before_1", "before_2", "logits"):
        model.get_layer(name).set_weights([eye * (100 if name == "logits" else 1), np.zeros(2)])
    values = np.array([[1.0, 1.001], [2.0, 2.001]], np.float32)
    ranges = {f"before_{number}": (0.0, 200.0) for number in range(3)}
    errors = layer_errors(model, ranges | {"logits": (0.0, 255.0)}, values)
    assert errors[-1].total_db >= max(error.total_db for error in errors[:-1]) - 1e-6
    assert errors[-1].close == 1.0
    assert "two largest values" in errors[-1].advice


def test_places_that_are_no_answer_know_none(network: Any, samples: Any) -> None:
    errors = layer_errors(network, calibrated_ranges(network, samples, Calibration()), samples)
    assert [e.close is None for e in errors] == [True] * (len(errors) - 1) + [False]
