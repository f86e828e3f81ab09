"""Recordings of made machines: for a speed to be told, or for faults to be noticed."""

from __future__ import annotations

import json
import math
from functools import partial

import numpy as np
from numpy.typing import NDArray

from coincell.data.bearing import (
    AXES,
    FAULTS,
    Fault,
    Machine,
    Running,
    Sensor,
    bearing_vibration,
    draw_machine,
)
from coincell.data.manifest import Split
from coincell.data.noise import generator_for
from coincell.data.offline import OfflineSummary, Recipe, make_recordings
from coincell.data.progress import Progress, silent
from coincell.data.splits import Unit, assign_splits
from coincell.errors import DataError
from coincell.files import sha256_bytes
from coincell.project import Project
from coincell.units import need_factor, unit_factor

VIBRATION_FORMAT = "synthetic vibration"
_METHOD = 1  # part of each recording's key: raise it when the same parameters give another one


def synthesize_vibration(project: Project, progress: Progress = silent) -> OfflineSummary:
    """Make the machines of [synthesis.vibration] and their recordings; see `data.bearing`.

    Every machine is a pure function of the seed and its number, and every recording of its
    machine's and its own. A machine is on one side of the split. Regression: the target is the
    rotational speed. Anomaly detection: normal recordings of every machine, and those with faults
    only of machines that are held out.

    Raises:
        DataError: the project's channels, units or target are not what the generator gives.
    """
    data, settings = project.configuration.data, project.configuration.synthesis.vibration
    _check_channels(project)
    names = [f"machine-{number:03}" for number in range(settings.machines)]
    splits = assign_splits(
        [Unit(name, frozenset({"machine"})) for name in names],
        {},
        data.split,
        project.configuration.project.seed,
        {},
    )
    recipes = [recipe for name in names for recipe in _of_machine(project, name, splits[name])]
    return make_recordings(
        project,
        recipes,
        VIBRATION_FORMAT,
        f"vibration of {settings.machines} made machines on ball bearings",
        progress,
        rate_hz=data.sample_rate_hz,
        channels=len(data.channels),
    )


def _check_channels(project: Project) -> None:
    configuration = project.configuration
    data = configuration.data
    if data.sense != "motion" or len(data.channels) > AXES:
        raise DataError(
            f"Made vibration has up to {AXES} channels of motion; the project has "
            f"{len(data.channels) or 'none'} of {data.sense}.",
            "Set data.sense = 'motion' and name one to three channels of acceleration.",
        )
    if strange := [unit for unit in data.units if unit_factor("g", unit) is None]:
        raise DataError(
            f"Made vibration is acceleration, in g, mg or m/s2; received {strange[0]!r}.",
            "Change data.units.",
        )
    if configuration.goal == "quantity" and unit_factor("rpm", data.unit) is None:
        raise DataError(
            "The number of made vibration is the rotational speed, in rpm or Hz; data.unit is "
            f"{data.unit!r}.",
            "Set data.target = 'speed' and data.unit = 'rpm'.",
        )
    if configuration.goal == "normality":
        known = {data.normal_label, *FAULTS[1:]}
        if other := [label for label in data.labels if label not in known]:
            raise DataError(
                f"Made vibration has no recordings of {other[0]!r}.",
                f"Its labels are {', '.join(sorted(known))}.",
            )


def _of_machine(project: Project, name: str, split: Split) -> list[Recipe]:
    """All recordings of one machine."""
    configuration = project.configuration
    settings = configuration.synthesis.vibration
    machine = draw_machine(generator_for(configuration.project.seed, "machine", name))
    faults: list[tuple[Fault, int]] = [("none", settings.recordings)]
    judged = ("test", "validation") if configuration.data.split.strange_validation else ("test",)
    if configuration.goal == "normality" and split in judged:
        labels = configuration.data.labels
        faults += [(f, settings.faulty_recordings) for f in FAULTS[1:] if f in labels]
    return [
        _recipe(project, machine, name, split, fault, number)
        for fault, count in faults
        for number in range(count)
    ]


def _recipe(
    project: Project, machine: Machine, name: str, split: Split, fault: Fault, number: int
) -> Recipe:
    configuration = project.configuration
    data, settings = configuration.data, configuration.synthesis.vibration
    seed = configuration.project.seed
    draw = generator_for(seed, "running", name, fault, number)
    speed = round(float(draw.uniform(*settings.speed_rpm)), 1)
    load = round(float(draw.uniform(*settings.load)), 3)
    low, high = (math.log(value) for value in settings.severity_g)
    severity = round(math.exp(draw.uniform(low, high)), 3) if fault != "none" else 0.0
    running = Running(speed, load, fault, severity)
    sensor = Sensor(data.sample_rate_hz, _range_g(project), settings.noise_ug)
    key = json.dumps(
        [_METHOD, seed, name, repr(machine), repr(running), repr(sensor), number, split,
         settings.seconds, data.channels, data.units, configuration.goal, data.unit]
    )  # fmt: skip
    quantity = configuration.goal == "quantity"
    label = "" if quantity else data.normal_label if fault == "none" else fault
    groups = {"machine": name, "speed_rpm": f"{speed:g}", "load": f"{load:g}"}
    if fault != "none":
        groups |= {"severity_g": f"{severity:g}"}
    return Recipe(
        f"{label or 'vibration'}/synthetic-{name}-{number:03}.npy",
        label,
        split,
        sha256_bytes(key.encode()),
        partial(_recorded, project, machine, running, sensor, (seed, name, fault, number)),
        groups,
        speed * need_factor("rpm", data.unit, data.target, "made vibration") if quantity else None,
        data.unit if quantity else "",
    )


def _range_g(project: Project) -> float:
    """Of the widest channel, in g."""
    pairs = zip(project.configuration.data.full_scale, _factors(project), strict=True)
    return max(full / factor for full, factor in pairs)


def _factors(project: Project) -> list[float]:
    """What one g is in the unit of each channel."""
    data = project.configuration.data
    pairs = zip(data.channels, data.units, strict=True)
    return [need_factor("g", unit, channel, "made vibration") for channel, unit in pairs]


def _recorded(
    project: Project,
    machine: Machine,
    running: Running,
    sensor: Sensor,
    key: tuple[int, str, str, int],
) -> NDArray[np.float32]:
    """float32 [n, channels] in the project's units; the channels are the generator's axes."""
    generator = generator_for(key[0], "vibration", *key[1:])
    seconds = project.configuration.synthesis.vibration.seconds
    readings = bearing_vibration(machine, running, sensor, seconds, generator)
    factors = np.array(_factors(project), np.float32)
    scaled: NDArray[np.float32] = readings[:, : len(factors)] * factors
    return scaled
