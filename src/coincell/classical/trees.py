"""Trees as scikit-learn fitted them: thresholds on int8 features, float64 leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.classical.fitting import EstimatorFit
from coincell.errors import InternalError

Float = NDArray[np.float64]
_UNMET = -40.0
"""Start of a class that training never met, in nats: no share of 256."""


@dataclass(frozen=True)
class Tree:
    """One tree; a place is a node's number, at least 0, or ~ of a leaf's number.

    Attributes:
        feature: int64 [nodes], which column a node asks.
        threshold: int64 [nodes], within int8: left where the feature is at most that.
        child: int64 [nodes, 2], places left and right; a node comes after its parent.
        root: place where the walk begins.
        leaf: float64 [leaves, width].
        output: the first output that it adds to.
    """

    feature: NDArray[np.int64]
    threshold: NDArray[np.int64]
    child: NDArray[np.int64]
    root: int
    leaf: Float
    output: int = 0


@dataclass(frozen=True)
class Trees:
    """All trees of a model.

    Attributes:
        trees: their leaves add up.
        start: float64 [outputs], sums before any tree.
        softmax: whether the sums are logarithms (nats), whose softmax is the answer.
    """

    trees: tuple[Tree, ...]
    start: Float
    softmax: bool


def trees_of(fitted: EstimatorFit) -> Trees:
    """What a random forest or a histogram gradient boosting of scikit-learn holds.

    Raises:
        InternalError: it is neither, or a threshold lies outside of int8.
    """
    estimator = fitted.estimator
    kind = type(estimator).__name__
    if kind.startswith("RandomForest"):
        return _forest(fitted)
    if kind.startswith("HistGradientBoosting"):
        return _boosted(fitted)
    raise InternalError(f"{kind} holds no trees that can be taken")


def _forest(fitted: EstimatorFit) -> Trees:
    """Each leaf gives its share of the mean over trees."""
    estimators = fitted.estimator.estimators_
    trees = []
    for estimator in estimators:
        inner = estimator.tree_
        values = np.asarray(inner.value, np.float64)[:, 0, :]
        if fitted.goal == "classes":
            every = np.zeros((len(values), fitted.outputs))
            every[:, fitted.estimator.classes_] = values / values.sum(axis=1, keepdims=True)
            values = every
        trees.append(
            _tree(
                inner.feature,
                inner.threshold,
                np.stack([inner.children_left, inner.children_right], axis=1),
                np.asarray(inner.children_left) < 0,
                values / len(estimators),
            )
        )
    return Trees(tuple(trees), np.zeros(fitted.outputs), False)


def _boosted(fitted: EstimatorFit) -> Trees:
    """Rounds of one tree a class; of two classes one alone, for the second."""
    estimator, classes = fitted.estimator, fitted.goal == "classes"
    # scikit-learn has no public way to these two; tests hold them against its predictions.
    baseline = np.asarray(estimator._baseline_prediction, np.float64).reshape(-1)
    rounds = estimator._predictors
    start = np.zeros(fitted.outputs)
    targets = [0]
    if classes:
        met = estimator.classes_
        start[:] = _UNMET + min(0.0, float(baseline.min()))
        start[met] = 0.0
        targets = met[1:].tolist() if len(baseline) == 1 else met.tolist()
    start[targets] = baseline
    trees = []
    for one_round in rounds:
        for predictor, target in zip(one_round, targets, strict=True):
            nodes = predictor.nodes
            children = np.stack([nodes["left"], nodes["right"]], axis=1).astype(np.int64)
            trees.append(
                _tree(
                    nodes["feature_idx"],
                    nodes["num_threshold"],
                    children,
                    nodes["is_leaf"].astype(bool),
                    nodes["value"][:, None],
                    target,
                )
            )
    return Trees(tuple(trees), start, classes)


def _tree(
    feature: NDArray[Any],
    threshold: NDArray[Any],
    children: NDArray[Any],
    is_leaf: NDArray[np.bool_],
    values: Float,
    output: int = 0,
) -> Tree:
    """Nodes and leaves apart, each numbered in the order in which they stood: parents first.

    Args:
        feature, threshold: [n], of nodes; anything of leaves.
        children: [n, 2], positions of both children.
        is_leaf: [n].
        values: [n, width], of leaves; anything of nodes.
        output: the first that the tree adds to.
    """
    inner = np.flatnonzero(~is_leaf)
    place = np.zeros(len(is_leaf), np.int64)
    place[inner] = np.arange(len(inner))
    place[is_leaf] = ~np.arange(int(is_leaf.sum()))
    whole = np.floor(np.asarray(threshold, np.float64)[inner]).astype(np.int64)
    if len(whole) and not -128 <= whole.min() <= whole.max() <= 127:
        raise InternalError("a threshold on int8 features lies outside of int8")
    return Tree(
        np.asarray(feature, np.int64)[inner],
        whole,
        place[np.asarray(children, np.int64)[inner]].reshape(-1, 2),
        int(place[0]),
        np.asarray(values, np.float64)[is_leaf],
        output,
    )


def node_count(trees: Sequence[Tree]) -> int:
    """Of all."""
    return sum(len(tree.feature) for tree in trees)
