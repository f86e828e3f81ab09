"""How alike windows are by their features, and the nearest one that is decided otherwise."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Norm = Literal["L1", "L2"]
NORMS: tuple[Norm, ...] = ("L1", "L2")
_BLOCK = 512


def spreads(features: NDArray[np.int8], rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Standard deviation of each feature over the windows `rows`; float64 [d].

    Args:
        features: int8 [n, *shape], which may be mapped from disk.
        rows: positions in it.
    """
    size = int(np.prod(features.shape[1:]))
    total, squares = np.zeros(size), np.zeros(size)
    for start in range(0, len(rows), _BLOCK):
        block = _flat(features, rows[start : start + _BLOCK])
        total += block.sum(axis=0)
        squares += (block**2).sum(axis=0)
    mean = total / max(1, len(rows))
    deviation: NDArray[np.float64] = np.sqrt(np.maximum(squares / max(1, len(rows)) - mean**2, 0.0))
    return deviation


def distances(
    features: NDArray[np.int8],
    rows: NDArray[np.int64],
    chosen: NDArray[np.int8],
    spread: NDArray[np.float64],
    norm: Norm,
) -> NDArray[np.float64]:
    """How far each window is from the chosen one: |a - b| / deviation of each feature, summed (L1)
    or by squares (L2), over the number of features; features that never change do not count.

    Args:
        features: int8 [n, *shape].
        rows: the windows asked about, [m].
        chosen: int8 [*shape].
        spread: as `spreads` tells it, [d].
        norm: "L1" or "L2".

    Returns:
        float64 [m]; 0 of the same features.
    """
    counted = spread > 0
    weight = 1.0 / spread[counted]
    centre = chosen.reshape(-1).astype(np.float64)[counted]
    found = np.zeros(len(rows))
    many = max(1, int(counted.sum()))
    for start in range(0, len(rows), _BLOCK):
        block = _flat(features, rows[start : start + _BLOCK])[:, counted]
        apart = np.abs(block - centre) * weight
        far = apart.sum(axis=1) / many if norm == "L1" else np.sqrt((apart**2).sum(axis=1) / many)
        found[start : start + _BLOCK] = far
    return found


def nearest_otherwise(
    far: NDArray[np.float64], decisions: NDArray[np.int64], decision: int
) -> int | None:
    """The position of the nearest window that is decided otherwise; None where all are alike."""
    other = np.flatnonzero(decisions != decision)
    return int(other[np.argmin(far[other])]) if len(other) else None


def nearest_apart(
    far: NDArray[np.float64], values: NDArray[np.float64], value: float, least: float
) -> int | None:
    """The position of the nearest window whose number differs by at least `least`; or None."""
    other = np.flatnonzero(np.abs(values - value) >= least)
    return int(other[np.argmin(far[other])]) if len(other) else None


def _flat(features: NDArray[np.int8], rows: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray(features[rows]).reshape(len(rows), -1).astype(np.float64)
