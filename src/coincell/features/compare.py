"""How well features tell what is to be told, before any network: plain figures in NumPy.

Linear scores are closed forms of ridge regression on standardised columns (Hoerl and Kennard 1970),
solved in the smaller of rows and columns; folds keep together what belongs together.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
_RIDGE = 0.1
_BINS = 8


def folds_of(
    units: Sequence[Hashable], labels: NDArray[np.integer], folds: int, seed: int
) -> NDArray[np.int64]:
    """A fold for each of n windows; windows of one unit share theirs, labels are spread evenly.

    Args:
        units: what windows share, such as a speaker or a recording, [n].
        labels: int [n].
        folds: how many; fewer where there are fewer units.
        seed: of the order in which units of a label are dealt.
    """
    found: dict[Hashable, list[int]] = {}
    for row, unit in enumerate(units):
        found.setdefault(unit, []).append(row)
    generator = np.random.default_rng(seed)
    order = [list(found.values())[at] for at in generator.permutation(len(found))]
    order.sort(key=lambda rows: int(np.bincount(labels[rows]).argmax()))
    fold = np.zeros(len(units), np.int64)
    for at, rows in enumerate(order):
        fold[rows] = at % min(folds, len(order))
    return fold


def linear_predictions(
    features: NDArray[np.number], targets: Float, fold: NDArray[np.int64]
) -> Float:
    """Targets [n, k] as a linear model predicts them that has not seen their fold.

    Args:
        features: [n, ...], any numbers.
        targets: float64 [n, k].
        fold: int [n], from `folds_of`; with one fold alone nothing can be held out.
    """
    flat = np.asarray(features.reshape(len(features), -1), np.float64)
    found = np.zeros_like(targets)
    for held in np.unique(fold):
        learn, ask = fold != held, fold == held
        if not learn.any():
            learn = ask
        mean, deviation = flat[learn].mean(axis=0), flat[learn].std(axis=0)
        scale = np.where(deviation > 0, deviation, 1.0)
        known, asked = (flat[learn] - mean) / scale, (flat[ask] - mean) / scale
        middle = targets[learn].mean(axis=0)
        found[ask] = middle + asked @ _ridge(known, targets[learn] - middle)
    return found


def _ridge(known: Float, targets: Float) -> Float:
    """Weights [d, k] of rows [n, d]; the penalty is a tenth of a row's mean square length."""
    rows, columns = known.shape
    penalty = _RIDGE * max(float((known**2).sum()) / rows, 1e-9)
    weights: Float
    if columns <= rows:
        weights = np.linalg.solve(known.T @ known + penalty * np.eye(columns), known.T @ targets)
    else:
        weights = known.T @ np.linalg.solve(known @ known.T + penalty * np.eye(rows), targets)
    return weights


def linear_classes(
    features: NDArray[np.number], labels: NDArray[np.integer], fold: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The class of each window by a linear model that has not seen its fold, int64 [n]."""
    classes = np.unique(labels)
    wanted = (labels[:, None] == classes).astype(np.float64)
    best: NDArray[np.int64] = classes[linear_predictions(features, wanted, fold).argmax(axis=1)]
    return best.astype(np.int64)


def fisher_ratio(features: NDArray[np.number], labels: NDArray[np.integer]) -> float:
    """Variance between the classes' means over that within classes, mean of standardised columns
    (Fisher 1936); 0 where no column tells classes apart."""
    flat = np.asarray(features.reshape(len(features), -1), np.float64)
    deviation = flat.std(axis=0)
    flat = (flat - flat.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)
    between = np.zeros(flat.shape[1])
    for label in np.unique(labels):
        own = flat[labels == label]
        between += len(own) / len(flat) * own.mean(axis=0) ** 2
    total = flat.var(axis=0)
    within = float((total - between).sum())
    return float(between.sum()) / within if within > 1e-12 else 0.0


def mutual_information(values: NDArray[np.number], targets: NDArray[np.number]) -> float:
    """Bits that a column [n] tells of targets [n], both in eighths by rank where they are many.

    Corrected for what chance alone would tell (Miller 1955), and never below 0.
    """
    first, second = _ranked(values), _ranked(targets)
    table = np.zeros((first.max() + 1, second.max() + 1))
    np.add.at(table, (first, second), 1.0)
    share = table / table.sum()
    alone = share.sum(axis=1, keepdims=True) * share.sum(axis=0, keepdims=True)
    filled = share > 0
    told = float((share[filled] * np.log2(share[filled] / alone[filled])).sum())
    chance = (int((table.sum(axis=1) > 0).sum()) - 1) * (int((table.sum(axis=0) > 0).sum()) - 1)
    bits: float = max(0.0, told - float(chance / (2 * table.sum() * np.log(2))))
    return bits


def _ranked(values: NDArray[np.number]) -> NDArray[np.int64]:
    """Few distinct values as they are, many in eighths of equal number; int64 [n] from 0."""
    kinds, places = np.unique(values, return_inverse=True)
    if len(kinds) <= _BINS:
        few: NDArray[np.int64] = places.reshape(-1).astype(np.int64)
        return few
    edges = np.quantile(values, np.linspace(0, 1, _BINS + 1)[1:-1])
    ranked: NDArray[np.int64] = np.searchsorted(np.unique(edges), values, side="right")
    return ranked.astype(np.int64)
