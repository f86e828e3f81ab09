"""How accurate a device probably is, by its scores: nobody labels what the field gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincell.errors import TelemetryError
from coincell.monitor.layout import SCORE
from coincell.monitor.reference import Reference

Float = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """Of some windows without labels.

    Attributes:
        accuracy: share that is probably right, 0 to 1.
        error: standard error by the few people of the validation split and the few windows; it
            says nothing of drift, under which models are often surer than they should be.
        windows: that were decided.
    """

    accuracy: float
    error: float
    windows: int


class Recalibration:
    """What share of windows is right at each score, by the validation split.

    A classifier's score is no probability; what share was right at it is, as long as the world is
    the validation split's (Guo et al. 2017, "On calibration of modern neural networks"). The mean
    of that over the windows of the field is the estimate (Guillory et al. 2021, "Predicting with
    confidence on unseen distributions").

    Args:
        reference: of a model with classes.

    Raises:
        TelemetryError: the reference counts no right ones: it has no classes.
    """

    def __init__(self, reference: Reference) -> None:
        if reference.right is None:
            raise TelemetryError("goal", "Only of classes can it be told what share is right.")
        place = reference.layout.places[SCORE]
        self._place = place
        told = reference.validation.vector[place].astype(np.float64)
        self.rates = isotonic(reference.right, told)
        people = max(2, reference.validation.recordings)
        alike = max(1.0, reference.validation.windows / people)
        # Windows of one person are alike: so many fewer count.
        self._variances = self.rates * (1 - self.rates) * alike / np.maximum(told, 1.0)
        self._people = people

    def estimate(self, vector: NDArray[np.int64]) -> Estimate:
        """Of counters [layout.size]."""
        told = vector[self._place].astype(np.float64)
        windows = int(told.sum())
        if not windows:
            return Estimate(float("nan"), float("nan"), 0)
        share = told / windows
        accuracy = float(share @ self.rates)
        variance = float(np.square(share) @ self._variances) + accuracy * (1 - accuracy) / windows
        return Estimate(accuracy, float(np.sqrt(variance)), windows)


def isotonic(right: NDArray[np.int64], windows: NDArray[np.float64]) -> Float:
    """Share right in each score bin, never falling with the score, float64 [16].

    Pool adjacent violators (Ayer et al. 1955), weighted by windows, of which half a right and half
    a wrong one are added over all bins, so that no bin is certain; empty bins take the rate of
    those below, or of the first above.
    """
    added = 1.0 / len(right)
    pools: list[list[float]] = []
    for hits, count in zip(right.tolist(), windows.tolist(), strict=True):
        pools.append([hits + added / 2, count + added, 1])
        while len(pools) > 1 and pools[-2][0] * pools[-1][1] >= pools[-1][0] * pools[-2][1]:
            last = pools.pop()
            pools[-1] = [one + other for one, other in zip(pools[-1], last, strict=True)]
    rates = [np.full(int(bins), hits / count) for hits, count, bins in pools]
    found: Float = np.concatenate(rates)
    return found
