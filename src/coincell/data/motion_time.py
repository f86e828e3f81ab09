"""When readings were taken: the column that tells it, the rate, gaps, resampling."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincell.data.audio import resample
from coincell.data.motion_table import Table
from coincell.errors import DataError

_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9, "sec": 1.0, "min": 60.0}
_WORDS = {
    "millis": 1e-3, "milliseconds": 1e-3, "micros": 1e-6, "microseconds": 1e-6,
    "seconds": 1.0, "nanoseconds": 1e-9,
}  # fmt: skip
_TIME = re.compile(r"(?:time(?:stamp)?|t|elapsed|epoch)(?:[ _-]?(?P<unit>s|ms|us|ns|sec))?")
_LONGEST_REPAIR = 10
"""Readings in a row that may lie between their neighbours: as long as they are few."""

SAME_RATE = 0.005
"""Rates that differ by less are one: clocks of boards are off by as much."""

_GAP = 1.5
_EVEN = 0.01


@dataclass(frozen=True)
class Clock:
    """The column of times: its place, and seconds a step of it (0: to be told from the rate)."""

    column: int
    seconds: float


def time_step(name: str, unit: str) -> float | None:
    """Seconds a step of a column of times, by its heading: 0 where that tells no known unit, None
    where it is no such column."""
    word, told = name.strip().lower(), unit.strip().lower()
    match = _TIME.fullmatch(word)
    if not match and word not in _WORDS:
        return None
    told = told or (match["unit"] if match and match["unit"] else "")
    return _WORDS.get(word) or _SECONDS.get(told, 0.0)


def clock_of(table: Table, columns_wanted: int) -> Clock | None:
    """The column of times: by its name, or by being even where there are no names."""
    for index, name in enumerate(table.names):
        seconds = time_step(name, table.units[index])
        if seconds is not None:
            return Clock(index, seconds)
    if table.names or table.values.shape[1] != columns_wanted + 1 or len(table.values) < 3:
        return None
    for index in (0, table.values.shape[1] - 1):
        steps = np.diff(table.values[:, index])
        usual = np.median(steps)
        if usual > 0 and np.all(steps > 0) and np.mean(np.abs(steps - usual) <= usual / 5) > 0.8:
            return Clock(index, 0.0)
    return None


@dataclass(frozen=True)
class Timed:
    """One recording brought to the project's rate.

    Attributes:
        values: float64 [m, channels].
        rate_hz: of the file; the project's where the file tells no times.
        filled: readings that were missing by the times and now lie between their neighbours.
        gaps: in how many places.
        steps: readings of the file.
    """

    values: NDArray[np.float64]
    rate_hz: float
    filled: int = 0
    gaps: int = 0
    steps: int = 0


def seconds_of(times: NDArray[np.float64], clock: Clock, rate_hz: int) -> NDArray[np.float64]:
    """Times as written -> seconds from the first; an untold unit is that of the nearest rate."""
    relative: NDArray[np.float64] = times - times[0]
    if clock.seconds:
        relative *= clock.seconds
        return relative
    usual = float(np.median(np.diff(times))) if len(times) > 1 else 1.0
    if usual <= 0:
        return relative
    units = (1.0, 1e-3, 1e-6, 1e-9)
    nearest = min(units, key=lambda unit: abs(np.log(1.0 / (usual * unit) / rate_hz)))
    relative *= nearest
    return relative


def evenly(
    values: NDArray[np.float64],
    seconds: NDArray[np.float64],
    lines: NDArray[np.int64],
    rate_hz: int,
    where: str,
) -> Timed:
    """Readings at their times -> readings at the project's rate.

    A few missing readings lie between their neighbours afterwards, and are counted.

    Args:
        values: float64 [n, channels], n >= 2.
        seconds: float64 [n], rising.
        lines: int64 [n], for messages.
        rate_hz: the rate wanted.
        where: the file, for messages.

    Raises:
        DataError: times that fall or stand still, or a gap of more than ten readings.
    """
    steps = np.diff(seconds)
    if np.any(steps <= 0):
        at = int(np.argmax(steps <= 0)) + 1
        raise DataError(
            f"{where}, line {lines[at]}: times rise from reading to reading; this one does not.",
            "Was the recording begun anew? A blank line begins another recording.",
        )
    usual = float(np.median(steps))
    long = steps > _GAP * usual
    missing = np.rint(steps[long] / usual).astype(np.int64) - 1
    if missing.size and int(missing.max()) > _LONGEST_REPAIR:
        at = int(np.argmax(steps)) + 1
        raise DataError(
            f"{where}, line {lines[at]}: a gap: {steps[at - 1]:.3g} s pass before this reading, "
            f"{usual:.3g} s between others.",
            "A blank line there parts it in two, and so does `coincell data import --repair`.",
        )
    own = 1.0 / float(np.mean(steps[~long]))
    even = np.all(np.abs(steps - usual) <= _EVEN * usual)
    if not even:
        grid = np.arange(round(float(seconds[-1]) * own) + 1) / own
        values = np.stack([np.interp(grid, seconds, column) for column in values.T], axis=1)
    filled = int(missing.sum())
    return Timed(at_rate(values, own, rate_hz), own, filled, int(long.sum()), len(seconds))


def at_rate(values: NDArray[np.float64], own_hz: float, rate_hz: int) -> NDArray[np.float64]:
    """Evenly spaced readings [n, channels] at `own_hz` -> at `rate_hz`, band-limited.

    The ends are mirrored about their values first: a filter takes what lies beyond for zero, and
    gravity is not.
    """
    if abs(own_hz / rate_hz - 1) <= SAME_RATE or len(values) < 2:
        return values
    ratio = rate_hz / own_hz
    least = max(64, round(32 / ratio))
    # As many as are nearly a whole number of the new readings, so that nothing moves in time.
    reach = min(
        range(least, 2 * least), key=lambda steps: abs(steps * ratio - round(steps * ratio))
    )
    padded = np.pad(values, ((reach, reach), (0, 0)), mode="reflect", reflect_type="odd")
    made = resample(np.ascontiguousarray(padded), own_hz, rate_hz)
    first = round(reach * ratio)
    count = max(1, round(len(values) * ratio))
    return made[first : first + count]


def cut_at_gaps(seconds: NDArray[np.float64]) -> list[int]:
    """Places where more than ten readings are missing before a reading: other recordings begin."""
    steps = np.diff(seconds)
    if not len(steps) or np.any(steps <= 0):
        return []
    usual = float(np.median(steps))
    return [int(i) + 1 for i in np.flatnonzero(steps > (_LONGEST_REPAIR + 1.5) * usual)]


def mended(values: NDArray[np.float64], where: str, line: int) -> tuple[NDArray[np.float64], int]:
    """[n, channels] with NaN -> without, and how many readings were mended or, at the ends, left
    out.

    Raises:
        DataError: more than ten in a row are no numbers, or all are.
    """
    bad = ~np.isfinite(values).all(axis=1)
    if not bad.any():
        return values, 0
    good = np.flatnonzero(~bad)
    if good.size < 2 or int(np.diff(good).max()) > _LONGEST_REPAIR + 1:
        raise DataError(
            f"{where}, line {line}: more than {_LONGEST_REPAIR} readings in a row are no numbers.",
            "That is not mended: record it anew, or cut the file there.",
        )
    places = np.arange(good[0], good[-1] + 1)
    columns = []
    for column in values.T:
        sound = np.flatnonzero(np.isfinite(column))
        columns.append(np.interp(places, sound, column[sound]))
    return np.stack(columns, axis=1), int(bad.sum())
