"""k-means: centres by k-means++ (Arthur and Vassilvitskii 2007), refined by Lloyd's steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
_MOST_STEPS = 300


@dataclass(frozen=True)
class Clusters:
    """centres [k, columns]; nearest: int [n], each window's centre; inertia: the sum of squared
    distances to it.
    """

    centres: Float
    nearest: NDArray[np.int64]
    inertia: float


def find_clusters(
    windows: Float, count: int, restarts: int, generator: np.random.Generator
) -> Clusters:
    """The best of `restarts` runs over windows [n, columns]; n >= count."""
    runs = [_run(windows, count, generator) for _ in range(restarts)]
    return min(runs, key=lambda run: run.inertia)


def squared_distances(windows: Float, centres: Float) -> Float:
    """[n, columns], [k, columns] -> [n, k], each summed from differences: no cancellation."""
    return np.stack([((windows - centre) ** 2).sum(axis=1) for centre in centres], axis=1)


def _run(windows: Float, count: int, generator: np.random.Generator) -> Clusters:
    centres = _scatter(windows, count, generator)
    nearest = np.full(len(windows), -1)
    for _ in range(_MOST_STEPS):
        distances = squared_distances(windows, centres)
        found = distances.argmin(axis=1)
        least = distances[np.arange(len(windows)), found]
        _fill_empty(found, least, count)
        if np.array_equal(found, nearest):
            break
        nearest = found
        centres = np.stack([windows[nearest == each].mean(axis=0) for each in range(count)])
    inertia = float(((windows - centres[nearest]) ** 2).sum())
    return Clusters(centres, nearest, inertia)


def _scatter(windows: Float, count: int, generator: np.random.Generator) -> Float:
    """k-means++: each further centre is a window, drawn by its squared distance to the others."""
    chosen = [int(generator.integers(len(windows)))]
    least = ((windows - windows[chosen[0]]) ** 2).sum(axis=1)
    while len(chosen) < count:
        total = least.sum()
        share = least / total if total > 0 else np.full(len(windows), 1 / len(windows))
        chosen.append(int(generator.choice(len(windows), p=share)))
        least = np.minimum(least, ((windows - windows[chosen[-1]]) ** 2).sum(axis=1))
    return windows[chosen]


def _fill_empty(nearest: NDArray[np.int64], least: Float, count: int) -> None:
    """Give each centre that no window is nearest to the one farthest from its own centre."""
    sizes = np.bincount(nearest, minlength=count)
    for empty in np.flatnonzero(sizes == 0):
        movable = np.where(sizes[nearest] > 1, least, -1.0)
        farthest = int(movable.argmax())
        sizes[nearest[farthest]] -= 1
        sizes[empty] += 1
        nearest[farthest] = empty
        least[farthest] = -1.0
