"""Trees -> the integer tables that the C walks, and their checks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.classical.trees import Trees
from coincell.errors import DataError

MOST_PLACES = 32_767
"""Nodes, and leaves, that an int16 numbers."""
MOST_OUTPUTS = 256
MOST_COLUMNS = 65_536
MOST_SHIFT = 16
LARGEST_SUM = 1 << 29
_SHARE = 1 / 256
_TYPES = {
    "feature": np.uint16, "threshold": np.int8, "child": np.int16, "root": np.int16,
    "output": np.uint8, "leaf": np.int16, "start": np.int32,
}  # fmt: skip


@dataclass(frozen=True)
class FixedTrees:
    """coincell_trees_forest in Python; real = (score - zero_point) * scale.

    Attributes:
        columns: features of a window.
        shift: fraction bits of the sums.
        zero_point, scale: of the int8 scores.
        softmax: whether sums are logarithms to base 2.
        feature: uint16 [nodes]; threshold: int8 [nodes]; child: int16 [nodes, 2].
        root: int16 [trees]; output: uint8 [trees]; leaf: int16 [leaves, width].
        start: int32 [outputs].
    """

    columns: int
    shift: int
    zero_point: int
    scale: float
    softmax: bool
    feature: NDArray[np.uint16]
    threshold: NDArray[np.int8]
    child: NDArray[np.int16]
    root: NDArray[np.int16]
    output: NDArray[np.uint8]
    leaf: NDArray[np.int16]
    start: NDArray[np.int32]

    @property
    def outputs(self) -> int:
        """Scores of a window."""
        return len(self.start)

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """Every table by its name in C, in its order."""
        return {name: getattr(self, name) for name in _TYPES}

    @property
    def table_bytes(self) -> int:
        """Flash of the tables."""
        return sum(array.nbytes for array in self.arrays.values())


def fix(trees: Trees, columns: int, reach: tuple[float, float]) -> FixedTrees:
    """The integers of `trees`.

    Shares are in steps of 1/256, as after an int8 softmax; a number's 256 steps span `reach` and 0,
    as a network's do. The sums keep as many binary places more as int16 leaves and int32 sums
    allow, 16 at most, so that rounding leaves moves no score by more than a small part of a step.

    Args:
        trees: float.
        columns: features of a window.
        reach: lowest and highest number that was predicted in training; unused of classes.

    Raises:
        DataError: there are more nodes or leaves than int16 numbers.
    """
    number = len(trees.start) == 1
    scale, zero_point = _unit(reach) if number else (_SHARE, -128)
    step = math.log(2) if trees.softmax else scale
    leaves, places = distinct_leaves(trees)
    shift = _shift(trees, leaves, step)
    _check_counts(trees, leaves, columns)
    nodes = np.cumsum([0, *(len(tree.feature) for tree in trees.trees)])
    child = [
        _renumbered(tree.child, first, place)
        for tree, first, place in zip(trees.trees, nodes, places, strict=False)
    ]
    root = [
        int(_renumbered(np.array([tree.root]), first, place)[0])
        for tree, first, place in zip(trees.trees, nodes, places, strict=False)
    ]
    unit = step / (1 << shift)
    whole: dict[str, Any] = {
        "feature": np.concatenate([tree.feature for tree in trees.trees]),
        "threshold": np.concatenate([tree.threshold for tree in trees.trees]),
        "child": np.concatenate(child),
        "root": np.array(root),
        "output": np.array([tree.output for tree in trees.trees]),
        "leaf": np.rint(leaves / unit),
        "start": np.rint(trees.start / unit),
    }
    arrays = {name: np.ascontiguousarray(whole[name]).astype(of) for name, of in _TYPES.items()}
    fixed = FixedTrees(columns, shift, zero_point, scale, trees.softmax, **arrays)
    check(fixed)
    return fixed


def _unit(reach: tuple[float, float]) -> tuple[float, int]:
    """Scale and zero point of an int8 number that reaches over `reach` and 0."""
    low, high = min(0.0, reach[0]), max(0.0, reach[1])
    scale = float(np.float32((high - low) / 255 or 1 / 255))
    return scale, int(np.clip(round(-128 - low / scale), -128, 127))


def distinct_leaves(trees: Trees) -> tuple[NDArray[np.float64], list[NDArray[np.int64]]]:
    """All different leaves [leaves, width], and of each tree's leaves which one it is."""
    every = np.concatenate([tree.leaf for tree in trees.trees])
    leaves, which = np.unique(every, axis=0, return_inverse=True)
    ends = np.cumsum([len(tree.leaf) for tree in trees.trees])[:-1]
    return leaves, np.split(which.reshape(-1).astype(np.int64), ends)


