"""How far a device's counts lie from the training reference, and whether that is chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.audit import holm, student_p
from coincell.monitor.distances import jensen_shannon, kolmogorov_smirnov, psi, shares
from coincell.monitor.histograms import Histograms
from coincell.monitor.reference import Reference

_LEAST_DEGREES = 4


@dataclass(frozen=True)
class Drift:
    """Of one histogram.

    Attributes:
        name: "score", "distance", or the watched feature's.
        windows: that were counted in it.
        psi: population stability index against the reference.
        ks: Kolmogorov-Smirnov distance on its bins.
        js: Jensen-Shannon divergence, in bits.
        p: that people as unlike each other as those of training and validation would give a mean so
            far off, Holm's correction for the number of histograms within; 1 where too few.
    """

    name: str
    windows: int
    psi: float
    ks: float
    js: float
    p: float


def drift_from_reference(
    reference: Reference, vector: NDArray[np.int64], people: int = 1
) -> list[Drift]:
    """Each histogram of a device, or a fleet, against training; of the score, against validation.

    Windows of one person are alike, so a test that took each window for itself would find drift in
    any device. What training and validation differ by tells how unlike so many people are: that
    difference, squared, over all features, gives the variance between two people.

    Args:
        reference: of the model.
        vector: counted, int64 [layout.size].
        people: that the counts are probably of; 1 of a device, the devices' number of a fleet.
    """
    histograms = Histograms.of(reference)
    seen = histograms.each(vector)
    training = histograms.each(reference.training.vector)
    validation = histograms.each(reference.validation.vector)
    expected = [validation[0], *training[1:]]
    values = _p_values(reference, seen, training, validation, people)
    return [
        Drift(
            name,
            int(counts.sum()),
            float(psi(counts, known)),
            float(kolmogorov_smirnov(counts, known)),
            float(jensen_shannon(counts, known)),
            p,
        )
        for name, counts, known, p in zip(histograms.names, seen, expected, values, strict=True)
    ]


def _p_values(
    reference: Reference,
    seen: Sequence[NDArray[Any]],
    training: Sequence[NDArray[Any]],
    validation: Sequence[NDArray[Any]],
    people: int,
) -> list[float]:
    """Corrected, one a histogram."""
    apart = np.array([_shift(*pair) for pair in zip(validation, training, strict=True)])
    sides = 1 / max(1, reference.training.recordings) + 1 / max(1, reference.validation.recordings)
    # Features of one block move together, so that far fewer of them than there are count.
    degrees = max(_LEAST_DEGREES, round(np.sqrt(len(apart))))
    between = max(float(np.mean(np.square(apart))) / sides, 1e-6)
    known = [validation[0], *training[1:]]
    values = []
    for counts, expected in zip(seen, known, strict=True):
        total = int(counts.sum())
        variance = between / max(people, 1) + between * sides / 2 + 1 / max(total, 1)
        t = _shift(counts, expected) / np.sqrt(variance) if total else 0.0
        values.append(student_p(float(t), degrees))
    return holm(values)


def _shift(counts: NDArray[Any], known: NDArray[Any]) -> float:
    """Mean ridit of `counts` by the bins of `known`, in standard deviations of one window."""
    held = shares(known)
    ridit = np.cumsum(held) - held / 2
    middle = float(held @ ridit)
    spread = float(np.sqrt(held @ np.square(ridit - middle)))
    return (float(shares(counts) @ ridit) - middle) / spread if spread > 0 else 0.0
