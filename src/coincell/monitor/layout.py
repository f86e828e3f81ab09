"""All counters of a sketch as one vector, so that merging is adding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from coincell.errors import TelemetryError
from coincell.monitor.counters import from_zigzag, packed_counters, unpacked_counters, zigzag
from coincell.monitor.telemetry import Report

PREDICTED, EVENTS, SCORE, DISTANCE = 1, 2, 3, 4
FIRST_HEALTH, FIRST_FEATURE = 16, 64
MOST_CHANNELS, MOST_FEATURES, MOST_CLASSES = 16, 40, 16
SCORE_BINS, DISTANCE_BINS, FEATURE_BINS = 16, 8, 8

HEALTH = ("windows", "clipped", "offset", "level", "stuck", "floor")
_OFFSET, _FLOOR = HEALTH.index("offset"), HEALTH.index("floor")
_MOST_BIN = 65535
_HEADER = ("seconds", "windows", "quiet", "reports")
"""Counters of the report itself, first in every vector."""


@dataclass(frozen=True)
class CounterLayout:
    """Where each counter of a plan stands in a flat vector of int64.

    First `seconds`, `windows`, `quiet` and `reports` of the reports themselves; then the sections
    in the order of their numbers. Vectors add, but for the noise floors (`floors`), of which the
    least counts; a floor that was not told is `NO_FLOOR`.

    Attributes:
        classes: counters of the sections predicted and events, at most 16.
        channels: of the sensor, at most 16.
        features: watched features, at most 40.
    """

    classes: int
    channels: int
    features: int

    NO_FLOOR = 65535

    def __post_init__(self) -> None:
        for name, count, most in (
            ("classes", self.classes, MOST_CLASSES),
            ("channels", self.channels, MOST_CHANNELS),
            ("watched features", self.features, MOST_FEATURES),
        ):
            if not 1 <= count <= most:
                raise TelemetryError("plan", f"A sketch has 1 to {most} {name}; received {count}.")

    @cached_property
    def places(self) -> dict[int, slice]:
        """Section number -> its counters in the vector."""
        sizes = [(PREDICTED, self.classes), (EVENTS, self.classes)]
        sizes += [(SCORE, SCORE_BINS), (DISTANCE, DISTANCE_BINS + 1)]
        sizes += [(FIRST_HEALTH + channel, len(HEALTH)) for channel in range(self.channels)]
        sizes += [(FIRST_FEATURE + feature, FEATURE_BINS) for feature in range(self.features)]
        places, begin = {}, len(_HEADER)
        for section, size in sizes:
            places[section] = slice(begin, begin + size)
            begin += size
        return places

    @cached_property
    def size(self) -> int:
        """Counters of a vector."""
        return int(self.places[FIRST_FEATURE + self.features - 1].stop)

    @cached_property
    def header(self) -> dict[str, int]:
        """Name of a report's own counter -> its place."""
        return {name: place for place, name in enumerate(_HEADER)}

    @cached_property
    def health(self) -> slice:
        """All health counters: [channels][6], in the order of `HEALTH`."""
        return slice(
            self.places[FIRST_HEALTH].start, self.places[FIRST_HEALTH + self.channels - 1].stop
        )

    @cached_property
    def feature_bins(self) -> slice:
        """All histograms of watched features: [features][8]."""
        return slice(self.places[FIRST_FEATURE].start, self.size)

    @cached_property
    def floors(self) -> NDArray[np.intp]:
        """Places of the noise floors."""
        return np.arange(self.health.start + _FLOOR, self.health.stop, len(HEALTH))

    @cached_property
    def _offsets(self) -> NDArray[np.intp]:
        return np.arange(self.health.start + _OFFSET, self.health.stop, len(HEALTH))

    def nothing(self, rows: int | None = None) -> NDArray[np.int64]:
        """A vector, or `rows` of them, in which nothing was counted."""
        shape = (self.size,) if rows is None else (rows, self.size)
        empty = np.zeros(shape, np.int64)
        empty[..., self.floors] = self.NO_FLOOR
        return empty

    def merged(self, vectors: NDArray[np.int64], axis: int = 0) -> NDArray[np.int64]:
        """Vectors [..., size] -> one over `axis` (not the last)."""
        total: NDArray[np.int64] = vectors.sum(axis)
        least = vectors[..., self.floors].min(axis, initial=self.NO_FLOOR)
        total[..., self.floors] = least
        return total

    def vectors_of(self, reports: Sequence[Report]) -> NDArray[np.int64]:
        """Reports -> int64 [len(reports), size], what each of them counted.

        Raises:
            TelemetryError: a section that the plan does not have, with another number of counters,
                or with a count that cannot be.
        """
        vectors = self.nothing(len(reports))
        if not reports:
            return vectors
        vectors[:, : len(_HEADER)] = [
            (report.seconds, report.windows, report.quiet, 1) for report in reports
        ]
        texts = [text for report in reports for text in report.sections.values()]
        try:
            slices = [self.places[number] for report in reports for number in report.sections]
        except KeyError as error:
            raise TelemetryError(
                "section", f"The reference's plan has no section {error.args[0]}."
            ) from error
        values, counts = unpacked_counters(texts)
        starts = np.array([place.start for place in slices], np.int64)
        stops = np.array([place.stop for place in slices], np.int64)
        if (counts != stops - starts).any():
            raise TelemetryError("section", "A section has another number of counters.")
        rows = np.repeat(np.arange(len(reports)), [len(report.sections) for report in reports])
        firsts = np.cumsum(counts) - counts
        columns = np.arange(len(values)) + np.repeat(starts - firsts, counts)
        vectors[np.repeat(rows, counts), columns] = values
        vectors[:, self._offsets] = from_zigzag(vectors[:, self._offsets])
        self._check(vectors)
        return vectors

    def _check(self, vectors: NDArray[np.int64]) -> None:
        """That no 16-bit counter of a device was beyond 16 bits."""
        health = vectors[:, self.health].reshape(len(vectors), self.channels, len(HEALTH))
        small = [health[..., HEALTH.index(name)] for name in ("windows", "stuck")]
        bins = [
            vectors[:, self.places[PREDICTED].start : self.places[DISTANCE].stop - 1],
            vectors[:, self.feature_bins],
        ]
        if any(part.size and part.max() > _MOST_BIN for part in small + bins):
            raise TelemetryError("range", f"A section counts at most {_MOST_BIN} windows.")

    def sections_of(self, vector: NDArray[np.int64]) -> dict[int, bytes]:
        """A vector [size] -> its sections as a device packs them; the inverse of `vectors_of`."""
        coded = np.array(vector)
        for place in self._offsets:
            coded[place] = zigzag(int(coded[place]))
        return {
            section: packed_counters(coded[place].tolist())
            for section, place in self.places.items()
        }
