"""Many numbers a window -> two: principal components, by an eigendecomposition of our own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from coincell.report import FeatureMap, MapPoint

MOST_POINTS = 400


def principal_components(
    values: NDArray[np.floating | np.integer],
) -> tuple[NDArray[np.float64], tuple[float, float]]:
    """The two directions in which rows vary most.

    Of [n, d] the smaller of the two products, n x n or d x d, is decomposed. The component with
    the largest weight of each direction is positive, so that the same rows give the same map.

    Args:
        values: [n, d], any numbers.

    Returns:
        Places float64 [n, 2], and the shares of the variance that the directions explain.
    """
    centred = np.asarray(values, np.float64)
    centred = centred - centred.mean(axis=0)
    count, width = centred.shape
    total = float((centred**2).sum())
    places = np.zeros((count, 2))
    if total == 0.0:
        return places, (0.0, 0.0)
    if width <= count:
        _, vectors = np.linalg.eigh(centred.T @ centred)
        directions = vectors[:, ::-1][:, :2]
    else:
        powers, left = np.linalg.eigh(centred @ centred.T)
        lengths = np.sqrt(np.maximum(powers[::-1][:2], 1e-12 * total))
        directions = centred.T @ left[:, ::-1][:, :2] / lengths
    largest = np.abs(directions).argmax(axis=0)
    signs = np.where(directions[largest, np.arange(directions.shape[1])] < 0, -1.0, 1.0)
    found = centred @ (directions * signs)
    places[:, : found.shape[1]] = found
    shares = (places**2).sum(axis=0) / total
    return places, (float(min(1.0, shares[0])), float(min(1.0, shares[1])))


def spread_rows(count: int, most: int = MOST_POINTS) -> NDArray[np.int64]:
    """Positions of at most `most` of `count` windows, evenly spread."""
    if count <= most:
        return np.arange(count, dtype=np.int64)
    return np.linspace(0, count - 1, most).round().astype(np.int64)


def feature_map(
    name: str,
    title: str,
    values: NDArray[np.integer],
    points: Sequence[MapPoint],
    of: int,
) -> FeatureMap:
    """The map of values [n, ...]; `points` tell what each row is, their places are put in."""
    places, explained = principal_components(values.reshape(len(values), -1))
    placed = tuple(
        point.model_copy(update={"x": float(x), "y": float(y)})
        for point, (x, y) in zip(points, places, strict=True)
    )
    return FeatureMap(name=name, title=title, explained=explained, of=of, points=placed)
