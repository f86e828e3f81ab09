"""Made recordings of a sensor at rest, for a class of rest where movements are told apart.

A classifier tells one of its classes of whatever it meets; without a class of rest a device that
lies on a table goes on telling movements. What is made is idle, not exactly still: laid down, worn
by somebody who sits, or held. It is as BasicMotions' readings are: acceleration in m/s2 with
gravity taken out (the means of its standing recordings are 0.0 to 0.3 m/s2 long), rotation in
rad/s.
"""

from __future__ import annotations

from functools import partial
from statistics import median

import numpy as np
from numpy.typing import NDArray

from coincell.data.manifest import SPLITS, Sample, Split
from coincell.data.noise import generator_for
from coincell.data.offline import Recipe
from coincell.files import sha256_bytes
from coincell.project import Project

REST_FORMAT = "synthetic rest"
_METHOD = 1
_AXES = 3
"""Of acceleration, then as many of rotation."""


def rest_recipes(
    project: Project, movements: list[Recipe], there: tuple[Sample, ...], steps: int, rate_hz: int
) -> list[Recipe]:
    """In each split as many recordings as the median of the movements, each of `steps` readings.

    Nothing where the project has no class of rest (data.silence_label), or recordings of it.

    Args:
        project: labels, seed.
        movements: what is made beside them.
        there: the data set so far.
        steps: readings of a recording.
        rate_hz: readings a second.
    """
    data, seed = project.configuration.data, project.configuration.project.seed
    label = data.silence_label
    recorded = any(s.label == label and s.source.format != REST_FORMAT for s in there)
    if label not in data.labels or recorded:
        return []
    recipes = []
    for split in SPLITS:
        for number in range(_wanted(movements, split)):
            file = f"{label}/synthetic-{split}-{number:02}.npy"
            key = sha256_bytes(repr((_METHOD, seed, file, steps, rate_hz)).encode())
            make = partial(_made, seed, file, steps, rate_hz)
            recipes.append(Recipe(file, label, split, key, make))
    return recipes


def _wanted(movements: list[Recipe], split: Split) -> int:
    labels = {recipe.label for recipe in movements}
    counts = [sum(r.label == label and r.split == split for r in movements) for label in labels]
    return round(median(counts)) if counts else 0


def _made(seed: int, file: str, steps: int, rate_hz: int) -> NDArray[np.float32]:
    return resting(steps, rate_hz, generator_for(seed, "rest", file))


def resting(steps: int, rate_hz: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """float32 [steps, 6] of a sensor at rest: acceleration in m/s2, rotation in rad/s.

    Each recording draws how far it is from stillness, from a sensor laid down (noise and offset
    alone) to a hand that is held: sway slower than 0.5 Hz, and a tremor of 8 to 12 Hz
    (physiological tremor), which folds over where fewer readings are taken.
    """
    idle = rng.uniform(0, 1) * (rng.random() < 0.75)  # a quarter lies on a table
    offset = rng.normal(0, [0.1] * _AXES + [0.01] * _AXES)
    noise = np.exp(rng.uniform(np.log(0.2), 0)) * np.array([0.05] * _AXES + [0.01] * _AXES)
    sway = idle * rng.uniform(0, [0.2] * _AXES + [0.08] * _AXES)
    tremor = idle * rng.uniform(0, [0.1] * _AXES + [0.03] * _AXES)
    times = np.arange(steps)[:, np.newaxis] / rate_hz
    slow = _wave(times, rng.uniform(0.05, 0.5, 2 * _AXES), rng)
    quick = _wave(times, rng.uniform(8, 12), rng)
    readings = offset + sway * slow + tremor * quick
    readings += noise * rng.standard_normal(readings.shape)
    made: NDArray[np.float32] = readings.astype(np.float32)
    return made


def _wave(
    times: NDArray[np.float64], hertz: NDArray[np.float64] | float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """[steps, 6]: a sine of each channel, each of its own phase."""
    wave: NDArray[np.float64] = np.sin(2 * np.pi * (hertz * times + rng.random(2 * _AXES)))
    return wave
