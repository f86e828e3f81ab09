"""Recordings worth a second look: labels that their neighbours doubt, near copies, strangers.

All of it works on features, one row a recording, as the network gets them. Thresholds are the
module's constants; docs/data.md tells what they were measured on. Nothing here changes data.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NEIGHBOURS = 10
OWN_SHARE = 0.2
"""A label is doubted where at most this share of the ten nearest has it, and the model agrees."""

COPY_CORRELATION = 0.95
LEAST_JUDGE = 0.7
"""Of all labels the held-out model must get this share right, else it judges none."""

OUTLIER_DEVIATIONS = 4.5
TARGET_DEVIATIONS = 6.0
COMPONENTS = 64
FOLDS = 5
FEW = 20
"""Below so many recordings there is no telling what is usual."""

_BASIS_ROWS = 2000
_SEGMENTS = 4
_CANDIDATES = 3
_ROWS = 512
_STEPS = 200
_PENALTY = 0.01


@dataclass(frozen=True)
class Doubt:
    """One recording that stands out.

    Attributes:
        row: its position.
        strength: how much, for sorting; what it is stands with the function.
        others: positions of those that it is held against, the nearest first.
        better: the class (its number) that fits better, of doubted labels; else -1.
    """

    row: int
    strength: float
    others: tuple[int, ...] = ()
    better: int = -1


def pooled(features: NDArray[np.int8]) -> NDArray[np.float32]:
    """Means over four stretches of frames, and the deviation over all: float32 [n, 5 * columns].

    So it matters less when in the window something happens.

    Args:
        features: int8 [n, frames, columns]; of another shape they are taken as they are.
    """
    if features.ndim != 3 or features.shape[1] < 2 * _SEGMENTS:
        return features.reshape(len(features), -1).astype(np.float32)
    stretches = np.array_split(features, _SEGMENTS, axis=1)
    parts = [part.mean(axis=1, dtype=np.float32) for part in stretches]
    return np.concatenate([*parts, features.std(axis=1, dtype=np.float32)], axis=1)


def components(flat: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    """Features [n, d] brought to at most 64 numbers, each row of length 1: float32 [n, m].

    Columns are centred, and rows turned to the principal axes of at most 2000 of them; a row's
    length, which says how loud or how bright, goes.
    """
    mean = flat.mean(axis=0, dtype=np.float64).astype(np.float32)
    chosen = flat
    if len(flat) > _BASIS_ROWS:
        rows = np.random.default_rng(seed).permutation(len(flat))[:_BASIS_ROWS]
        chosen = flat[np.sort(rows)]
    _, _, axes = np.linalg.svd(chosen - mean, full_matrices=False)
    axes = axes[:COMPONENTS]
    return _unit((flat - mean) @ axes.T)


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows of length 1; of zeros, zeros."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: NDArray[np.float32] = (rows / np.maximum(lengths, 1e-12)).astype(np.float32)
    return unit


def nearest(
    rows: NDArray[np.float32], units: NDArray[np.int64], count: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The `count` nearest by cosine among other units' rows: positions and cosines, [n, count].

    Args:
        rows: float32 [n, m], of length 1.
        units: of whom each row is; a person resembles himself, whatever he says.
        count: how many, at most n - 1; where there are fewer, the cosine is -inf.
    """
    found = np.zeros((len(rows), count), np.int64)
    cosines = np.full((len(rows), count), -np.inf, np.float32)
    for start in range(0, len(rows), _ROWS):
        part = slice(start, start + _ROWS)
        near = rows[part] @ rows.T
        near[units[part, np.newaxis] == units] = -np.inf
        best = np.argpartition(-near, count - 1, axis=1)[:, :count]
        values = np.take_along_axis(near, best, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")
        found[part] = np.take_along_axis(best, order, axis=1)
        cosines[part] = np.take_along_axis(values, order, axis=1)
    return found, cosines


def doubted_labels(
    rows: NDArray[np.float32], labels: NDArray[np.int64], units: NDArray[np.int64], seed: int
) -> tuple[list[Doubt], float]:
    """Labels that both the neighbours and a model that never saw the recording doubt.

    Two judges must agree: of the ten nearest recordings of others at most a fifth have the label;
    and a linear model, trained without this unit's fold, gives another class more than that
    class's own recordings get on average, and more than the label (the rule of C. G. Northcutt,
    L. Jiang and I. L. Chuang, "Confident Learning", JAIR 70, 2021, section 3.1).

    Returns:
        The strongest first; strength is the probability of the better class less the label's.
        And the share of labels that the model gets right, each without its unit's fold; below 0.7
        it knows too little to doubt anything. NaN where there are too few recordings or units.
    """
    if len(rows) < FEW or len(np.unique(labels)) < 2 or len(np.unique(units)) < FOLDS:
        return [], float("nan")
    probability = held_out_probabilities(rows, labels, units, seed)
    right = float(np.mean(probability.argmax(axis=1) == labels))
    if right < LEAST_JUDGE:
        return [], right
    near, cosines = nearest(rows, units, min(NEIGHBOURS, len(rows) - 1))
    counted = np.isfinite(cosines)
    agreeing = ((labels[near] == labels[:, np.newaxis]) & counted).sum(axis=1)
    own = agreeing / np.maximum(counted.sum(axis=1), 1)
    classes = int(labels.max()) + 1
    given = probability[np.arange(len(rows)), labels]
    usual = np.array([given[labels == c].mean() if (labels == c).any() else 2.0
                      for c in range(classes)])  # fmt: skip
    rivals = np.where(probability >= usual, probability, -1.0)
    rivals[np.arange(len(rows)), labels] = -1.0
    better = rivals.argmax(axis=1)
    strength = rivals.max(axis=1) - given
    doubted = np.flatnonzero((own <= OWN_SHARE) & (strength > 0))
    doubts = [
        Doubt(int(row), float(strength[row]), tuple(near[row, :3].tolist()), int(better[row]))
        for row in doubted
    ]
    return _strongest_first(doubts), right


def _strongest_first(doubts: Iterable[Doubt]) -> list[Doubt]:
    return sorted(doubts, key=lambda doubt: (-doubt.strength, doubt.row))


def held_out_probabilities(
    rows: NDArray[np.float32], labels: NDArray[np.int64], units: NDArray[np.int64], seed: int
) -> NDArray[np.float64]:
    """Softmax regression, five folds of units: of each row by a model that has not seen its unit.

    Returns:
        float64 [n, classes].
    """
    classes = int(labels.max()) + 1
    names = np.unique(units)
    fold_of = np.random.default_rng(seed).permutation(len(names)) % FOLDS
    folds = fold_of[np.searchsorted(names, units)]
    probabilities = np.zeros((len(rows), classes))
    scaled = rows * np.sqrt(rows.shape[1])  # columns of about unit size
    for fold in range(FOLDS):
        held = folds == fold
        weights = _softmax_regression(scaled[~held], labels[~held], classes)
        probabilities[held] = _softmax(_with_one(scaled[held]) @ weights)
    return probabilities


def _with_one(rows: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.concatenate((rows, np.ones((len(rows), 1))), axis=1).astype(np.float64)


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return probabilities


def _softmax_regression(
    rows: NDArray[np.float32], labels: NDArray[np.int64], classes: int
) -> NDArray[np.float64]:
    """Weights [m + 1, classes] of least mean cross entropy plus 0.01/2 of their squares.

    By Nesterov's accelerated gradient; a step of 1/L, with L the largest curvature: half the
    largest eigenvalue of the rows' second moment (D. Boehning, "Multinomial logistic regression
    algorithm", 1992), plus the penalty.
    """
    inputs = _with_one(rows)
    wanted = np.eye(classes)[labels]
    largest = np.linalg.eigvalsh(inputs.T @ inputs / len(inputs))[-1]
    step = 1.0 / (largest / 2 + _PENALTY)
    weights = np.zeros((inputs.shape[1], classes))
    ahead, momentum = weights, 1.0
    for _ in range(_STEPS):
        slope = inputs.T @ (_softmax(inputs @ ahead) - wanted) / len(inputs) + _PENALTY * ahead
        after = ahead - step * slope
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = after + (momentum - 1) / following * (after - weights)
        weights, momentum = after, following
    return weights


def near_copies(
    rows: NDArray[np.float32], windows: NDArray[np.int16], channels: int
) -> list[Doubt]:
    """Recordings that are an earlier one again: louder, later, with some noise.

    Of the three nearest by features, those whose waves correlate, at whatever shift, to at least
    0.95 (the peak of the cross-correlation over both lengths, each channel's mean taken away).

    Args:
        rows: float32 [n, m], of length 1.
        windows: int16 [n, steps * channels].
        channels: values a step.

    Returns:
        The later one of each pair, with the earlier ones; strength is the highest correlation.
    """
    if len(rows) < 2:
        return []
    near, _ = nearest(rows, np.arange(len(rows)), min(_CANDIDATES, len(rows) - 1))
    pairs = {(min(i, j), max(i, j)) for i, those in enumerate(near.tolist()) for j in those}
    found: dict[int, list[tuple[float, int]]] = {}
    for earlier, later in sorted(pairs):
        alike = _correlation(
            windows[earlier].reshape(-1, channels), windows[later].reshape(-1, channels)
        )
        if alike >= COPY_CORRELATION:
            found.setdefault(later, []).append((-alike, earlier))
    return _strongest_first(
        Doubt(later, -min(those)[0], tuple(row for _, row in sorted(those)[:3]))
        for later, those in found.items()
    )


def _correlation(first: NDArray[np.int16], second: NDArray[np.int16]) -> float:
    """The peak of the cross-correlation of two waves [steps, channels], 0 to 1."""
    one, other = (wave - wave.mean(axis=0) for wave in (first, second))
    lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
    if lengths == 0.0:
        return 0.0
    size = 2 * len(one)  # no power of two is needed: NumPy's transform takes any smooth length
    product = np.fft.rfft(one, size, axis=0) * np.conj(np.fft.rfft(other, size, axis=0))
    return float(np.fft.irfft(product.sum(axis=1), size).max()) / lengths


def outliers(flat: NDArray[np.float32], labels: NDArray[np.int64]) -> list[Doubt]:
    """Recordings far from all others of their class.

    The distance is Euclid's, the mean of those to the five nearest of the class; it stands out when
    its logarithm lies over 4.5 robust deviations above the class's median.

    Args:
        flat: float32 [n, d], features as they are: a stranger leaves the axes of what is usual.
        labels: [n].

    Returns:
        Strength is that number of deviations; others, the nearest of the class.
    """
    doubts: list[Doubt] = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        if len(members) < FEW:
            continue
        near, mean_distance = _nearest_of_class(flat[members])
        deviations = robust_deviations(np.log(np.maximum(mean_distance, 1e-6)))
        doubts += [
            Doubt(int(members[i]), float(deviations[i]), tuple(members[near[i, :3]].tolist()))
            for i in np.flatnonzero(deviations > OUTLIER_DEVIATIONS)
        ]
    return _strongest_first(doubts)


def _nearest_of_class(
    flat: NDArray[np.float32],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Of each row the five nearest others, int64 [n, 5], and their mean distance, [n]."""
    squares = (flat.astype(np.float64) ** 2).sum(axis=1)
    found = np.zeros((len(flat), 5), np.int64)
    means = np.zeros(len(flat))
    for start in range(0, len(flat), _ROWS):
        part = np.arange(start, min(start + _ROWS, len(flat)))
        apart = squares[part, np.newaxis] + squares - 2.0 * (flat[part] @ flat.T)
        apart[np.arange(len(part)), part] = np.inf
        order = np.argsort(apart, axis=1, kind="stable")[:, :5]
        found[part] = order
        nearest_apart = np.take_along_axis(apart, order, axis=1)
        means[part] = np.sqrt(np.maximum(nearest_apart, 0.0)).mean(axis=1)
    return found, means


def doubted_targets(
    rows: NDArray[np.float32], targets: NDArray[np.float64], units: NDArray[np.int64]
) -> list[Doubt]:
    """Numbers that lie far from the median of the ten nearest recordings' numbers.

    Returns:
        Strength is how many robust deviations of such differences it lies off.
    """
    if len(rows) < FEW:
        return []
    near, _ = nearest(rows, units, min(NEIGHBOURS, len(rows) - 1))
    deviations = np.abs(robust_deviations(targets - np.median(targets[near], axis=1)))
    return _strongest_first(
        Doubt(int(row), float(deviations[row]), tuple(near[row, :3].tolist()))
        for row in np.flatnonzero(deviations > TARGET_DEVIATIONS)
    )


def robust_deviations(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """How many robust deviations (1.4826 median distances) each lies above the median, [n]."""
    median = np.median(values)
    spread = 1.4826 * np.median(np.abs(values - median))
    deviations: NDArray[np.float64] = (values - median) / max(float(spread), 1e-12)
    return deviations


def numbered(names: Sequence[str]) -> NDArray[np.int64]:
    """Equal names get equal numbers, int64 [n]."""
    _, numbers = np.unique(np.asarray(names, np.str_), return_inverse=True)
    return numbers.astype(np.int64)
