"""Whether a device's sensor still works, by what it counted of the raw samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincell.monitor.layout import HEALTH, CounterLayout
from coincell.monitor.reference import Reference

_MORE_CLIPPED = 0.01
_MORE_STUCK = 0.02
_OFFSET = 0.05
_LEVEL_RATIO = 8.0
_FEW = 50
_SENSORS = {"sound": "microphone", "picture": "camera"}
"""Whose channels may have no name."""


@dataclass(frozen=True)
class ChannelHealth:
    """One channel of a sensor.

    Attributes:
        channel: its name.
        clipped: share of samples at the ends of their range.
        offset: mean of the samples, a share of full scale.
        level: mean distance from it, a share of full scale.
        stuck: share of windows in which all samples are equal.
        faults: what is wrong with it, in words; empty where nothing is.
    """

    channel: str
    clipped: float
    offset: float
    level: float
    stuck: float
    faults: tuple[str, ...]


def sensor_health(reference: Reference, vector: NDArray[np.int64]) -> list[ChannelHealth]:
    """Each channel of counts [layout.size], beside the training split's."""
    now = health_shares(reference, vector)
    then = health_shares(reference, reference.training.vector)
    windows = _table(reference.layout, vector)[:, 0]
    count = reference.layout.channels
    sensor = _SENSORS.get(reference.sense, "sensor")
    unnamed = tuple(
        f"{sensor}, channel {number}" if count > 1 else sensor for number in range(1, count + 1)
    )
    names = reference.channels if len(reference.channels) == count else unnamed
    return [
        ChannelHealth(
            channel=name,
            clipped=float(row[0]),
            offset=float(row[1]),
            level=float(row[2]),
            stuck=float(row[3]),
            faults=_words(row, known) if held >= _FEW else (),
        )
        for name, row, known, held in zip(names, now, then, windows, strict=True)
    ]


def faulty_moments(reference: Reference, vectors: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Counts [n, layout.size] -> whether any channel has a fault, bool [n]."""
    then = health_shares(reference, reference.training.vector)
    faults = _faults(health_shares(reference, vectors), then)
    told = _table(reference.layout, vectors)[..., 0] >= _FEW
    return np.asarray((faults.any(-1) & told).any(-1))


def health_shares(reference: Reference, vector: NDArray[np.int64]) -> NDArray[np.float64]:
    """Counts [..., layout.size] -> clipped, offset, level, stuck as shares, float64
    [..., channels, 4]."""
    table = _table(reference.layout, vector).astype(np.float64)
    names = {name: table[..., column] for column, name in enumerate(HEALTH)}
    windows = np.maximum(names["windows"], 1.0)
    scale = 32768.0 if reference.plan.sample_bytes == 2 else 255.0
    return np.stack(
        [
            names["clipped"] / (windows * reference.plan.health_steps),
            names["offset"] / windows / scale,
            names["level"] / windows / scale,
            names["stuck"] / windows,
        ],
        axis=-1,
    )


def _table(layout: CounterLayout, vector: NDArray[np.int64]) -> NDArray[np.int64]:
    """Counts [..., layout.size] -> [..., channels, 6]."""
    return vector[..., layout.health].reshape(*vector.shape[:-1], layout.channels, len(HEALTH))


def _faults(now: NDArray[np.float64], then: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Shares [..., 4] -> clipped, off, stuck, too quiet, too loud, bool [..., 5]."""
    stuck = now[..., 3] > then[..., 3] + _MORE_STUCK
    level, known = now[..., 2], then[..., 2]
    return np.stack(
        [
            now[..., 0] > then[..., 0] + _MORE_CLIPPED,
            np.abs(now[..., 1] - then[..., 1]) > _OFFSET,
            stuck,
            (level * _LEVEL_RATIO < known) & ~stuck,
            (level > _LEVEL_RATIO * known) & (known > 0) & ~stuck,
        ],
        axis=-1,
    )


def _words(now: NDArray[np.float64], then: NDArray[np.float64]) -> tuple[str, ...]:
    """What is wrong with one channel."""
    clipped, offset, level, stuck = now.tolist()
    words = (
        f"{100 * clipped:.1f} % of the samples are clipped",
        f"the offset is {100 * offset:+.1f} % of full scale, in training {100 * then[1]:+.1f} %",
        f"it is stuck in {100 * stuck:.1f} % of the windows",
        f"it is {then[2] / max(level, 1e-9):.0f} times quieter than in training",
        f"it is {level / max(then[2], 1e-9):.0f} times louder than in training",
    )
    return tuple(word for word, wrong in zip(words, _faults(now, then), strict=True) if wrong)
