"""The same trees with leaves as scikit-learn fitted them, before they were rounded to integers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.classical.fitting import EstimatorFit, Float, softmax
from coincell.classical.fixed import FixedTrees, distinct_leaves
from coincell.classical.trees import trees_of
from coincell.errors import DataError


@dataclass(frozen=True)
class FloatForest:
    """Walks of `fixed`, whose thresholds are exact, to leaves in float64.

    Attributes:
        fixed: the device's tables.
        leaf: float64 [leaves, width], what each leaf of `fixed` was rounded from.
        start: float64 [outputs], the same of the sums before any tree.
    """

    fixed: FixedTrees
    leaf: Float
    start: Float

    def scores(self, features: NDArray[np.int8]) -> Float:
        """int8 [n, columns] -> float64 [n, outputs]: shares, or the number, as scikit-learn's."""
        fixed, rows = self.fixed, np.arange(len(features))
        sums = np.tile(self.start, (len(features), 1))
        for root, output in zip(fixed.root.tolist(), fixed.output.tolist(), strict=True):
            place = np.full(len(features), root, np.int64)
            inner = place >= 0
            while inner.any():  # a node comes after its parent: this ends
                node = place[inner]
                right = features[rows[inner], fixed.feature[node]] > fixed.threshold[node]
                place[inner] = fixed.child[node, right.astype(np.int64)]
                inner = place >= 0
            sums[:, output : output + self.leaf.shape[1]] += self.leaf[~place]
        return softmax(sums) if fixed.softmax else sums

    def to_json(self) -> dict[str, Any]:
        """Its leaves and starts alone; the rest is `IntegerForest.to_json`'s."""
        return {"leaf": self.leaf.tolist(), "start": self.start.tolist()}


def float_forest(fitted: EstimatorFit, fixed: FixedTrees) -> FloatForest:
    """What scikit-learn fitted, by the tables that were made of it."""
    trees = trees_of(fitted)
    return FloatForest(fixed, distinct_leaves(trees)[0], trees.start)


def float_forest_from_json(fixed: FixedTrees, values: Mapping[str, Any]) -> FloatForest:
    """What `to_json` gave, with the tables that it belongs to.

    Raises:
        DataError: it belongs to other tables, or holds no numbers.
    """
    leaf = _numbers(values, "leaf", fixed.leaf.shape)
    return FloatForest(fixed, leaf, _numbers(values, "start", fixed.start.shape))


def _numbers(values: Mapping[str, Any], name: str, shape: tuple[int, ...]) -> Float:
    try:
        found = np.array(values[name])
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"A forest's float {name} is an array of numbers.") from error
    if found.shape != shape or found.dtype.kind not in "fi" or not np.isfinite(found).all():
        raise DataError(
            f"A forest's float {name} is finite numbers {list(shape)}; "
            f"received {found.dtype} {list(found.shape)}.",
            hint="Run `coincell run` again.",
        )
    return found.astype(np.float64)
