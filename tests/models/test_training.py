"""Training on a problem that is easy to learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from coincell.errors import InternalError, UserError
from coincell.models import (
    EpochRecord,
    Examples,
    History,
    build_network,
    class_weights,
    predict_float,
    train,
)
from coincell.models._training import epoch_order, mix
from coincell.project import ModelSettings, TrainingSettings
from coincell.report import History as ReportHistory
from models.toy import CLASSES, QUANTIZATION, make_examples


def _network(seed: int = 1, architecture: str = "tiny-conv") -> Any:
    data = make_examples(1, 240)
    return build_network(
        ModelSettings.model_validate({"architecture": architecture}),
        (21, 10),
        CLASSES,
        seed,
        mean=data.mean,
        deviation=data.deviation,
    )


def _settings(**values: Any) -> TrainingSettings:
    return TrainingSettings.model_validate({"epochs": 6, "batch_size": 16, **values})


def _accuracy(model: Any, data: Examples) -> float:
    scores = predict_float(model, data.features, data.quantization)
    return float((scores.argmax(axis=1) == data.labels).mean())


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"optimizer": "sgd", "learning_rate": 0.02, "schedule": "step"},
        {"optimizer": "adamw", "schedule": "constant"},
        {"loss": "focal"},
        {"loss": "binary", "class_weights": "none"},
        {"mixup": 0.3},
    ],
    ids=["defaults", "sgd", "adamw", "focal", "binary", "mixup"],
)
def test_it_learns(training: Examples, validation: Examples, settings: dict[str, Any]) -> None:
    model = _network()
    before = _accuracy(model, validation)
    history = train(model, training, validation, _settings(**settings), seed=1)
    assert _accuracy(model, validation) >= 0.9 > before
    assert history.best.val_accuracy is not None
    assert history.best.val_accuracy == pytest.approx(_accuracy(model, validation))


@pytest.mark.parametrize("architecture", ["ds-cnn-small", "fully-connected"])
def test_the_others_learn_too(architecture: str, training: Examples, validation: Examples) -> None:
    model = _network(architecture=architecture)
    train(model, training, validation, _settings(), seed=1)
    assert _accuracy(model, validation) >= 0.9


def test_the_same_seed_gives_the_same_weights(training: Examples) -> None:
    def noisy(features: NDArray[np.float32], generator: np.random.Generator) -> NDArray[np.float32]:
        return features + generator.normal(0, 0.1, features.shape).astype(np.float32)

    def weights(seed: int) -> list[NDArray[np.float32]]:
        model = _network()
        train(model, training, None, _settings(epochs=2, mixup=0.2), seed=seed, augment=noisy)
        trained: list[NDArray[np.float32]] = model.get_weights()
        return trained

    first, again, other = weights(1), weights(1), weights(2)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_early_stopping_keeps_the_best_weights(training: Examples) -> None:
    """Validation labels are random: its loss soon rises while the network learns."""
    labels = np.random.default_rng(5).integers(0, CLASSES, 90)
    watched = Examples(make_examples(2, 90).features, labels, QUANTIZATION)
    seen: list[EpochRecord] = []
    model = _network()
    settings = _settings(epochs=40, patience=3, schedule="constant")
    history = train(model, training, watched, settings, seed=1, on_epoch=seen.append)
    losses = [record.val_loss for record in seen]
    assert tuple(seen) == history.records
    assert history.stopped_early
    assert len(seen) == history.best_epoch + 3
    assert history.best.val_loss == min(loss for loss in losses if loss is not None)
    assert history.best.val_accuracy == pytest.approx(_accuracy(model, watched))
    assert history.gap.startswith("Overfitting")


def test_without_patience_it_runs_to_the_end(training: Examples) -> None:
    labels = np.random.default_rng(5).integers(0, CLASSES, 90)
    watched = Examples(make_examples(2, 90).features, labels, QUANTIZATION)
    history = train(_network(), training, watched, _settings(epochs=8, patience=0), seed=1)
    assert len(history.records) == 8
    assert not history.stopped_early


def test_without_validation_the_last_weights_stay(training: Examples) -> None:
    history = train(_network(), training, None, _settings(epochs=3), seed=1)
    assert history.best_epoch == 3
    assert history.best.val_loss is None
    assert history.gap.startswith("No clips for validation")
    assert ReportHistory.model_validate(history.to_json()).validation_loss == ()


def test_history_is_what_the_report_takes(training: Examples, validation: Examples) -> None:
    history = train(_network(), training, validation, _settings(epochs=3), seed=1)
    part = ReportHistory.model_validate(history.to_json())
    assert part.loss == tuple(record.loss for record in history.records)
    assert part.best_epoch == history.best_epoch
    assert part.remark == history.gap


@pytest.mark.parametrize(
    ("training_accuracy", "word"),
    [(0.9, "Training and validation are close"), (0.97, "Some over"), (1.0, "Overfitting")],
)
def test_the_gap_has_a_word(training_accuracy: float, word: str) -> None:
    val_accuracy = 0.88 if word != "Overfitting" else 0.8
    record = EpochRecord(1, 0.1, 1.0, 0.5, 1.0, val_accuracy)
    assert History((record,), 1, False, training_accuracy).gap.startswith(word)


def test_augment_sees_each_batch_dequantized(training: Examples) -> None:
    batches = []

    def watch(features: NDArray[np.float32], generator: np.random.Generator) -> NDArray[np.float32]:
        batches.append(features)
        return features

    train(_network(), training, None, _settings(epochs=1, batch_size=32), seed=1, augment=watch)
    assert [batch.shape for batch in batches] == [(32, 21, 10)] * 7
    real = QUANTIZATION.dequantize(training.features)
    rows = {row.tobytes() for row in real}
    assert all(row.tobytes() in rows for batch in batches for row in batch)


def test_fewer_samples_than_a_batch() -> None:
    few = make_examples(3, 5)
    history = train(_network(), few, None, _settings(epochs=2, batch_size=64), seed=1)
    assert len(history.records) == 2


@pytest.mark.parametrize("architecture", ["ds-cnn-small", "ds-cnn-medium"])
def test_a_few_steps_make_no_dead_network(architecture: str, validation: Examples) -> None:
    """Three steps an epoch: averages with a memory of ten steps would lag far behind."""
    few = make_examples(3, 96)
    model = _network(architecture=architecture)
    history = train(model, few, validation, _settings(epochs=8, batch_size=32), seed=1)
    assert history.training_accuracy >= 0.9
    assert _accuracy(model, validation) >= 0.8


def test_divergence_is_said(training: Examples) -> None:
    settings = _settings(optimizer="sgd", learning_rate=9.9, momentum=0.99, schedule="constant")
    with (
        pytest.raises(UserError, match="diverged") as caught,
        np.errstate(all="ignore"),
    ):
        train(
            _network(architecture="fully-connected"),
            training,
            None,
            settings.model_copy(update={"learning_rate": 1e12}),
            seed=1,
        )
    assert "learning_rate" in caught.value.hint


def test_class_weights_balance() -> None:
    labels = np.array([0, 0, 0, 1])
    balanced = class_weights(labels, 3, _settings())
    np.testing.assert_allclose(balanced[:2], [4 / 6, 4 / 2])
    assert (balanced[labels]).sum() == pytest.approx(4)
    assert class_weights(labels, 3, _settings(class_weights="none")).tolist() == [1, 1, 1]


def test_what_weighs_nothing_teaches_nothing(training: Examples, validation: Examples) -> None:
    """Half of the samples have another class's label: weighed 0 they are not heard."""
    odd = np.arange(len(training)) % 2 == 1
    labels = np.where(odd, (training.labels + 1) % CLASSES, training.labels)
    weights = (~odd).astype(np.float32)
    spoilt = Examples(training.features, labels, QUANTIZATION, weights=weights)
    model = _network()
    train(model, spoilt, None, _settings(), seed=1)
    assert _accuracy(model, validation) > 0.9
    deaf = _network()
    train(deaf, Examples(training.features, labels, QUANTIZATION, weights=1 - weights), None,
          _settings(), seed=1)  # fmt: skip
    assert _accuracy(deaf, validation) < 0.2


