"""A fleet, or one device, day by day: how many reported, how accurate they probably were."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincell.monitor.accuracy import Estimate, Recalibration
from coincell.monitor.distances import psi
from coincell.monitor.histograms import Histograms
from coincell.monitor.packing import merged_by
from coincell.monitor.reference import Reference
from coincell.monitor.rollups import SECONDS, read_rollups
from coincell.monitor.store import Store


@dataclass(frozen=True)
class Day:
    """What was told of one day, by UTC.

    Attributes:
        begin: seconds since 1970.
        devices: that reported of it.
        windows: decided.
        estimate: of the accuracy of all together; None where there are no classes, or no windows.
        psi: population stability index of the score against the validation split's.
    """

    begin: int
    devices: int
    windows: int
    estimate: Estimate | None
    psi: float


def days_of(store: Store, reference: Reference, device: bytes | None = None) -> list[Day]:
    """All days of which something was told, in order.

    Args:
        store: where they are kept.
        reference: whose devices.
        device: this one alone.

    Raises:
        StoreError: the database cannot be used.
    """
    layout = reference.layout
    keys: NDArray[np.int64] = np.zeros(0, np.int64)
    vectors = layout.nothing(0)
    devices: Counter[int] = Counter()
    for part in read_rollups(store.database, reference, "days", device=device):
        devices.update(part.buckets.tolist())
        more_keys, more = merged_by(layout, part.buckets, part.vectors)
        keys, vectors = merged_by(
            layout, np.concatenate([keys, more_keys]), np.concatenate([vectors, more])
        )
    return _days(reference, keys.tolist(), vectors, devices)


def _days(
    reference: Reference, keys: Sequence[int], vectors: NDArray[np.int64], devices: Counter[int]
) -> list[Day]:
    histograms = Histograms.of(reference)
    known = histograms.each(reference.validation.vector)[0]
    recalibration = None if reference.right is None else Recalibration(reference)
    days = []
    for key, vector in zip(keys, vectors, strict=True):
        scores = histograms.each(vector)[0]
        estimate = recalibration.estimate(vector) if recalibration and scores.any() else None
        days.append(
            Day(
                begin=key * SECONDS["days"],
                devices=devices[key],
                windows=int(vector[reference.layout.header["windows"]]),
                estimate=estimate,
                psi=float(psi(scores, known)) if scores.any() else 0.0,
            )
        )
    return days
