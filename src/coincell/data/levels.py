"""What a fresh recording is like, for who looks at it before it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from coincell.data.senses import ReadOptions, Recording, sense_files
from coincell.project import DataSettings

_FLAT_SHARE = 1e-4
"""Of full scale: a channel that moves less in a whole recording hangs, or is not wired."""


@dataclass(frozen=True)
class ChannelLevel:
    """One channel of a recording, in its unit.

    Attributes:
        name: of the channel.
        unit: its unit; of sound and pictures "of full scale".
        least, mean, most: of its readings.
        saturated: readings at full scale or beyond.
        flat: whether it stands still.
    """

    name: str
    unit: str
    least: float
    mean: float
    most: float
    saturated: int
    flat: bool

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return dict(vars(self))


@dataclass(frozen=True)
class Review:
    """A recording as it would be imported.

    Attributes:
        seconds: how long; 0 of a picture.
        levels: of each channel.
        notes: what was done to it on the way in -> how often.
    """

    seconds: float
    levels: tuple[ChannelLevel, ...]
    notes: dict[str, int]

    @property
    def saturated(self) -> int:
        """Readings at full scale or beyond, of all channels."""
        return sum(level.saturated for level in self.levels)

    @property
    def flat(self) -> tuple[str, ...]:
        """Channels that stand still."""
        return tuple(level.name for level in self.levels if level.flat)


def review_recording(content: bytes, name: str, settings: DataSettings) -> Review:
    """What `data import` would make of a file, with mending, and what it is like.

    Raises:
        DataError: it cannot be imported.
    """
    files = sense_files(settings, ReadOptions(repair=True))
    recording = files.decode(content, name, settings)
    levels = tuple(_levels(recording, settings))
    return Review(files.seconds(recording.samples, settings), levels, dict(recording.notes))


def _levels(recording: Recording, settings: DataSettings) -> list[ChannelLevel]:
    samples = recording.samples
    if settings.sense == "motion":
        names, units, scales = settings.channels, settings.units, settings.full_scale
        values = samples.astype(np.float64)
    elif settings.sense == "sound":
        names, units, scales = ("sound",), ("of full scale",), (1.0,)
        values = samples.reshape(-1, 1) / 32768.0
    else:
        names, units, scales = ("brightness",), ("of full scale",), (1.0,)
        values = samples.reshape(-1, 1) / 255.0
    found = []
    for column, (name, unit, scale) in enumerate(zip(names, units, scales, strict=True)):
        one = values[:, column]
        over = np.abs(one) >= scale * (1 - 1 / 32768)
        found.append(
            ChannelLevel(
                name,
                unit,
                float(one.min()),
                float(one.mean()),
                float(one.max()),
                0 if settings.sense == "picture" else int(np.count_nonzero(over)),
                bool(np.ptp(one) <= _FLAT_SHARE * scale),
            )
        )
    return found
