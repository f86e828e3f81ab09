"""BasicMotions: four activities with a smart watch, to start a gesture project with.

Four students wore a watch while standing, walking, running and playing badminton: 80 recordings of
10 s, acceleration and rotation, ten readings a second (J. Clements, A. Bagnall; UEA multivariate
time series archive, Bagnall et al. 2018). The wheel of aeon carries the two files; nothing of aeon
is imported. The source names neither units nor people: acceleration looks like m/s2 and rotation
like rad/s (it ends at 2000 deg/s), and who made a recording cannot be kept apart.
"""

from __future__ import annotations

import importlib.util
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from coincell.data.manifest import Split
from coincell.data.offline import OfflineSummary, Recipe, make_recordings
from coincell.data.progress import Progress, silent
from coincell.data.rest import REST_FORMAT, rest_recipes
from coincell.data.splits import position
from coincell.errors import DataError, UserError
from coincell.files import sha256_bytes
from coincell.project import Project

BASIC_MOTIONS_FORMAT = "BasicMotions"
RATE_HZ, STEPS, DIMENSIONS = 10, 100, 6
CLASSES = ("standing", "running", "walking", "badminton")
_FOLDER = Path("datasets/data/BasicMotions")
_FILES: tuple[tuple[str, Split], ...] = (
    ("BasicMotions_TRAIN.ts", "train"),
    ("BasicMotions_TEST.ts", "test"),
)
_MOST_BYTES = 1 << 20


def take_basic_motions(project: Project, progress: Progress = silent) -> OfflineSummary:
    """The 80 recordings, split into learning and judging as the archive has it; of the first,
    data.split.validation is kept aside. A class of rest (data.silence_label) is made.

    Raises:
        UserError: aeon is not installed.
        DataError: the project's channels, rate or labels are others, or a file is damaged.
    """
    _check(project)
    folder = _folder()
    recipes = [
        recipe for name, split in _FILES for recipe in _recipes(project, folder / name, split)
    ]
    moves = make_recordings(
        project,
        recipes,
        BASIC_MOTIONS_FORMAT,
        "BasicMotions of the UEA archive, as the package aeon carries it",
        progress,
        rate_hz=RATE_HZ,
        channels=DIMENSIONS,
    )
    still = make_recordings(
        project,
        rest_recipes(project, recipes, moves.dataset.samples, STEPS, RATE_HZ),
        REST_FORMAT,
        f"{moves.source}, and made rest",
        progress,
        rate_hz=RATE_HZ,
        channels=DIMENSIONS,
    )
    return OfflineSummary(
        still.source if still.made + still.kept else moves.source,
        moves.made + still.made,
        moves.kept + still.kept,
        moves.removed + still.removed,
        still.dataset,
    )


def _check(project: Project) -> None:
    data = project.configuration.data
    if data.sense != "motion" or len(data.channels) != DIMENSIONS:
        raise DataError(
            f"BasicMotions has {DIMENSIONS} channels of motion; the project has "
            f"{len(data.channels)} of {data.sense}.",
            "A project from `coincell new gesture` fits; for your own data use "
            "`coincell data import`.",
        )
    if data.sample_rate_hz != RATE_HZ:
        raise DataError(
            f"BasicMotions has {RATE_HZ} readings a second; data.sample_rate_hz is "
            f"{data.sample_rate_hz}.",
            f"Set data.sample_rate_hz = {RATE_HZ}, or import recordings of your own.",
        )
    if set(data.labels) - {data.silence_label} != set(CLASSES):
        raise DataError(
            f"BasicMotions has the classes {', '.join(CLASSES)}; data.labels is "
            f"{', '.join(data.labels)}.",
            "Set data.labels to these, and data.silence_label's where there is one, or import "
            "recordings of your own.",
        )


def _folder() -> Path:
    """Where aeon keeps the files; found without importing it."""
    found = importlib.util.find_spec("aeon")
    places = (found.submodule_search_locations if found else None) or ()
    for place in places:
        if (Path(place) / _FOLDER).is_dir():
            return Path(place) / _FOLDER
    raise UserError(
        "BasicMotions, the recordings to start with, are carried by the package 'aeon', which is "
        "not installed.",
        hint="`pip install --no-deps aeon` brings them, or bring recordings of your own: "
        "`coincell data import DIR`.",
    )


def _recipes(project: Project, path: Path, split: Split) -> list[Recipe]:
    series = parse_series(_text(path), path.name)
    watched = _watched(project, [label for label, _ in series]) if split == "train" else set()
    recipes = []
    for number, (label, readings) in enumerate(series):
        side: Split = "validation" if number in watched else split
        recipes.append(
            Recipe(
                f"{label}/basic-motions-{split}-{number:02}.npy",
                label,
                side,
                sha256_bytes(readings.tobytes() + side.encode()),
                partial(readings.copy),
            )
        )
    return recipes


def _watched(project: Project, labels: list[str]) -> set[int]:
    """Which of the recordings are for validation: of each class the same share, by hash."""
    configuration = project.configuration
    chosen: set[int] = set()
    for label in CLASSES:
        members = [number for number, each in enumerate(labels) if each == label]
        members.sort(key=lambda number: position(f"{label}-{number}", configuration.project.seed))
        chosen.update(members[: round(configuration.data.split.validation * len(members))])
    return chosen


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise DataError(f"{path}: larger than {_MOST_BYTES} bytes; it is not read.")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read: {error}.", "Install aeon again.") from error


def parse_series(text: str, name: str) -> list[tuple[str, NDArray[np.float32]]]:
    """The archive's text form -> label and float32 [100, 6] of each recording.

    Lines with # or @ describe; each other line is one recording: its dimensions, and the label,
    apart by colons, the readings of a dimension by commas.

    Raises:
        DataError: a line is of another shape, or holds what is no number.
    """
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith(("#", "@")):
            continue
        *dimensions, label = line.strip().split(":")
        label = label.strip().lower()
        try:
            rows = [[float(cell) for cell in dimension.split(",")] for dimension in dimensions]
        except ValueError as error:
            raise DataError(f"{name}, line {number}: {error}.") from error
        if len(rows) != DIMENSIONS or any(len(row) != STEPS for row in rows):
            raise DataError(
                f"{name}, line {number}: {DIMENSIONS} dimensions of {STEPS} readings expected."
            )
        if label not in CLASSES or not np.isfinite(rows).all():
            raise DataError(f"{name}, line {number}: no such class, or a reading is no number.")
        found.append((label, np.ascontiguousarray(np.array(rows, np.float32).T)))
    return found
