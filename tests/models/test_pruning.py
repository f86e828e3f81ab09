"""Pruning: a network without channels against the same one with those channels set to zero."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from coincell.compiler import HostModel, Oracle, compile_model, oracle_available
from coincell.models import (
    Channels,
    Examples,
    build_network,
    channel_importance,
    channel_prices,
    channels_of,
    convert_to_tflite,
    count_parameters,
    dequantize,
    load_tensorflow,
    narrowest,
    predict_float,
    removal_order,
    train,
    without_channels,
)
from coincell.models._objectives import objective_of
from coincell.models._training import _Trainer
from coincell.project import ModelSettings, TrainingSettings
from models.toy import CLASSES, QUANTIZATION, make_examples

SHAPES = {
    "ds-cnn-small": (21, 10),
    "conv-1d": (21, 10),
    "tiny-conv": (21, 10),
    "fully-connected": (21, 10),
    "mobilenet-v2": (32, 32),
    "resnet-8": (21, 10),
    "autoencoder-dense": (21, 10),
    "autoencoder-conv": (21, 10),
}


def _network(architecture: str, shape: tuple[int, int] = (21, 10)) -> Any:
    goal = "normality" if architecture.startswith("auto") else "classes"
    settings = ModelSettings(architecture=architecture)  # type: ignore[arg-type]
    network = build_network(settings, shape, CLASSES, 1, mean=-2.0, deviation=3.0, goal=goal)
    _unlike(network)
    return network


def _unlike(network: Any) -> None:
    """Biases and normalizations as if trained: nothing is 0 or 1 by chance."""
    generator = np.random.default_rng(5)
    for layer in network.layers:
        if layer.weights and not hasattr(layer, "kernel"):
            layer.set_weights([
                np.abs(each + generator.normal(0, 0.3, each.shape)) + 0.1
                for each in layer.get_weights()
            ])  # fmt: skip


def _masked(network: Any, channels: Channels, gone: set[int]) -> Any:
    """A copy in which whoever makes a channel of `gone` makes zeros of it."""
    _, keras = load_tensorflow()
    masked = keras.models.clone_model(network)
    masked.set_weights(network.get_weights())
    for layer in masked.layers:
        kept = ~np.isin(channels.given[layer.name], sorted(gone))
        weights = layer.get_weights()
        if isinstance(layer, keras.layers.DepthwiseConv2D):
            weights = [weights[0] * kept[:, None], *(bias * kept for bias in weights[1:])]
        elif isinstance(layer, keras.layers.BatchNormalization):
            weights = [weights[0] * kept, weights[1] * kept, *weights[2:]]
        else:
            weights = [each * kept for each in weights]
        layer.set_weights(weights)
    return masked


def _some(channels: Channels, share: float) -> set[int]:
    """Of each family, that share of its bundles, drawn."""
    generator = np.random.default_rng(3)
    return {
        int(bundle)
        for bundles in channels.families.values()
        for bundle in generator.permutation(bundles)[: int(share * len(bundles))]
    }


@pytest.mark.parametrize("architecture", SHAPES)
def test_a_network_without_channels_gives_what_one_with_zeros_gives(architecture: str) -> None:
    shape = SHAPES[architecture]
    network = _network(architecture, shape)
    channels = channels_of(network)
    gone = _some(channels, 0.5)
    smaller = without_channels(network, channels, gone)
    features = make_examples(4, 6, shape).features
    wanted = predict_float(_masked(network, channels, gone), features, QUANTIZATION)
    found = predict_float(smaller, features, QUANTIZATION)
    np.testing.assert_allclose(found, wanted, rtol=2e-4, atol=2e-4)
    assert np.abs(predict_float(network, features, QUANTIZATION) - wanted).max() > 1e-3
    assert count_parameters(smaller) < 0.75 * count_parameters(network)


@pytest.mark.parametrize("architecture", ["ds-cnn-small", "resnet-8", "autoencoder-conv"])
def test_a_price_is_what_a_network_has_less_without_the_bundle(architecture: str) -> None:
    """Kernels counted by Keras, before and after one bundle of each family is taken out."""
    network = _network(architecture, SHAPES[architecture])
    channels = channels_of(network)
    prices = channel_prices(network, channels, "weights")
    assert channels.families
    for bundles in channels.families.values():
        smaller = without_channels(network, channels, {bundles[0]})
        assert _kernels(network) - _kernels(smaller) == prices[bundles[0]]


def _kernels(network: Any) -> int:
    return sum(
        int(np.prod(each.kernel.shape)) for each in network.layers if hasattr(each, "kernel")
    )


def test_a_residual_connection_ties_what_it_adds() -> None:
    makers = set(channels_of(_network("resnet-8")).families)
    assert ("conv_0", "block_1_second") in makers
    assert ("block_2_second", "block_2_shortcut") in makers
    assert ("block_1_first",) in makers
    assert not any("logits" in each for each in makers)


def test_what_is_not_known_keeps_its_channels() -> None:
    """Softmax in the middle, groups, and a sum of values that are no channels."""
    _, keras = load_tensorflow()
    layers = keras.layers
    inputs = keras.Input((8, 8, 2))
    first = layers.Conv2D(8, 3, name="before_softmax")(inputs)
    grouped = layers.Conv2D(8, 3, groups=2, name="grouped")(layers.Softmax()(first))
    wide = layers.Conv2D(8, 1, name="before_sum")(grouped)
    summed = layers.Add()([wide, layers.Conv2D(1, 1, name="spread")(wide)])
    free = layers.Conv2D(8, 1, name="free", activation="relu")(summed)
    last = layers.Conv2D(4, 1, name="sigmoid", activation="sigmoid")(free)
    model = keras.Model(inputs, layers.Dense(3)(layers.Flatten()(last)))
    assert set(channels_of(model).families) == {("free",)}


@pytest.fixture(scope="module")
def data() -> Examples:
    return make_examples(1, 128)


def test_importance_is_the_square_of_what_zeros_change_to_first_order(data: Examples) -> None:
    """Against finite differences: kernels that read a bundle made a thousandth smaller."""
    network = _network("resnet-8")
    channels = channels_of(network)
    settings = TrainingSettings(batch_size=16)
    some = data.take(np.arange(48))  # one batch, so that the mean is of one square
    found = channel_importance(network, channels, some, settings, seed=1)
    trainer = _Trainer(network, settings, objective_of("classes", network, settings))
    families = channels.families
    for bundle in (bundles[1] for bundles in families.values()):
        losses = []
        for share in (1.001, 0.999):
            before = network.get_weights()
            _scale_readers(network, channels, bundle, share)
            losses.append(trainer.evaluate(some)[0])
            network.set_weights(before)
        slope = (losses[0] - losses[1]) / 0.002
        assert np.sqrt(found[bundle]) == pytest.approx(abs(slope), rel=0.05, abs=1e-3)
    assert found[1:].max() > 1e-3


def _scale_readers(network: Any, channels: Channels, bundle: int, share: float) -> None:
    for layer in network.layers:
        if hasattr(layer, "kernel") and "norm" not in layer.name:
            kernel, *bias = layer.get_weights()
            factor = np.where(channels.read[layer.name] == bundle, share, 1.0)
            layer.set_weights([kernel * factor[:, None], *bias])


def test_the_order_takes_worthless_channels_first_in_widths_that_kernels_like() -> None:
    network = _network("ds-cnn-small")
    channels = channels_of(network)
    generator = np.random.default_rng(2)
    importance = generator.random(max(channels.makers) + 1)
    prices = channel_prices(network, channels, "macs")
    least = narrowest(channels)
    order = removal_order(channels, importance, prices, least)
    for makers, bundles in channels.families.items():
        taken = [b for part in order for b in part if b in set(bundles)]
        assert taken == sorted(bundles, key=lambda b: importance[b])[: len(taken)]
        assert len(bundles) - len(taken) == least[makers] == 8
    widths = {b: len(bundles) for bundles in channels.families.values() for b in bundles}
    assert all(len(part) % 4 == 0 and widths[part[0]] == 64 for part in order)


@pytest.mark.skipif(not oracle_available(), reason="needs tflite-micro, Linux x86-64 only")
def test_what_is_pruned_is_gone_from_the_c_and_zeros_are_too(data: Examples) -> None:
    """The compiler takes zeros out by itself, as far as pruning does: two ways to one size."""
    network = _network("ds-cnn-small")
    train(network, data, None, TrainingSettings(epochs=2, batch_size=16), seed=1)
    channels = channels_of(network)
    gone = _some(channels, 0.5)
    calibration = dequantize(data.features[:64], QUANTIZATION)
    whole, masked, smaller = (
        convert_to_tflite(each, calibration, QUANTIZATION)
        for each in (
            network, _masked(network, channels, gone), without_channels(network, channels, gone)
        )
    )  # fmt: skip
    made = [compile_model(each, "net") for each in (whole, masked, smaller)]
    assert made[1].macs == made[2].macs < 0.4 * made[0].macs
    assert made[1].arena_bytes == made[2].arena_bytes < made[0].arena_bytes
    assert _weight_bytes(made[1]) == _weight_bytes(made[2]) < 0.6 * _weight_bytes(made[0])
    some = data.features[:20]
    np.testing.assert_array_equal(HostModel(made[2]).run(some), Oracle(smaller).run(some))


def _weight_bytes(made: Any) -> int:
    return sum(layer.weight_bytes for layer in made.layers)
