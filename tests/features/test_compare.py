"""How well features tell: closed forms against scikit-learn, and what must hold of folds."""

from __future__ import annotations

import numpy as np
import pytest

from coincell.features import (
    fisher_ratio,
    folds_of,
    linear_classes,
    linear_predictions,
    mutual_information,
)


def _generator():
    return np.random.default_rng(8)


@pytest.mark.parametrize("columns", [3, 80], ids=["few columns", "more columns than rows"])
def test_linear_predictions_are_those_of_ridge_regression(columns):
    linear_model = pytest.importorskip("sklearn.linear_model")
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    generator = _generator()
    features = generator.normal(3.0, 5.0, (40, columns))
    targets = features[:, :2] @ generator.normal(size=(2, 1)) + generator.normal(size=(40, 1))
    fold = np.arange(40) % 4
    told = linear_predictions(features, targets, fold)
    for held in range(4):
        learn = fold != held
        scaler = preprocessing.StandardScaler().fit(features[learn])
        rows = scaler.transform(features[learn])
        penalty = 0.1 * float((rows**2).sum()) / len(rows)
        model = linear_model.Ridge(alpha=penalty).fit(rows, targets[learn])
        wanted = model.predict(scaler.transform(features[~learn]))
        assert told[~learn] == pytest.approx(wanted.reshape(-1, 1))


def test_planted_classes_are_told_apart_and_noise_is_not():
    generator = _generator()
    labels = np.arange(300) % 3
    noise = generator.integers(-128, 128, (300, 4, 5)).astype(np.int8)
    planted = noise.copy()
    planted[:, 2, 3] = 40 * (labels == 1)
    planted[:, 1, 0] = 40 * (labels == 2)
    fold = folds_of(list(range(300)), labels, 5, 1)
    assert (linear_classes(planted, labels, fold) == labels).mean() > 0.97
    assert 0.2 < (linear_classes(noise, labels, fold) == labels).mean() < 0.47
    assert fisher_ratio(planted, labels) > 5 * fisher_ratio(noise, labels)


def test_units_are_on_one_side_and_folds_are_alike():
    generator = _generator()
    labels = generator.integers(0, 3, 200)
    units = [f"{label}-{at % 9}" for at, label in enumerate(labels)]
    fold = folds_of(units, labels, 5, 3)
    for unit in set(units):
        assert len({int(f) for f, own in zip(fold, units, strict=True) if own == unit}) == 1
    assert set(fold.tolist()) == set(range(5))
    alone = folds_of(list(range(200)), labels, 5, 3)
    counts = np.array([np.bincount(labels[alone == held], minlength=3) for held in range(5)])
    assert (np.ptp(counts, axis=0) <= 1).all()
    assert set(folds_of(["a"] * 6, np.zeros(6, int), 5, 1).tolist()) == {0}


def test_information_is_scikit_learns_less_what_chance_tells():
    metrics = pytest.importorskip("sklearn.metrics")
    generator = _generator()
    labels = generator.integers(0, 4, 500)
    column = (labels + generator.integers(0, 2, 500)) % 5
    chance = (5 - 1) * (4 - 1) / (2 * 500 * np.log(2))
    wanted = metrics.mutual_info_score(column, labels) / np.log(2) - chance
    assert mutual_information(column, labels) == pytest.approx(wanted)


def test_information_of_many_values_and_of_none():
    generator = _generator()
    labels = generator.integers(0, 2, 2000)
    loud = 100.0 * labels + generator.normal(size=2000)
    assert mutual_information(loud, labels) == pytest.approx(1.0, abs=0.06)
    assert mutual_information(loud, loud) > 2.9
    assert mutual_information(generator.normal(size=2000), labels) < 0.01
    assert mutual_information(np.zeros(2000), labels) == 0.0


def test_columns_that_never_change_are_no_fault():
    labels = np.array([0, 1] * 10)
    same = np.full((20, 3), 7, np.int8)
    assert fisher_ratio(same, labels) == 0.0
    assert linear_classes(same, labels, np.arange(20) % 4).shape == (20,)
