"""A fleet of virtual devices that draw windows from a bank, drift injected at a known hour."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincell.monitor.bank import Bank, Condition
from coincell.monitor.layout import CounterLayout

_HOURS = 24
_ROOM = 190
"""Bytes of a report that sections get: 256 less the header, device, reference and tag."""

_SECTION_BYTES = 3
"""Of a section's number and length."""

_DAY = np.array([1, 1, 1, 1, 1, 2, 6, 10, 8, 5, 4, 5, 7, 6, 5, 5, 6, 9, 12, 12, 10, 8, 5, 2.0])
"""How much is said in each hour of a day, in any unit."""


@dataclass(frozen=True)
class FleetSettings:
    """How a simulated fleet lives.

    Attributes:
        devices: how many.
        days: so long each is watched.
        sessions: times a day that somebody is at a device, on average.
        windows: decided in a session, on average; all of one person.
        household: people at a device, at most; one of them is there in a session.
        days_vary: how unlike days are, of one device: standard deviation of the logarithm of how
            often each person and each class occurs.
        devices_vary: the same between devices.
        onset_days: over which drift grows: the share of windows that it reaches rises from none to
            all; 0: it is there at once.
        seed: of everything.
    """

    devices: int = 200
    days: int = 30
    sessions: float = 80.0
    windows: float = 6.0
    household: int = 3
    days_vary: float = 0.3
    devices_vary: float = 0.5
    onset_days: float = 0.0
    seed: int = 1

    @property
    def hours(self) -> int:
        """Each is watched."""
        return self.days * _HOURS


@dataclass(frozen=True)
class SimulatedDevice:
    """What one device told, and what was true.

    Attributes:
        number: 0 and on.
        begins: hour at which drift sets in; None where nothing drifts.
        vectors: told at the end of each hour, int64 [hours, layout.size].
        windows: decided in each hour, int64 [hours].
        right: of them, how many the model had right, int64 [hours].
    """

    number: int
    begins: int | None
    vectors: NDArray[np.int64]
    windows: NDArray[np.int64]
    right: NDArray[np.int64]


