"""Fitting by scikit-learn, on int8 features as the device computes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from coincell.classical.methods import Method
from coincell.errors import DataError, MissingExtraError
from coincell.project import ClassicalFitSettings, Goal

Float = NDArray[np.float64]
_LEAST_DEVIATION = 0.1
"""Of the largest: columns that hardly varied get no weight beside which others round away."""
_MOST_STEPS = 300
_NEAR_ENOUGH = 1e-2


@dataclass(frozen=True)
class Lessons:
    """What is learned from.

    Attributes:
        features: int8 [n, ...].
        answers: classes, int64 [n]; or numbers, float64 [n].
        goal: which of both.
        outputs: how many classes; 1 of a number.
        balanced: whether a class counts the more the rarer it is.
        weights: what each sample counts beside that, float32 [n]; None: alike. Not of neighbours.
    """

    features: NDArray[np.int8]
    answers: NDArray[Any]
    goal: Goal
    outputs: int
    balanced: bool = True
    weights: NDArray[np.float32] | None = None

    @property
    def flat(self) -> NDArray[np.float32]:
        """float32 [n, columns]: the integers as they are, exact."""
        return flat(self.features)

    def __len__(self) -> int:
        return len(self.features)


class Fitted(Protocol):
    """What a method has learned."""

    def scores(self, features: NDArray[np.int8]) -> Float:
        """int8 [n, ...] -> float64 [n, outputs]: shares or margins, the highest wins; or the
        number."""


@dataclass(frozen=True)
class LinearFit:
    """weights^T q + bias, on int8 features q as they are.

    Attributes:
        weights: float64 [columns, outputs].
        bias: float64 [outputs].
        shares: whether the softmax of the sums is what they stand for.
    """

    weights: Float
    bias: Float
    shares: bool

    def scores(self, features: NDArray[np.int8]) -> Float:
        """int8 [n, ...] -> float64 [n, outputs]."""
        sums: Float = flat(features).astype(np.float64) @ self.weights + self.bias
        return softmax(sums) if self.shares else sums


@dataclass(frozen=True)
class EstimatorFit:
    """An estimator of scikit-learn's: trees, or neighbours.

    Attributes:
        estimator: fitted.
        goal: what it answers.
        outputs: how many classes there are; training may have met fewer.
    """

    estimator: Any
    goal: Goal
    outputs: int

    def scores(self, features: NDArray[np.int8]) -> Float:
        """int8 [n, ...] -> float64 [n, outputs]."""
        if self.goal == "quantity":
            return np.asarray(self.estimator.predict(flat(features)), np.float64)[:, None]
        found = np.zeros((len(features), self.outputs))
        found[:, self.estimator.classes_] = self.estimator.predict_proba(flat(features))
        return found


def fit_classical(
    method: Method, lessons: Lessons, settings: ClassicalFitSettings, seed: int
) -> Fitted:
    """What `method` learns from `lessons`; the same again for the same seed.

    Raises:
        DataError: there is nothing to tell apart.
        MissingExtraError: scikit-learn is not installed.
    """
    if lessons.goal == "classes" and len(np.unique(lessons.answers)) < 2:
        raise DataError(
            f"{method.title} needs windows of at least two classes to learn from; received "
            f"{len(lessons)} windows of one.",
            hint="Record more, or give data.split.train more units.",
        )
    try:
        import sklearn  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("tune", "scikit-learn", f"Fitting ({method.title})") from error
    if method.family == "linear":
        return _linear(method, lessons, settings, seed)
    estimator = _estimator(method, lessons, settings, seed)
    weighed = {} if method.family == "neighbours" else {"sample_weight": lessons.weights}
    estimator.fit(lessons.flat, lessons.answers, **weighed)
    return EstimatorFit(estimator, lessons.goal, lessons.outputs)


def flat(features: NDArray[np.int8]) -> NDArray[np.float32]:
    """int8 [n, ...] -> float32 [n, columns]."""
    return features.reshape(len(features), -1).astype(np.float32)


def softmax(sums: Float) -> Float:
    """float64 [n, outputs] -> the same shape, shares of 1."""
    powers = np.exp(sums - sums.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _estimator(method: Method, lessons: Lessons, settings: ClassicalFitSettings, seed: int) -> Any:
    """Untrained trees or neighbours."""
    from sklearn import ensemble, neighbors

    classes = lessons.goal == "classes"
    weights = {"class_weight": "balanced"} if classes and lessons.balanced else {}
    if method.family == "neighbours":
        kind = neighbors.KNeighborsClassifier if classes else neighbors.KNeighborsRegressor
        return kind(min(settings.neighbours, len(lessons)), algorithm="brute")
    if method.name == "random-forest":
        kind = ensemble.RandomForestClassifier if classes else ensemble.RandomForestRegressor
        return kind(
            settings.trees,
            max_leaf_nodes=settings.leaves,
            min_samples_leaf=settings.smallest_leaf,
            max_features="sqrt" if classes else 1 / 3,
            random_state=seed,
            **weights,
        )
    boosting = (
        ensemble.HistGradientBoostingClassifier
        if classes
        else ensemble.HistGradientBoostingRegressor
    )
    return boosting(
        max_iter=settings.trees,
        max_leaf_nodes=settings.boosted_leaves,
        min_samples_leaf=settings.smallest_leaf,
        learning_rate=settings.learning_rate,
        early_stopping=False,
        random_state=seed,
        **weights,
    )


def _linear(
    method: Method, lessons: Lessons, settings: ClassicalFitSettings, seed: int
) -> LinearFit:
    """On standardized columns, which are then put into the weights."""
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.svm import LinearSVC

    values = lessons.flat.astype(np.float64)
    mean, deviation = values.mean(axis=0), values.std(axis=0)
    scale = np.maximum(deviation, _LEAST_DEVIATION * (float(deviation.max()) or 1.0))
    values = (values - mean) / scale
    penalty = settings.regularization * values.shape[1]
    weight = "balanced" if lessons.balanced else None
    if method.name == "ridge":
        found = Ridge(penalty).fit(values, lessons.answers, lessons.weights)
    elif method.name == "linear-svm":
        found = LinearSVC(
            C=1 / penalty, class_weight=weight, dual="auto", tol=_NEAR_ENOUGH, random_state=seed,
            max_iter=_MOST_STEPS,
        )  # fmt: skip
    else:
        # Of 1,960 columns 24 times as fast as L-BFGS in float64, and its answers the same.
        found = LogisticRegression(
            C=1 / penalty, class_weight=weight, solver="newton-cg", max_iter=_MOST_STEPS
        )
        values = values.astype(np.float32)
    if method.name != "ridge":
        _quietly_fitted(found, values, lessons)
    weights, bias = _every_output(found, lessons)
    weights = weights / scale[:, None]
    return LinearFit(weights, bias - mean @ weights, lessons.goal == "classes")


def _quietly_fitted(estimator: Any, values: Float, lessons: Lessons) -> None:
    """Fit; steps that ran out are no fault: what is judged is what came out."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        estimator.fit(values, lessons.answers, sample_weight=lessons.weights)


def _every_output(found: Any, lessons: Lessons) -> tuple[Float, Float]:
    """[columns, outputs] and [outputs]: of two classes a sum each, of classes never met none."""
    weights = np.atleast_2d(np.asarray(found.coef_, np.float64))
    bias = np.atleast_1d(np.asarray(found.intercept_, np.float64))
    if lessons.goal == "quantity":
        return weights.T, bias
    if len(weights) == 1:
        weights, bias = np.vstack([-weights, weights]) / 2, np.concatenate([-bias, bias]) / 2
    every = np.zeros((weights.shape[1], lessons.outputs))
    every[:, found.classes_] = weights.T
    whole = np.full(lessons.outputs, float(bias.min()) - 20.0)
    whole[found.classes_] = bias
    return every, whole
