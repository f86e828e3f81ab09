"""What is fitted, against scikit-learn's own pipelines."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from classical.lessons import lessons_of_classes, lessons_of_numbers
from coincell.classical import METHODS, Method, find_methods, fit_classical, methods_of
from coincell.errors import DataError, UserError
from coincell.project import ClassicalFitSettings

pytest.importorskip("sklearn")
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

SETTINGS = ClassicalFitSettings(trees=8)
BY_NAME = {method.name: method for method in METHODS}


@pytest.mark.parametrize("classes", [2, 4])
def test_logistic_regression_is_scikit_learns_on_standardized_columns(classes: int) -> None:
    lessons = lessons_of_classes(classes)
    fitted = fit_classical(BY_NAME["logistic-regression"], lessons, SETTINGS, 0)
    oracle = make_pipeline(
        StandardScaler(), LogisticRegression(C=1 / (0.1 * 6), class_weight="balanced")
    ).fit(lessons.flat.astype(float), lessons.answers)
    wanted = oracle.predict_proba(lessons.flat)
    assert np.abs(fitted.scores(lessons.features) - wanted).max() < 2e-3


def test_ridge_is_scikit_learns_on_standardized_columns() -> None:
    lessons = lessons_of_numbers()
    fitted = fit_classical(BY_NAME["ridge"], lessons, SETTINGS, 0)
    oracle = make_pipeline(StandardScaler(), Ridge(0.1 * 6))
    oracle.fit(lessons.flat.astype(float), lessons.answers)
    assert np.allclose(fitted.scores(lessons.features)[:, 0], oracle.predict(lessons.flat))


def test_weights_of_samples_are_scikit_learns() -> None:
    lessons, numbers = lessons_of_classes(3), lessons_of_numbers()
    generator = np.random.default_rng(1)
    for plain, name, oracle in (
        (lessons, "logistic-regression", LogisticRegression(C=1 / 0.6, class_weight="balanced")),
        (numbers, "ridge", Ridge(0.6)),
    ):
        weights = generator.uniform(0.1, 5, len(plain)).astype(np.float32)
        weighed = replace(plain, weights=weights)
        columns = StandardScaler().fit_transform(plain.flat.astype(float))
        oracle.fit(columns, plain.answers, sample_weight=weights)
        classes = name != "ridge"
        wanted = oracle.predict_proba(columns) if classes else oracle.predict(columns)[:, None]
        scores = fit_classical(BY_NAME[name], weighed, SETTINGS, 0).scores(plain.features)
        assert np.abs(scores - wanted).max() < 3e-3
        without = fit_classical(BY_NAME[name], plain, SETTINGS, 0).scores(plain.features)
        assert np.abs(without - wanted).max() > 1e-2


@pytest.mark.parametrize("name", ["linear-svm", "random-forest", "gradient-boosting"])
def test_what_weighs_nothing_teaches_nothing(name: str) -> None:
    lessons = lessons_of_classes(2)
    odd = np.arange(len(lessons)) % 2 == 1
    spoilt = replace(
        lessons,
        answers=np.where(odd, 1 - lessons.answers, lessons.answers),
        weights=(~odd).astype(np.float32),
    )
    told = fit_classical(BY_NAME[name], spoilt, SETTINGS, 0).scores(lessons.features)
    right = (told.argmax(axis=1) == lessons.answers).mean()
    own = fit_classical(BY_NAME[name], lessons, SETTINGS, 0).scores(lessons.features)
    assert right > (own.argmax(axis=1) == lessons.answers).mean() - 0.1


@pytest.mark.parametrize("method", methods_of("classes"), ids=lambda method: method.name)
def test_a_class_that_training_never_met_is_never_answered(method: Method) -> None:
    lessons = lessons_of_classes(3, outputs=5)
    met = replace(lessons, answers=np.array([0, 2, 4])[lessons.answers])
    scores = fit_classical(method, met, SETTINGS, 0).scores(met.features)
    assert scores.shape == (len(met), 5)
    assert set(scores.argmax(axis=1)) == {0, 2, 4}


@pytest.mark.parametrize("method", methods_of("classes"), ids=lambda method: method.name)
def test_one_class_alone_teaches_nothing(method: Method) -> None:
    lessons = lessons_of_classes(2)
    alike = replace(lessons, answers=np.zeros(len(lessons), np.int64))
    with pytest.raises(DataError, match="at least two classes"):
        fit_classical(method, alike, SETTINGS, 0)


def test_what_answers_something_else_is_refused_by_name() -> None:
    with pytest.raises(UserError, match="no baseline 'ridge'"):
        find_methods(("ridge",), "classes")
    assert methods_of("normality") == ()


def test_a_column_that_never_varied_gets_no_weight() -> None:
    lessons = lessons_of_classes(3)
    features = lessons.features.copy()
    features[:, 2] = 17
    fitted = fit_classical(BY_NAME["linear-svm"], replace(lessons, features=features), SETTINGS, 0)
    moved = features.copy()
    moved[:, 2] = -90
    assert np.allclose(fitted.scores(features), fitted.scores(moved), atol=1e-3)
