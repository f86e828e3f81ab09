"""The histograms within a vector of counters: of the score, the distance, each watched feature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.monitor.layout import (
    DISTANCE,
    DISTANCE_BINS,
    FEATURE_BINS,
    FIRST_FEATURE,
    SCORE,
    SCORE_BINS,
)
from coincell.monitor.reference import Reference


@dataclass(frozen=True)
class Histograms:
    """Which counters of a vector are a histogram's, for arithmetic over all of them at once.

    Attributes:
        names: "score", "distance", then each watched feature's.
        places: position of each bin in a vector, int64 [histograms, 16]; of those with 8 bins the
            last 8 stand for no counter.
        real: bool [histograms, 16], which of them are counters.
    """

    names: tuple[str, ...]
    places: NDArray[np.int64]
    real: NDArray[np.bool_]

    @classmethod
    def of(cls, reference: Reference) -> Histograms:
        """Those of a reference's plan."""
        layout = reference.layout
        sections = [SCORE, DISTANCE, *(FIRST_FEATURE + j for j in range(layout.features))]
        sizes = [SCORE_BINS, DISTANCE_BINS, *[FEATURE_BINS] * layout.features]
        places = np.zeros((len(sections), SCORE_BINS), np.int64)
        real = np.zeros(places.shape, np.bool_)
        for row, (section, size) in enumerate(zip(sections, sizes, strict=True)):
            begin = layout.places[section].start
            places[row, :size] = np.arange(begin, begin + size)
            real[row, :size] = True
        return cls(("score", "distance", *reference.watched), places, real)

    def read(self, vectors: NDArray[Any]) -> NDArray[Any]:
        """[..., layout.size] -> counts [..., histograms, 16], 0 where there is no counter."""
        return np.where(self.real, vectors[..., self.places], 0)

    def each(self, vector: NDArray[Any]) -> Sequence[NDArray[Any]]:
        """A vector [layout.size] -> the counts of each histogram, without empty places."""
        return [vector[row[real]] for row, real in zip(self.places, self.real, strict=True)]

    @cached_property
    def count(self) -> int:
        """How many histograms."""
        return len(self.names)
