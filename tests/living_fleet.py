"""A small fleet whose devices are alike, but for one that drifts and one whose sensor is stuck."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from coincell.monitor import Counts, Reference, Report, Store
from coincell.monitor.layout import DISTANCE, FIRST_FEATURE, FIRST_HEALTH, PREDICTED, SCORE
from made_fleet import START, a_reference, device

DRIFTS, STUCK = 3, 7
HOURS = 24 * 14
_CELLS, _CLASSES, _WINDOWS = 6, 4, 900


def living_reference() -> Reference:
    """Four classes, six bands, scores that are mostly high and then mostly right."""
    plain = a_reference(cells=_CELLS, classes=_CLASSES)
    training = _counted(plain, np.random.default_rng(1), 60_000)
    validation = _counted(plain, np.random.default_rng(2), 12_000)
    scores = validation[plain.layout.places[SCORE]]
    rates = np.linspace(0.3, 0.995, len(scores))
    return dataclasses.replace(
        plain,
        labels=("yes", "no", "<unknown>", "<b>silence</b>"),
        training=Counts(60_000, 40, training),
        validation=Counts(12_000, 12, validation),
        right=np.floor(scores * rates).astype(np.int64),
    )


def fill(place: Path, devices: int = 8, hours: int = HOURS) -> Reference:
    """A store at `place` with reports of each hour; in the last two days one device drifts."""
    reference = living_reference()
    with Store(place) as store:
        store.register(reference)
        generator = np.random.default_rng(3)
        for day in range(0, hours, 24):
            texts = [
                _report(reference, generator, number, hour, hours).to_bytes()
                for hour in range(day, min(day + 24, hours))
                for number in range(devices)
            ]
            store.add(texts, START + 3600 * (day + 24))
    return reference


def _report(
    reference: Reference, generator: np.random.Generator, number: int, hour: int, hours: int
) -> Report:
    drifted = number == DRIFTS and hour >= hours - 48
    vector = _counted(reference, generator, _WINDOWS, 2.0 if drifted else 0.0, number == STUCK)
    return Report(
        device=device(number), reference=bytes.fromhex(reference.identity), boot=1, sequence=hour,
        uptime=3600 * (hour + 1), seconds=3600, windows=_WINDOWS,
        sections=reference.layout.sections_of(vector), time=START + 3600 * (hour + 1) - number - 1,
    )  # fmt: skip


def _counted(
    reference: Reference,
    generator: np.random.Generator,
    windows: int,
    drift: float = 0.0,
    stuck: bool = False,
) -> NDArray[np.int64]:
    """Counters [size] of so many windows; under drift features rise and scores fall."""
    layout = reference.layout
    vector = layout.nothing()
    vector[layout.header["windows"]] = windows
    shares = np.full(_CLASSES, 1 / _CLASSES)
    vector[layout.places[PREDICTED]] = generator.multinomial(windows, shares)
    heights = np.clip(generator.normal(13 - 2 * drift, 2, windows), 0, 15).astype(int)
    vector[layout.places[SCORE]] = np.bincount(heights, minlength=16)
    far = np.clip(generator.normal(2 + drift, 1.5, windows), 0, 7).astype(int)
    place = layout.places[DISTANCE]
    vector[place] = [*np.bincount(far, minlength=8), 100 * windows]
    for band in range(_CELLS):
        values = np.clip(generator.normal(3.5 + drift, 2, windows), 0, 7).astype(int)
        vector[layout.places[FIRST_FEATURE + band]] = np.bincount(values, minlength=8)
    health = [windows, 0, 10 * windows, 500 * windows, windows if stuck else 0, 90]
    vector[layout.places[FIRST_HEALTH]] = health
    return vector