def _renumbered(
    places: NDArray[np.int64], first: int, leaves: NDArray[np.int64]
) -> NDArray[np.int64]:
    """A tree's places -> those among all trees."""
    found = places + first
    is_leaf = places < 0
    found[is_leaf] = ~leaves[~places[is_leaf]]
    return found


def _shift(trees: Trees, leaves: NDArray[np.float64], step: float) -> int:
    """The most binary places with which leaves fit int16, and sums 30 bits."""
    largest = float(np.abs(leaves).max()) / step
    together = largest * len(trees.trees) + float(np.abs(trees.start).max()) / step
    for shift in range(MOST_SHIFT, -1, -1):
        if largest * 2**shift <= 32_766 and together * 2**shift < LARGEST_SUM:
            return shift
    raise DataError(
        "The trees' leaves are too large for int16: the numbers to predict lie too far apart.",
        hint="Give data.target in a larger unit, or lower model.classical.learning_rate.",
    )


def _check_counts(trees: Trees, leaves: NDArray[np.float64], columns: int) -> None:
    nodes = sum(len(tree.feature) for tree in trees.trees)
    most = max(nodes, len(leaves), len(trees.trees))
    if most > MOST_PLACES:
        raise DataError(
            f"A forest has at most {MOST_PLACES:,} nodes and as many leaves; received "
            f"{nodes:,} nodes and {len(leaves):,} different leaves.",
            hint="Lower model.classical.trees or model.classical.leaves.",
        )
    if columns > MOST_COLUMNS or len(trees.start) > MOST_OUTPUTS:
        raise DataError(
            f"A forest takes at most {MOST_COLUMNS:,} features and gives {MOST_OUTPUTS} classes; "
            f"received {columns:,} and {len(trees.start)}.",
        )


def check(fixed: FixedTrees) -> None:
    """That no walk leaves the tables or goes round, and no sum overflows.

    Raises:
        DataError: one might.
    """
    nodes, leaves = len(fixed.feature), len(fixed.leaf)
    child, root = fixed.child.astype(np.int64), fixed.root.astype(np.int64)
    if not (1 <= len(root) <= MOST_PLACES and leaves and 1 <= fixed.outputs <= MOST_OUTPUTS):
        raise DataError("A forest has at least a tree, a leaf and an output.")
    inner = child >= 0
    if (child[inner] >= nodes).any() or (child <= np.arange(nodes)[:, None])[inner].any():
        raise DataError("A forest's nodes come after their parents.")
    if (~child[~inner] >= leaves).any() or (root >= nodes).any() or (~root >= leaves).any():
        raise DataError("A forest's places are nodes or leaves that it has.")
    if nodes and int(fixed.feature.max()) >= fixed.columns:
        raise DataError(f"A forest's nodes ask {fixed.columns} features.")
    width = fixed.leaf.shape[1]
    if width not in (1, fixed.outputs) or int(fixed.output.max()) + width > fixed.outputs:
        raise DataError("A forest's trees add to outputs that it has.")
    largest = int(np.abs(fixed.leaf.astype(np.int64)).max()) * len(root)
    if largest + int(np.abs(fixed.start.astype(np.int64)).max()) >= 2 * LARGEST_SUM:
        raise DataError("A forest's sums do not fit 32 bits.")
    if not 0 <= fixed.shift <= MOST_SHIFT or not -128 <= fixed.zero_point <= 127:
        raise DataError("A forest's scores are int8.")