def test_weights_of_one_change_nothing(training: Examples) -> None:
    plain, weighed = _network(), _network()
    ones = np.ones(len(training), np.float32)
    train(plain, training, None, _settings(epochs=2), seed=1)
    even = Examples(training.features, training.labels, QUANTIZATION, weights=ones)
    train(weighed, even, None, _settings(epochs=2), seed=1)
    for one, other in zip(plain.get_weights(), weighed.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@given(
    samples=st.lists(st.tuples(st.integers(0, 2), st.integers(-1, 2)), min_size=1, max_size=80),
    seed=st.integers(0, 99),
)
def test_an_epoch_draws_groups_alike(samples: list[tuple[int, int]], seed: int) -> None:
    """Each class as often as before, its groups as often as each other, none of one twice more
    often than another sample of it."""
    labels, strata = (np.array(each) for each in zip(*samples, strict=True))
    order = epoch_order(labels, strata, np.random.default_rng(seed))
    assert len(order) == len(samples)
    np.testing.assert_array_equal(np.bincount(labels[order]), np.bincount(labels))
    for label in np.unique(labels):
        groups = np.unique(strata[(labels == label) & (strata >= 0)])
        drawn = [int(((labels == label) & (strata == group))[order].sum()) for group in groups]
        assert not drawn or max(drawn) - min(drawn) <= 1
        for group in groups:
            each = np.flatnonzero((labels == label) & (strata == group))
            times = [int((order == one).sum()) for one in each]
            assert max(times) - min(times) <= 1
    silent = order[strata[order] < 0]
    assert sorted(silent) == np.flatnonzero(strata < 0).tolist()


def test_without_groups_an_epoch_is_the_permutation_it_was() -> None:
    order = epoch_order(np.zeros(40, np.int64), np.empty(0, np.int64), np.random.default_rng(5))
    np.testing.assert_array_equal(order, np.random.default_rng(5).permutation(40))


def test_mixing_keeps_targets_whole() -> None:
    generator = np.random.default_rng(0)
    features = generator.normal(size=(50, 4, 3)).astype(np.float32)
    targets = np.eye(5, dtype=np.float32)[generator.integers(0, 5, 50)]
    mixed, shares = mix(features, targets, 0.4, generator)
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-6)
    assert ((shares * targets).sum(axis=1) >= 0.5).all()
    assert mixed.dtype == shares.dtype == np.float32
    assert not np.array_equal(mixed, features)


def test_examples_are_checked() -> None:
    wide: Any = np.zeros((2, 3, 3), np.int16)
    with pytest.raises(InternalError, match="int8"):
        Examples(wide, np.zeros(2, np.int64), QUANTIZATION)
    with pytest.raises(InternalError, match="as many"):
        Examples(np.zeros((2, 3, 3), np.int8), np.zeros(3, np.int64), QUANTIZATION)


def test_statistics_are_those_of_the_dequantized_features(training: Examples) -> None:
    real = QUANTIZATION.dequantize(training.features).astype(np.float64)
    assert training.mean == pytest.approx(real.mean())
    assert training.deviation == pytest.approx(real.std())
    flat = Examples(np.full((2, 3, 3), 7, np.int8), np.zeros(2, np.int64), QUANTIZATION)
    assert flat.deviation == 1.0