def simulate(
    bank: Bank, settings: FleetSettings, drift: Condition | None = None
) -> Iterator[SimulatedDevice]:
    """Devices one after another; with `drift`, each has it from an hour in the third fifth on.

    Up to that hour a device tells the same with drift and without. A report holds few sections at
    a time (docs/telemetry.md); so each section is told every few hours, for all of them.
    """
    for number in range(settings.devices):
        rng = np.random.default_rng([settings.seed, number])
        begins = int(rng.integers(settings.hours * 2 // 5, settings.hours * 3 // 5))
        hours, rows = _lived(bank, settings, rng)
        state = bank.clean
        vectors, right = state.vectors[rows], state.right[rows].astype(np.int64)
        if drift is not None:
            late = _reached(hours - begins, settings, number)
            vectors[late] = drift.vectors[rows[late]]
            right[late] = drift.right[rows[late]]
        layout = bank.reference.layout
        counted = _by_hour(layout, hours, vectors, settings.hours)
        windows = np.bincount(hours, minlength=settings.hours)
        counted[:, layout.header["seconds"]] = 3600
        counted[:, layout.header["windows"]] = windows
        counted[:, layout.header["reports"]] = 1
        yield SimulatedDevice(
            number,
            begins if drift is not None else None,
            told_in_turn(layout, counted, number),
            windows,
            np.bincount(hours, right, settings.hours).astype(np.int64),
        )


def _reached(
    since: NDArray[np.int64], settings: FleetSettings, number: int
) -> NDArray[np.bool_]:
    """Hours since drift began -> which windows it reaches."""
    if not settings.onset_days:
        return since >= 0
    share = (since + 1) / (_HOURS * settings.onset_days)
    rng = np.random.default_rng([settings.seed, number, 1])  # the others' draws stay as they are
    reached: NDArray[np.bool_] = (since >= 0) & (rng.random(len(since)) < share)
    return reached


def _lived(
    bank: Bank, settings: FleetSettings, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The hour, ascending, and the row of the bank of each window that a device decides."""
    everyone = sorted({name for name in bank.people if name})
    size = int(rng.integers(1, settings.household + 1))
    home = set(rng.choice(everyone, min(size, len(everyone)), replace=False)) if everyone else set()
    cells: dict[tuple[str, int], list[int]] = {}
    for row, (person, label) in enumerate(zip(bank.people, bank.labels.tolist(), strict=True)):
        if not person or person in home:
            cells.setdefault((person, label), []).append(row)
    members = list(cells.values())
    labels = np.array([label for _, label in cells])
    people = np.unique([person for person, _ in cells], return_inverse=True)[1]
    kinds = [labels, people]
    # Each class is as frequent as any other, but for what the device and the day make of it.
    base = -np.log(np.bincount(labels)[labels].astype(np.float64))
    for kind in kinds:
        base = base + rng.normal(0, settings.devices_vary, kind.max() + 1)[kind]
    hours, rows = [], []
    sizes = np.array([len(member) for member in members])
    flat, starts = np.concatenate(members), np.cumsum(sizes) - sizes
    for day in range(settings.days):
        mood = base.copy()
        for kind in kinds:
            mood += rng.normal(0, settings.days_vary, kind.max() + 1)[kind]
        weights = np.exp(mood - mood.max())
        count = int(rng.poisson(settings.sessions * np.exp(rng.normal(0, settings.days_vary))))
        cell = rng.choice(len(members), max(count, 1), p=weights / weights.sum())
        hour = rng.choice(_HOURS, len(cell), p=_DAY / _DAY.sum())
        length = rng.geometric(1 / settings.windows, len(cell))
        cell, hour = np.repeat(cell, length), np.repeat(hour, length)
        order = np.argsort(hour, kind="stable")
        drawn = starts[cell] + (rng.random(len(cell)) * sizes[cell]).astype(np.int64)
        hours.append(day * _HOURS + hour[order])
        rows.append(flat[drawn[order]])
    return np.concatenate(hours), np.concatenate(rows)


def _by_hour(
    layout: CounterLayout, hours: NDArray[np.int64], vectors: NDArray[np.int64], count: int
) -> NDArray[np.int64]:
    """Windows' vectors merged by their hour, int64 [count, size]."""
    counted = layout.nothing(count)
    starts = np.flatnonzero(np.diff(hours, prepend=-1))
    counted[hours[starts]] = np.add.reduceat(vectors, starts, 0)
    least = np.minimum.reduceat(vectors[:, layout.floors], starts, 0)
    counted[np.ix_(hours[starts], layout.floors)] = least
    return counted


def told_in_turn(
    layout: CounterLayout, counted: NDArray[np.int64], phase: int = 0
) -> NDArray[np.int64]:
    """What was counted in each hour [hours, size] -> what is told at its end: some sections in
    turn, each with all that it counted since it was told last.

    Args:
        layout: of the vectors.
        counted: by hour.
        phase: which sections come first.
    """
    usual = np.maximum(counted.sum(0) // max(len(counted), 1), 0)
    lengths = {key: len(text) + _SECTION_BYTES for key, text in layout.sections_of(usual).items()}
    turns = max(1, -(-sum(lengths.values()) // _ROOM))
    told = layout.nothing(len(counted))
    header = layout.places[1].start
    told[:, :header] = counted[:, :header]
    filled = 0
    columns: dict[int, list[int]] = {}
    for section, place in layout.places.items():
        turn = (filled // _ROOM + phase) % turns
        filled += lengths[section]
        columns.setdefault(turn, []).extend(range(place.start, place.stop))
    for turn, places in columns.items():
        ends = np.arange(turn, len(counted), turns)
        if not len(ends):
            continue
        begins = np.concatenate([[0], ends[:-1] + 1])
        until = counted[: ends[-1] + 1]
        merged = np.add.reduceat(until, begins, 0)
        merged[:, layout.floors] = np.minimum.reduceat(until[:, layout.floors], begins, 0)
        told[np.ix_(ends, np.array(places))] = merged[:, places]
    return told
