"""Devices that are unlike the rest of their fleet, whether or not anything drifted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincell.monitor.distances import jensen_shannon
from coincell.monitor.histograms import Histograms

_FEWEST_DEVICES = 5
_NORMAL = 1.4826
"""A normal distribution's standard deviation, in median absolute deviations."""


@dataclass(frozen=True)
class Outlier:
    """A device beside its fleet.

    Attributes:
        row: which of the vectors.
        distance: mean Jensen-Shannon divergence from all other devices together, in bits.
        score: how many robust standard deviations that lies above the fleet's median.
        named: the histogram that is furthest off.
    """

    row: int
    distance: float
    score: float
    named: str


def find_outliers(
    histograms: Histograms, vectors: NDArray[np.int64], least: float = 5.0
) -> list[Outlier]:
    """Devices [n, layout.size] whose score is at least `least`, the worst first; n of 5 and more.

    A device is compared with the others without itself, and by median and median absolute
    deviation (Iglewicz and Hoaglin 1993), so that outliers do not hide one another.
    """
    if len(vectors) < _FEWEST_DEVICES:
        return []
    told = histograms.read(vectors)
    rest = told.sum(0)[None] - told
    distances = np.where(told.sum(-1) > 0, jensen_shannon(told, rest), 0.0)
    means = distances.mean(-1)
    middle = float(np.median(means))
    spread = _NORMAL * float(np.median(np.abs(means - middle)))
    scores = (means - middle) / max(spread, 1e-9)
    return [
        Outlier(
            row, float(means[row]), float(scores[row]),
            histograms.names[int(distances[row].argmax())],
        )
        for row in np.argsort(-scores, kind="stable").tolist()
        if scores[row] >= least
    ]  # fmt: skip
