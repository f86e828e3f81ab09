"""The column of times in lines that a board prints, held against the clock of this computer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.board.feed import Heading
from coincell.data import Table, clock_of

_UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_AGREES = 1.5
"""A rate by a column of times is the clock's when they differ by no larger factor."""

_GAP = 1.5


@dataclass(frozen=True)
class LineTimes:
    """The column of times of a board's lines.

    Attributes:
        column: its place.
        told: whether its name tells its unit.
        unit: of a column that does not tell it, found by the clock; "" where none agrees.
        rate_hz: readings a second by it; 0 where it does not agree with the clock.
    """

    column: int
    told: bool
    unit: str
    rate_hz: float


def line_times(
    values: NDArray[Any], heading: Heading, channels: int, measured: Sequence[float]
) -> LineTimes | None:
    """The column of times, and in what unit it agrees with the clock; None without one.

    Args:
        values: float64 [n, columns], NaN for what could not be read.
        heading: of the lines.
        channels: how many the project has.
        measured: readings a second by the clock: of a board that had to wait before it was
            heard, the first measurement is too fast; one that agrees is enough.
    """
    whole = values[np.isfinite(values).all(axis=1)]
    units = heading.units or ("",) * values.shape[1]
    clock = clock_of(Table(heading.channels, units, whole, np.arange(len(whole))), channels)
    if clock is None or len(whole) < 3:
        return None
    steps = np.diff(whole[:, clock.column])
    usual = float(np.median(steps))
    if usual <= 0:
        return None
    step = float(np.mean(steps[(steps > 0) & (steps < _GAP * usual)]))
    told = clock.seconds > 0
    possible = {"": clock.seconds} if told else _UNITS
    rates = {unit: 1.0 / (step * seconds) for unit, seconds in possible.items()}

    def apart(rate_hz: float) -> float:
        return min(max(rate_hz / own, own / rate_hz) for own in measured)

    unit = min(rates, key=lambda each: apart(rates[each]))
    if apart(rates[unit]) > _AGREES:
        return LineTimes(clock.column, told, "", 0.0)
    return LineTimes(clock.column, told, unit, rates[unit])


def named_times(
    values: NDArray[Any], heading: Heading, times: LineTimes | None, channels: tuple[str, ...]
) -> tuple[NDArray[Any], Heading]:
    """Readings whose column of times, if they have one, cannot be mistaken for another unit.

    Columns without names get those of the project's `channels`; times of an untold unit become
    seconds, and those that agree with no clock are left out.
    """
    if times is None or times.told:
        unnamed = not heading.channels and heading.columns == len(channels)
        return values, replace(heading, channels=channels, units=("",) * len(channels)) if (
            unnamed
        ) else heading
    at = times.column
    names = list(heading.channels or (*channels[:at], "time", *channels[at:]))
    units = list(heading.units or ("",) * values.shape[1])
    if times.unit:
        names[at], units[at] = "time", "s"
        values = values.copy()
        values[:, at] *= _UNITS[times.unit]
    else:
        del names[at], units[at]
        values = np.delete(values, at, axis=1)
    own = replace(heading, channels=tuple(names), units=tuple(units), columns=len(names))
    return values, own
