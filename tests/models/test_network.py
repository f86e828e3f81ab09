"""Architectures: shapes, seeds, and operators that the compiler has."""

from __future__ import annotations

import numpy as np
import pytest

from coincell.compiler import read_model
from coincell.errors import ModelError
from coincell.models import build_network, convert_to_tflite, count_parameters
from coincell.project import ModelSettings
from models.toy import QUANTIZATION

ARCHITECTURES = ("tiny-conv", "conv-1d", "ds-cnn-small", "ds-cnn-medium", "fully-connected")
OPERATORS = {
    "conv_2d", "depthwise_conv_2d", "fully_connected", "max_pool_2d", "mean", "average_pool_2d",
    "reshape", "softmax", "reduce_max", "concatenation",
}  # fmt: skip


def _settings(architecture: str, dropout: float = 0.2) -> ModelSettings:
    return ModelSettings.model_validate({"architecture": architecture, "dropout": dropout})


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("shape", [(49, 40), (49, 10), (98, 64, 1), (7, 3), (1, 1)])
def test_any_feature_shape(architecture: str, shape: tuple[int, ...]) -> None:
    model = build_network(_settings(architecture), shape, 5, seed=1)
    batch = np.random.default_rng(0).normal(size=(2, *shape[:2], 1)).astype(np.float32)
    scores = model(batch).numpy()
    assert scores.shape == (2, 5)
    np.testing.assert_allclose(scores.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("shape", [(), (40,), (0, 40), (49, 40, 0), (49, 40, 1, 1)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ModelError, match="frames, bands"):
        build_network(_settings("tiny-conv"), shape, 5, seed=1)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_seed_sets_all_weights(architecture: str) -> None:
    first, again, other = (
        build_network(_settings(architecture), (21, 10), 3, seed=seed).get_weights()
        for seed in (1, 1, 2)
    )
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_converted_graphs_hold_only_what_the_compiler_has(architecture: str) -> None:
    """Standardization, normalization and ReLU are folded; no shape arithmetic is left."""
    model = build_network(_settings(architecture), (49, 40), 12, seed=1, mean=-6.0, deviation=2.5)
    generator = np.random.default_rng(1)  # a bias of zeros would be left out of the file
    model.set_weights([generator.uniform(0.1, 0.5, w.shape) for w in model.get_weights()])
    calibration = np.random.default_rng(0).normal(-6, 2.5, (8, 49, 40)).astype(np.float32)
    calibration = calibration.clip(-10.5, 5.4)
    graph = read_model(convert_to_tflite(model, calibration, QUANTIZATION))
    kinds = [op.kind for op in graph.ops]
    assert set(kinds) <= OPERATORS
    assert kinds[-2:] == ["fully_connected", "softmax"]
    assert graph.parameters == count_parameters(model)
    weighted = sum(kind in ("conv_2d", "depthwise_conv_2d", "fully_connected") for kind in kinds)
    assert (
        weighted
        == {
            "tiny-conv": 3,
            "conv-1d": 4,
            "ds-cnn-small": 10,
            "ds-cnn-medium": 12,
            "fully-connected": 3,
        }[architecture]
    )


def test_conv_1d_sees_all_columns_and_any_place_alike() -> None:
    """A movement that comes later, on a ground that stays the same, has the same scores."""
    model = build_network(_settings("conv-1d"), (128, 6), 5, seed=1)
    generator = np.random.default_rng(0)
    movement = generator.normal(size=(32, 6))
    batch = np.zeros((2, 128, 6, 1), np.float32)
    batch[0, 24:56, :, 0] = movement
    batch[1, 56:88, :, 0] = movement  # later by 32, a multiple of all strides
    scores = model(batch).numpy()
    np.testing.assert_allclose(scores[0], scores[1], rtol=1e-5)
    batch[1, 56:88, 5, 0] = 0.0
    assert np.abs(model(batch).numpy()[1] - scores[1]).max() > 1e-4


def test_the_yardstick_is_as_large_as_what_it_measures() -> None:
    sizes = [
        count_parameters(build_network(_settings(architecture), shape, 12, seed=1))
        for shape in ((49, 40), (49, 10))
        for architecture in ("fully-connected", "ds-cnn-small")
    ]
    assert 0.8 < sizes[0] / sizes[1] < 1.25
    assert 0.8 < sizes[2] / sizes[3] < 1.25


def test_standardization_is_part_of_the_network() -> None:
    batch = np.random.default_rng(0).normal(-6, 2, (4, 21, 10, 1)).astype(np.float32)
    plain = build_network(_settings("tiny-conv"), (21, 10), 3, seed=1)
    own = build_network(_settings("tiny-conv"), (21, 10), 3, seed=1, mean=-6.0, deviation=2.0)
    np.testing.assert_allclose(plain((batch + 6) / 2), own(batch), rtol=1e-4, atol=1e-6)
