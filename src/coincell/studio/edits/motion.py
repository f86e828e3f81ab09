"""Readings over time: another scale, a sensor mounted otherwise, an offset, noise."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.data import to_int16
from coincell.project import DataSettings
from coincell.studio.edits.edit import Edit, Values

_AXES = ("x", "y", "z")
_MOST_OFFSETS = 6
_SEED = 21


def motion_edits(data: DataSettings) -> tuple[Edit, ...]:
    """What can be changed in a window of readings."""
    length = float(data.window_ms)
    offsets = tuple(
        Edit(f"offset_{at}", f"Offset of {name}", unit, -full, full, full / 100, 0)
        for at, (name, unit, full) in enumerate(
            zip(data.channels, data.units, data.full_scale, strict=True)
        )
        if at < _MOST_OFFSETS
    )
    turns = tuple(
        Edit(f"turn_{axis}", f"Turned about {axis}", "°", -180, 180, 5, 0,
             note="the sensor mounted otherwise")
        for axis in _AXES
        if len(data.channels) % 3 == 0
    )  # fmt: skip
    return (
        Edit("scale", "Scale", "times", 0, 4, 0.05, 1, note="what is too much is clipped"),
        *turns,
        *offsets,
        Edit("shift_ms", "Shift", "ms", -length, length, max(1.0, length / 100), 0, note="later"),
        Edit("noise", "Noise", "of full scale", 0, 0.5, 0.005, 0),
    )


def alter_motion(window: NDArray[Any], values: Values, data: DataSettings) -> NDArray[np.int16]:
    """int16 [form.values] -> the same form: turned, scaled, shifted, then offset and noise."""
    readings = window.reshape(data.form.shape).astype(np.float64) / 32768.0
    angles = [values.get(f"turn_{axis}", 0.0) for axis in _AXES]
    if any(angles):
        full = np.array(data.full_scale)
        triples = (readings * full).reshape(len(readings), -1, 3)
        readings = (triples @ rotation(angles).T).reshape(readings.shape) / full
    readings = readings * values.get("scale", 1.0)
    if shift := values.get("shift_ms"):
        steps = round(shift * data.form.rate_hz / 1000)
        places = np.clip(np.arange(len(readings)) - steps, 0, len(readings) - 1)
        readings = readings[places]
    for at, full_scale in enumerate(data.full_scale):
        readings[:, at] += values.get(f"offset_{at}", 0.0) / full_scale
    if share := values.get("noise"):
        readings += share * np.random.default_rng(_SEED).standard_normal(readings.shape)
    return to_int16(readings)


def rotation(degrees: list[float]) -> NDArray[np.float64]:
    """A turn about x, then y, then z, as a matrix [3, 3] for columns."""
    matrix: NDArray[np.float64] = np.eye(3)
    for axis, angle in enumerate(np.radians(degrees)):
        turn = np.eye(3)
        one, two = (axis + 1) % 3, (axis + 2) % 3
        turn[one, one] = turn[two, two] = np.cos(angle)
        turn[one, two], turn[two, one] = -np.sin(angle), np.sin(angle)
        matrix = turn @ matrix
    return matrix
