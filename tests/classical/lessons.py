"""Made-up windows to learn from."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from coincell.classical import (
    METHODS,
    EstimatorFit,
    IntegerForest,
    Lessons,
    fit_classical,
    integer_forest,
)
from coincell.project import ClassicalFitSettings


def lessons_of_classes(
    classes: int = 3, count: int = 240, columns: int = 6, seed: int = 0, outputs: int = 0
) -> Lessons:
    """Clouds round a centre a class, which overlap; int8 [count, columns]."""
    generator = np.random.default_rng(seed)
    centres = generator.integers(-60, 60, (classes, columns))
    labels = generator.integers(0, classes, count)
    spread = generator.normal(0, 40, (count, columns))
    features = np.clip(np.rint(centres[labels] + spread), -128, 127).astype(np.int8)
    return Lessons(features, labels.astype(np.int64), "classes", outputs or classes)


def lessons_of_numbers(count: int = 240, columns: int = 6, seed: int = 0) -> Lessons:
    """A number that bends with two columns."""
    generator = np.random.default_rng(seed)
    features = generator.integers(-128, 128, (count, columns)).astype(np.int8)
    numbers = 3.0 * features[:, 0] + np.abs(features[:, 1].astype(np.float64)) * 2 + 1000
    return Lessons(features, numbers + generator.normal(0, 5, count), "quantity", 1)


SETTINGS = ClassicalFitSettings(trees=12, leaves=24)
FORESTS = {
    "wood": ("random-forest", lessons_of_classes(4, columns=9)),
    "pair": ("random-forest", lessons_of_classes(2, columns=9)),
    "few": ("random-forest", lessons_of_classes(3, columns=9, outputs=5)),
    "mean": ("random-forest", lessons_of_numbers(columns=9)),
    "boosted": ("gradient-boosting", lessons_of_classes(4, columns=9)),
    "sign": ("gradient-boosting", lessons_of_classes(2, columns=9)),
    "rest": ("gradient-boosting", lessons_of_classes(3, columns=9, outputs=5)),
    "number": ("gradient-boosting", lessons_of_numbers(columns=9)),
}
"""Name in C -> kind, and what it learns from."""
COLUMNS = 9


@functools.cache
def fitted_named(name: str) -> EstimatorFit:
    """By scikit-learn."""
    kind, lessons = FORESTS[name]
    (method,) = (each for each in METHODS if each.name == kind)
    fitted = fit_classical(method, lessons, SETTINGS, seed=3)
    assert isinstance(fitted, EstimatorFit)
    return fitted


@functools.cache
def forest_named(name: str) -> IntegerForest:
    """Its integers."""
    kind, lessons = FORESTS[name]
    return integer_forest(kind, fitted_named(name), lessons)


def hard_windows() -> NDArray[np.int8]:
    """Any, and the farthest there are: int8 [n, 9]."""
    generator = np.random.default_rng(5)
    anything = generator.integers(-128, 128, (300, COLUMNS))
    corners = generator.choice([-128, 127], (60, COLUMNS))
    ends = np.stack([np.full(COLUMNS, -128), np.full(COLUMNS, 127)])
    return np.concatenate([anything, corners, ends]).astype(np.int8)
