"""Transfer learning: the head first, then everything, normalizations left as they came."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from coincell.features import InputQuantization
from coincell.models import (
    EpochRecord,
    Examples,
    build_network,
    load_tensorflow,
    predict_float,
    train_transferred,
)
from coincell.project import ModelSettings, TrainingSettings

QUANTIZATION = InputQuantization(float(np.float32(1 / 127.5)), -1)
SHAPE = (16, 16, 1)


def _examples(seed: int, count: int = 64) -> Examples:
    """Two classes: stripes across, stripes down; with noise."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 2, count)
    pictures = generator.normal(0, 25, (count, *SHAPE))
    stripes = 60.0 * (np.arange(16) // 2 % 2)
    pictures += np.where(labels[:, None, None], stripes[None, None], stripes[None, :, None])[
        ..., None
    ]
    return Examples(np.clip(pictures, -128, 127).astype(np.int8), labels, QUANTIZATION)


def _network() -> Any:
    settings = ModelSettings.model_validate({"architecture": "mobilenet-v1", "dropout": 0.1})
    model = build_network(settings, SHAPE, 2, seed=1)
    _, keras = load_tensorflow()
    norms = [part for part in model.layers if isinstance(part, keras.layers.BatchNormalization)]
    for norm in norms:  # statistics of such pictures, as weights of others would bring
        norm.momentum = 0.0
    model((_examples(9).features.astype(np.float32) + 1) / 127.5, training=True)
    for norm in norms:
        norm.momentum = 0.9
    return model


def _settings(**values: Any) -> TrainingSettings:
    told = {"epochs": 2, "frozen_epochs": 3, "batch_size": 16, "learning_rate": 0.01}
    return TrainingSettings.model_validate(told | values)


def _weights(model: Any, kind: str) -> list[np.ndarray]:
    _, keras = load_tensorflow()
    chosen = getattr(keras.layers, kind)
    return [
        weight
        for layer in model.layers
        if isinstance(layer, chosen)
        for weight in layer.get_weights()
    ]


def _same(before: list[np.ndarray], after: list[np.ndarray]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def test_both_phases_are_counted_through_and_told() -> None:
    model = _network()
    norms = _weights(model, "BatchNormalization")
    kernels = _weights(model, "Conv2D")
    told: list[EpochRecord] = []
    history = train_transferred(
        model, _examples(1), None, _settings(fine_tune_rate=0.001), seed=1, on_epoch=told.append
    )
    assert [record.epoch for record in told] == [1, 2, 3, 4, 5]
    assert history.records == tuple(told)
    assert history.best_epoch == 5
    assert told[2].loss < told[0].loss
    assert told[3].learning_rate <= 0.001
    assert _same(norms, _weights(model, "BatchNormalization"))
    assert not _same(kernels, _weights(model, "Conv2D"))


def test_the_head_does_not_hear_what_weighs_nothing() -> None:
    """Twice the samples, half of them with the other class's label and the weight 0."""
    model, plain = _network(), _examples(1)
    spoilt = Examples(
        np.concatenate([plain.features, plain.features]),
        np.concatenate([plain.labels, 1 - plain.labels]),
        QUANTIZATION,
        weights=np.repeat(np.float32([0, 1]), len(plain)),
    )
    train_transferred(
        model, spoilt, None, _settings(fine_tune_rate=1e-12, frozen_epochs=20), seed=1
    )
    said = predict_float(model, plain.features, QUANTIZATION).argmax(axis=1)
    assert (said != plain.labels).mean() > 0.8


def test_the_head_learns_on_a_frozen_backbone() -> None:
    """A rate that changes nothing leaves the backbone as it was, and the head has learned."""
    model, data = _network(), _examples(1)
    kernels = _weights(model, "Conv2D")
    settings = _settings(frozen_epochs=60, learning_rate=0.05, epochs=1, fine_tune_rate=1e-12)
    train_transferred(model, data, None, settings, seed=1)
    for before, after in zip(kernels, _weights(model, "Conv2D"), strict=True):
        np.testing.assert_allclose(before, after, atol=1e-9)
    scores = predict_float(model, data.features, QUANTIZATION)
    assert (scores.argmax(axis=1) == data.labels).mean() > 0.8


def test_fine_tuning_that_spoils_is_taken_back() -> None:
    """The weights with the best validation loss of both phases stay."""
    model = _network()
    validation = _examples(2)
    settings = _settings(frozen_epochs=6, fine_tune_rate=0.9, optimizer="sgd", schedule="constant")
    history = train_transferred(model, _examples(1), validation, settings, seed=1)
    assert history.best_epoch <= 6
    assert history.best.val_loss == min(record.val_loss for record in history.records)
    scores = predict_float(model, validation.features, QUANTIZATION)
    right = (scores.argmax(axis=1) == validation.labels).mean()
    assert right == pytest.approx(history.best.val_accuracy, abs=1e-6)
