"""Models that are no networks among the stages: what they learn from, and what training leaves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from coincell.classical import (
    EstimatorFit,
    Fitted,
    FloatForest,
    Lessons,
    LinearFit,
    find_methods,
    fit_classical,
    float_forest,
    float_forest_from_json,
    forest_from_json,
    integer_forest,
)
from coincell.errors import InternalError
from coincell.models import Examples, count_parameters, linear_network
from coincell.pipeline.feature_arrays import FeatureArrays
from coincell.pipeline.int8_model import FOREST_FILE
from coincell.pipeline.store import Artefact
from coincell.project import Configuration

_LEAVES_FILE = "forest_float.json"
"""Beside a forest's integers: its leaves before they were rounded."""


def lessons_from(learning: Examples, configuration: Configuration) -> Lessons:
    """What `learning` teaches a model of the project's goal."""
    number = configuration.goal == "quantity"
    return Lessons(
        learning.features,
        learning.targets if number else learning.labels,
        configuration.goal,
        len(configuration.outputs),
        configuration.training.class_weights == "balanced",
        learning.weights if len(learning.weights) else None,
    )


def target_spread(lessons: Lessons) -> tuple[float, float]:
    """Mean and deviation of the numbers to predict, above 0; 0 and 1 of classes."""
    if lessons.goal != "quantity":
        return 0.0, 1.0
    return float(np.mean(lessons.answers)), float(np.std(lessons.answers)) or 1.0


def fit_project(
    configuration: Configuration, learning: Examples, features: FeatureArrays, folder: Path
) -> dict[str, Any]:
    """Fit the project's own model; its files go to `folder`: a network of one dense layer, or the
    trees' integers; and float scores of all windows.

    Args:
        configuration: whose model.architecture is one of CLASSICAL_MODELS.
        learning: of the training split.
        features: of all windows.
        folder: of the artefact.

    Raises:
        DataError: there is nothing to tell apart, or more trees than fit.
        MissingExtraError: scikit-learn is not installed.
    """
    (method,) = find_methods((configuration.classical,), configuration.goal)
    lessons = lessons_from(learning, configuration)
    settings, seed = configuration.model.classical, configuration.project.seed
    fitted = fit_classical(method, lessons, settings, seed)
    np.save(folder / "float_scores.npy", fitted.scores(features.clips))
    facts = {"trained": False, "fitted": method.name, "windows": len(learning)}
    return facts | _kept(method.name, fitted, lessons, features, folder)


def _kept(
    name: str, fitted: Fitted, lessons: Lessons, features: FeatureArrays, folder: Path
) -> dict[str, Any]:
    if isinstance(fitted, EstimatorFit):
        forest = integer_forest(name, fitted, lessons)
        (folder / FOREST_FILE).write_text(json.dumps(forest.to_json()), encoding="utf-8")
        leaves = json.dumps(float_forest(fitted, forest.fixed).to_json())
        (folder / _LEAVES_FILE).write_text(leaves, encoding="utf-8")
        return {}
    if not isinstance(fitted, LinearFit):
        raise InternalError(f"{name} has no form for a device")
    mean, deviation = target_spread(lessons)
    network = linear_network(
        fitted,
        features.clips.shape[1:],
        features.quantization,
        name,
        target_mean=mean,
        target_deviation=deviation,
    )
    network.save(folder / "model.keras")
    return {"parameters": count_parameters(network)}


def read_float_forest(fitted: Artefact) -> FloatForest:
    """The trees that `fit_project` left, as scikit-learn fitted them.

    Raises:
        DataError: a table is unsound.
    """
    forest = forest_from_json(fitted.read_json(FOREST_FILE))
    return float_forest_from_json(forest.fixed, fitted.read_json(_LEAVES_FILE))
