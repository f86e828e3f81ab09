# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""How the board is moved: what its inertial sensors would feel at each moment."""

from __future__ import annotations

from array import array

from ..machine import Machine
from .system import CLOCK_HZ

COLUMNS = 9
AT_REST = (0.0, 0.0, 1.0) + 6 * (0.0,)
"""Flat on a table, without a magnetic field."""


class Motion:
    """The world "motion".

    Rows of acceleration (g), rotation (degrees a second) and magnetic field (microtesla), each in
    x, y, z as Arduino's library for the board reports them, at an even rate; a straight line
    between two rows.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self._rows = array("f", AT_REST)
        self._rate_hz = 1.0
        self._repeat = False
        self._begun = 0

    def reset(self) -> None:
        """From the first row on."""
        self._begun = 0

    def load(self, blob: bytes, **settings: object) -> None:
        """Move from now on as float32 (rows, 9) says, at `rate_hz`.

        After the last row the board rests there, or begins anew with `repeat`.
        """
        self._rows = array("f", blob or array("f", AT_REST).tobytes())
        rate_hz = settings.get("rate_hz", 1.0)
        assert isinstance(rate_hz, int | float)
        self._rate_hz = float(rate_hz)
        self._repeat = bool(settings.get("repeat", False))
        self._begun = self.machine.now

    def at(self, cycle: float) -> list[float]:
        """The nine values at a moment."""
        rows = len(self._rows) // COLUMNS
        position = max((cycle - self._begun) * self._rate_hz / CLOCK_HZ, 0.0)
        if self._repeat:
            position %= rows
        index = min(int(position), rows - 1)
        following = (index + 1) % rows if self._repeat else min(index + 1, rows - 1)
        part = position - index if following != index else 0.0
        before = self._rows[COLUMNS * index : COLUMNS * (index + 1)]
        after = self._rows[COLUMNS * following : COLUMNS * (following + 1)]
        return [a + part * (b - a) for a, b in zip(before, after, strict=True)]


class Samples:
    """What a sensor measures at its own rate, and the queue in which it keeps it.

    Nothing happens at a sample: which ones were taken is reckoned when someone asks.

    Args:
        depth: samples that the queue holds.
    """

    def __init__(self, machine: Machine, depth: int) -> None:
        self.machine = machine
        self.depth = depth
        self.stop()

    def stop(self) -> None:
        """No samples any more."""
        self.rate_hz = 0.0
        self._begun = 0
        self._first = 0
        self.queueing = False
        self.stops_when_full = False
        self.overrun = False

    def start(self, rate_hz: float) -> None:
        """The first sample comes one period from now."""
        if rate_hz != self.rate_hz:
            self.rate_hz = rate_hz
            self._begun = self.machine.now
            self.clear()

    def clear(self) -> None:
        """The queue is empty."""
        self._first = self.taken
        self.overrun = False

    @property
    def taken(self) -> int:
        """How many since `start`."""
        return int((self.machine.now - self._begun) * self.rate_hz / CLOCK_HZ)

    def moment(self, index: int) -> float:
        """When sample `index`, from 0, was taken, in cycles."""
        return self._begun + (index + 1) * CLOCK_HZ / self.rate_hz

    def queued(self) -> int:
        """How many wait; the oldest go when there are more than fit, unless it stops when full."""
        waiting = self.taken - self._first
        if waiting > self.depth:
            self.overrun = True
            waiting = self.depth
            if not self.stops_when_full:
                self._first = self.taken - self.depth
        return waiting if self.queueing else 0

    def oldest(self) -> int | None:
        """The sample that the queue gives next."""
        return self._first if self.queued() else None

    def drop(self) -> None:
        """Take the oldest from the queue; a full one that had stopped goes on from now."""
        if self.queued():
            full = self.stops_when_full and self.overrun
            self._first = self.taken - self.depth + 1 if full else self._first + 1
            self.overrun = False

    def latest(self) -> int | None:
        """The newest sample."""
        return self.taken - 1 if self.rate_hz and self.taken else None


def counts(value: float, step: float, low: int = -32768, high: int = 32767) -> int:
    """`value` in steps of `step`, saturated."""
    return max(low, min(high, round(value / step)))
