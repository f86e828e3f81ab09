"""Learning from a teacher: the loss against Keras's, and whose classes are whose."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from coincell.errors import ModelError
from coincell.models import (
    Examples,
    Teacher,
    build_network,
    check_class_order,
    evaluate_network,
    load_tensorflow,
    predict_float,
    train,
)
from coincell.models._distillation import softened_distance
from coincell.project import ModelSettings, TrainingSettings
from models.toy import CLASSES, QUANTIZATION

LABELS = ("a", "b", "c")


@pytest.mark.parametrize("temperature", [1.0, 4.0])
def test_the_distance_is_kullbacks_and_leiblers_of_softened_scores(temperature: float) -> None:
    tf, keras = load_tensorflow()
    generator = np.random.default_rng(1)
    given, logits = generator.normal(0, 1.5, (2, 50, 5)).astype(np.float32)
    oracle = keras.losses.KLDivergence(reduction=None)(
        tf.nn.softmax(given / temperature), tf.nn.softmax(logits / temperature)
    )
    found = softened_distance(given, logits, temperature)
    np.testing.assert_allclose(found, temperature**2 * oracle.numpy(), rtol=1e-4, atol=1e-5)
    assert np.abs(softened_distance(given, given, temperature)).max() < 1e-5


def _network(architecture: str, seed: int, goal: Any = "classes", **numbers: float) -> Any:
    settings = ModelSettings(architecture=architecture, dropout=0.0)  # type: ignore[arg-type]
    outputs = 1 if goal == "quantity" else CLASSES
    shape = (21, 10)
    more: Any = {"goal": goal, **numbers}
    return build_network(settings, shape, outputs, seed, **more)


@pytest.fixture(scope="module")
def teacher(training: Examples) -> Any:
    network = _network("fully-connected", 1)
    train(network, training, None, TrainingSettings(epochs=5, batch_size=16), seed=1)
    assert evaluate_network(network, training, TrainingSettings())[1] == pytest.approx(1, abs=0.05)
    return network


def test_who_hears_the_teacher_alone_learns_what_it_says(
    teacher: Any, training: Examples, validation: Examples
) -> None:
    """With labels that say nothing: what is right can come from the teacher only."""
    generator = np.random.default_rng(3)
    wrong = Examples(
        training.features, generator.integers(0, CLASSES, len(training)), training.quantization
    )
    settings = TrainingSettings(epochs=8, batch_size=16, mixup=0.2, class_weights="none")
    before = teacher.get_weights()
    right = []
    for weight in (0.0, 1.0):
        student = _network("tiny-conv", 2)
        heard = Teacher(teacher, 4.0, weight)
        train(student, wrong, None, settings, seed=1, teacher=heard)
        right.append(evaluate_network(student, validation, settings)[1])
    assert right[0] < 0.7
    assert right[1] > 0.9
    for old, new in zip(before, teacher.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_numbers_are_told_in_the_unit_whatever_their_teachers_deviations(
    training: Examples,
) -> None:
    """Teacher and student standardize otherwise; the student comes to give the teacher's number."""
    numbers = 40 + 5.0 * training.labels
    learning = Examples(training.features, training.labels, training.quantization, numbers)
    quick = TrainingSettings(epochs=12, batch_size=16, learning_rate=0.005)
    teacher = _network("fully-connected", 1, "quantity", target_mean=45.0, target_deviation=4.0)
    train(teacher, learning, None, quick, seed=1, goal="quantity")
    useless = Examples(training.features, training.labels, training.quantization, 0 * numbers)
    student = _network("fully-connected", 2, "quantity", target_mean=30.0, target_deviation=10.0)
    heard = Teacher(teacher, 4.0, 1.0)
    train(student, useless, None, quick, seed=1, goal="quantity", teacher=heard)
    said, wanted = (predict_float(n, training.features, QUANTIZATION) for n in (student, teacher))
    assert np.abs(said - wanted).mean() < 1.5
    assert np.abs(wanted[:, 0] - numbers).mean() < 1.5


def test_a_teacher_of_another_order_is_refused(teacher: Any, training: Examples) -> None:
    check_class_order(teacher, training, LABELS)
    turned = Examples(training.features, (training.labels + 1) % CLASSES, training.quantization)
    with pytest.raises(ModelError, match="takes 'a' for 'c', 'b' for 'a', 'c' for 'b'"):
        check_class_order(teacher, turned, LABELS)


def test_a_teacher_that_knows_nothing_is_refused(training: Examples) -> None:
    ignorant = _network("fully-connected", 7)
    logits = ignorant.get_layer("logits")
    kernel, bias = logits.get_weights()
    logits.set_weights([0 * kernel, bias + np.array([1, 0, 0])])
    with pytest.raises(ModelError, match="always saying one class"):
        check_class_order(ignorant, training, LABELS)
