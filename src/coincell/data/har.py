"""UCI HAR's text files -> a CSV file a window, and a labels.csv.

`Inertial Signals/NAME_AXIS_PART.txt` has a window of 128 numbers a line; y_PART.txt the activity,
1 to 6, and subject_PART.txt the person, each a line (the data set's README). Acceleration is in g,
angular velocity in rad/s.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from coincell.data.catalogue import HAR_LABELS
from coincell.data.progress import Progress, silent
from coincell.errors import DataError
from coincell.project import DataSettings

STEPS = 128
RATE_HZ = 50
_SIGNALS = {"a": "total_acc", "g": "body_gyro"}
_UNITS = {"a": "g", "g": "rad/s"}
_SPLITS = {"train": "", "test": "test"}
"""Of the set's own split the test people stay held out; validation is taken from training."""


def har_to_csv(
    source: Path, folder: Path, settings: DataSettings, progress: Progress = silent
) -> Path:
    """Write the windows as CSV files of channels aX to gZ, and return the labels.csv.

    Args:
        source: the folder with train/ and test/.
        folder: is made.
        settings: must have channels among aX, aY, aZ (g), gX, gY, gZ (rad/s), at 50 Hz.

    Raises:
        DataError: the settings do not fit, or a file is missing or damaged.
    """
    _check_settings(settings)
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["file,label,speaker,split"]
    for part, split in _SPLITS.items():
        channels = {name: _signal(source, part, name) for name in settings.channels}
        labels = _whole_numbers(source / part / f"y_{part}.txt")
        people = _whole_numbers(source / part / f"subject_{part}.txt")
        counts = {len(values) for values in (*channels.values(), labels, people)}
        if len(counts) != 1 or not set(labels.tolist()) <= set(range(1, 7)):
            raise DataError(f"{source / part}: files of unlike length, or activities beyond 1-6.")
        for row, (label, person) in enumerate(zip(labels, people, strict=True)):
            name = HAR_LABELS[label - 1]
            if name not in settings.labels:
                continue
            readings = np.stack([values[row] for values in channels.values()], axis=1)
            file = f"{name}-{part}-{row:05}.csv"
            text = "\n".join(",".join(f"{value:.7g}" for value in step) for step in readings)
            (folder / file).write_text(f"{','.join(channels)}\n{text}\n")
            lines.append(f"{file},{name},person-{person:02},{split}")
            progress(row, len(labels), file)
    path = folder / "labels.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def _check_settings(settings: DataSettings) -> None:
    pairs = zip(settings.channels, settings.units, strict=True)
    names = [kind + axis for kind in _SIGNALS for axis in "XYZ"]
    fits = all(name in names and _UNITS[name[0]] == unit for name, unit in pairs)
    if not fits or settings.sample_rate_hz != RATE_HZ:
        raise DataError(
            "uci-har has the channels aX, aY, aZ in g and gX, gY, gZ in rad/s at 50 Hz; received "
            f"{', '.join(settings.channels)} in {', '.join(settings.units)} at "
            f"{settings.sample_rate_hz} Hz.",
            "Set data.channels, data.units and data.sample_rate_hz so; window_ms = 2560.",
        )


def _signal(source: Path, part: str, name: str) -> NDArray[np.float64]:
    """One channel, float64 [windows, 128]."""
    file = f"{_SIGNALS[name[0]]}_{name[1].lower()}_{part}.txt"
    values = _numbers(source / part / "Inertial Signals" / file)
    if values.ndim != 2 or values.shape[1] != STEPS:
        raise DataError(f"{file}: 128 numbers a line expected; received {list(values.shape)}.")
    return values


def _whole_numbers(path: Path) -> NDArray[np.int64]:
    return _numbers(path).reshape(-1).astype(np.int64)


def _numbers(path: Path) -> NDArray[np.float64]:
    try:
        values: NDArray[np.float64] = np.loadtxt(path, ndmin=2, max_rows=100_000)
    except (OSError, ValueError) as error:
        raise DataError(f"{path.name}: missing or no table of numbers: {error}.") from error
    if not np.isfinite(values).all():
        raise DataError(f"{path.name}: a number in it is not finite.")
    return values
