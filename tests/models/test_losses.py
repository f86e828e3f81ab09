"""Losses against scikit-learn and against plain NumPy of their papers' formulas."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import log_loss

from coincell.models._losses import sample_losses
from coincell.project import TrainingSettings


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    powers = np.exp(logits.astype(np.float64))
    return powers / powers.sum(axis=1, keepdims=True)


@pytest.fixture
def logits() -> NDArray[np.float32]:
    return np.random.default_rng(0).normal(0, 2, (20, 4)).astype(np.float32)


@pytest.fixture
def labels() -> NDArray[np.int64]:
    return np.random.default_rng(1).integers(0, 4, 20)


def _losses(
    labels: NDArray[np.int64], logits: NDArray[np.float32], settings: TrainingSettings
) -> NDArray[np.float32]:
    targets = np.eye(4, dtype=np.float32)[labels]
    losses: NDArray[np.float32] = sample_losses(targets, logits, settings).numpy()
    return losses


def test_cross_entropy(labels: NDArray[np.int64], logits: NDArray[np.float32]) -> None:
    losses = _losses(labels, logits, TrainingSettings(label_smoothing=0))
    expected = log_loss(labels, _softmax(logits), labels=range(4))
    assert losses.shape == (20,)
    assert losses.mean() == pytest.approx(expected, abs=1e-5)


def test_label_smoothing(labels: NDArray[np.int64], logits: NDArray[np.float32]) -> None:
    losses = _losses(labels, logits, TrainingSettings(label_smoothing=0.2))
    target = np.full((20, 4), 0.05)
    target[np.arange(20), labels] = 0.85
    expected = -(target * np.log(_softmax(logits))).sum(axis=1)
    np.testing.assert_allclose(losses, expected, atol=1e-5)


def test_focal(labels: NDArray[np.int64], logits: NDArray[np.float32]) -> None:
    losses = _losses(labels, logits, TrainingSettings(loss="focal", focal_gamma=2.0))
    right = _softmax(logits)[np.arange(20), labels]
    np.testing.assert_allclose(losses, -((1 - right) ** 2) * np.log(right), atol=1e-5)


def test_binary(labels: NDArray[np.int64], logits: NDArray[np.float32]) -> None:
    losses = _losses(labels, logits, TrainingSettings(loss="binary"))
    scores = _softmax(logits)
    expected = sum(
        -np.log(np.where(labels == each, scores[:, each], 1 - scores[:, each])) for each in range(4)
    )
    np.testing.assert_allclose(losses, expected, atol=1e-4)


@pytest.mark.parametrize("loss", ["cross-entropy", "focal", "binary"])
def test_sure_and_wrong_is_finite(loss: str) -> None:
    sure = np.array([[80.0, -80.0, 0.0, 0.0], [-80.0, 80.0, 0.0, 0.0]], np.float32)
    losses = _losses(np.array([0, 0]), sure, TrainingSettings.model_validate({"loss": loss}))
    assert np.isfinite(losses).all()
    assert losses[0] < losses[1]
