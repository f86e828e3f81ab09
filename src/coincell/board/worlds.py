"""Around the virtual board, from files: motion from CSV, the camera's scene from pictures."""

from __future__ import annotations

import csv
import itertools
import math
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np
import numpy.typing as npt

from coincell.board.virtual import VirtualBoard
from coincell.data import time_step
from coincell.errors import DataError, MissingExtraError
from coincell.firmware import SENSOR_UNITS, Channels
from coincell.units import split_heading, unit_factor

Rows = npt.NDArray[np.float32]

MOTION_COLUMNS = ("ax", "ay", "az", "gx", "gy", "gz", "mx", "my", "mz")
"""Acceleration in g, rotation in degrees a second, magnetic field in microtesla."""

MAX_MOTION_BYTES = 256 << 20
MAX_MOTION_RATE_HZ = 10_000.0
LIMITS = 3 * (1000.0,) + 3 * (100_000.0,) + 3 * (100_000.0,)
"""No value of a column is larger: no sensor measures it, and a unit must be wrong."""
_HEADER_HINT = f"The first line is, for example: time,{','.join(MOTION_COLUMNS[:6])}"
_LONGEST_LINE = 1000
_LATEST_S = 1e12

EVEN = 1e-3
"""Times count as evenly spaced when no step differs from the mean by more, relatively."""


@dataclass(frozen=True)
class Motion:
    """How the board is moved.

    Attributes:
        rows: float32 (rows, 9) in the units of `MOTION_COLUMNS`; what a file does not tell is 0.
        rate_hz: rows a second.
        resampled: whether the file's times were uneven, and the rows lie between its own.
    """

    rows: Rows
    rate_hz: float
    resampled: bool = False

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.rows) / self.rate_hz


def read_motion(
    path: Path, rate_hz: float | None = None, units: Mapping[str, str] | None = None
) -> Motion:
    """Read and check a motion from CSV.

    The first line names the columns: ax, ay, az, then perhaps gx, gy, gz, then perhaps mx, my, mz,
    in any order, and perhaps time (timestamp, millis ...), in seconds unless told. Other columns
    are not allowed. A unit may stand behind a name: aX [m/s2], time [ms].

    Args:
        path: the file.
        rate_hz: rows a second; to be given if, and only if, there is no column time.
        units: of columns without one, by the names of an image's channels (aX, gY ...): what it
            was made from. Others are in the units of `MOTION_COLUMNS`.

    Raises:
        DataError: the file is not such a table; the message names the line.
    """
    lines = _lines(path)
    of_image = {name.lower(): unit for name, unit in (units or {}).items()}
    columns = [_column(path, text, of_image) for text in next(lines, (0, []))[1]]
    header, factors = [name for name, _ in columns], [factor for _, factor in columns]
    _check_header(path, header, rate_hz)
    flat = array("d")  # not lists: a large file has millions of rows
    for line in lines:
        flat.extend(_numbers(path, header, factors, *line))
    values = np.array(flat, np.float64).reshape(-1, len(header))
    if len(values) < 2:
        raise DataError(f"{path} holds {len(values)} rows; a motion needs two or more.")
    rows = np.zeros((len(values), len(MOTION_COLUMNS)))
    for index, name in enumerate(MOTION_COLUMNS):
        if name in header:
            rows[:, index] = values[:, header.index(name)]
    if rate_hz is not None:
        return Motion(rows.astype(np.float32), _checked_rate(path, rate_hz))
    return _evenly(path, values[:, header.index("time")], rows)


def _column(path: Path, text: str, units: Mapping[str, str]) -> tuple[str, float]:
    """A column's name in small letters, and what one of its unit is in ours."""
    given, told = split_heading(text)
    name, seconds = given.lower(), time_step(given, told)
    if seconds is not None:
        name, factor = "time", seconds or (None if told else 1.0)
    elif name in MOTION_COLUMNS:
        own = SENSOR_UNITS[name[0]]
        factor = unit_factor(told or units.get(name, own), own)
    else:
        factor = 1.0  # refused by its name
    if factor is None:
        raise DataError(
            f"{path}: {name} has the unit {told or units[name]!r}, which is none of its own.",
            hint="Known are g, m/s2, deg/s, rad/s, uT, gauss; of time s, ms, us.",
        )
    return name, factor


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    try:
        size = path.stat().st_size
        if size > MAX_MOTION_BYTES:
            raise DataError(f"{path} has {size:,} bytes; at most {MAX_MOTION_BYTES:,} are read.")
        _check_file(path)
        with path.open(newline="", encoding="utf-8-sig") as file:
            for line, fields in enumerate(csv.reader(_short(path, file)), start=1):
                if fields:
                    yield line, fields
    except OSError as error:
        raise DataError(
            f"{path} cannot be read: {error.strerror or error}.", hint="Name a CSV that is there."
        ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        found = f"byte {error.start}" if isinstance(error, UnicodeDecodeError) else str(error)
        raise DataError(
            f"{path} is no CSV: a motion is a table in text (UTF-8); received something else "
            f"({found}).",
            hint=_HEADER_HINT,
        ) from error


def _check_file(path: Path) -> None:
    if path.exists() and not path.is_file():
        raise DataError(f"{path} is not a file.", hint="Name the file itself.")


def _short(path: Path, file: TextIO) -> Iterator[str]:
    for number in itertools.count(1):
        line = file.readline(_LONGEST_LINE + 1)
        if not line:
            return
        if len(line) > _LONGEST_LINE:
            raise DataError(
                f"{path}, line {number} has more than {_LONGEST_LINE:,} characters; a row has ten "
                "numbers at most.",
                hint="One row a line, its fields separated by commas.",
            )
        yield line


def _check_header(path: Path, header: Sequence[str], rate_hz: float | None) -> None:
    hint = _HEADER_HINT
    if unknown := [name for name in header if name not in (*MOTION_COLUMNS, "time")]:
        raise DataError(f"{path} has the column {unknown[0][:40]!r}, which no motion has.", hint)
    if len(set(header)) != len(header):
        raise DataError(f"{path} names a column twice.", hint)
    for begin in (0, 3, 6):
        group = MOTION_COLUMNS[begin : begin + 3]
        missing = [name for name in group if name not in header]
        if len(missing) in ((1, 2, 3) if begin == 0 else (1, 2)):
            raise DataError(f"{path} lacks the column {missing[0]}.", hint)
    if ("time" in header) == (rate_hz is not None):
        what = "both a column time and" if rate_hz is not None else "neither a column time nor"
        raise DataError(f"{path}: there is {what} a rate in hertz; one of them is needed.", hint)


def _numbers(
    path: Path, header: Sequence[str], factors: Sequence[float], line: int, fields: list[str]
) -> list[float]:
    if len(fields) != len(header):
        raise DataError(
            f"{path}, line {line}: {len(fields)} fields where the first line names {len(header)}."
        )
    numbers: list[float] = []
    for name, factor, field in zip(header, factors, fields, strict=True):
        try:
            number = float(field) * factor
        except ValueError:
            number = math.nan
        limit = _LATEST_S if name == "time" else LIMITS[MOTION_COLUMNS.index(name)]
        if not math.isfinite(number) or abs(number) > limit:
            raise DataError(
                f"{path}, line {line}: {name} is {field[:40]!r}; a number up to {limit:g} "
                "is needed.",
                hint="Acceleration is in g, rotation in degrees a second, field in microtesla, "
                "unless the first line tells a unit: aX [m/s2].",
            )
        numbers.append(number)
    return numbers


def _checked_rate(path: Path, rate_hz: float) -> float:
    if not 0 < rate_hz <= MAX_MOTION_RATE_HZ:
        raise DataError(
            f"{path}: {rate_hz:g} rows a second; a rate is above 0 and at most "
            f"{MAX_MOTION_RATE_HZ:g} Hz.",
            hint="The column time is in seconds.",
        )
    return rate_hz


def _evenly(path: Path, times: npt.NDArray[np.float64], rows: npt.NDArray[np.float64]) -> Motion:
    steps = np.diff(times)
    if np.any(steps <= 0):
        row = int(np.argmax(steps <= 0)) + 2
        raise DataError(f"{path}: time does not grow at row {row} of the data.")
    mean = float(steps.mean())
    if np.all(np.abs(steps - mean) <= EVEN * mean):
        return Motion(rows.astype(np.float32), _checked_rate(path, 1 / mean))
    # The finest even grid that is not finer than the usual step.
    step = float(np.median(steps))
    rate_hz = _checked_rate(path, 1 / step)
    count = int((times[-1] - times[0]) / step) + 1
    if count * rows.shape[1] * 4 > MAX_MOTION_BYTES:
        raise DataError(f"{path}: {count:,} even rows would be needed between its uneven times.")
    grid = times[0] + step * np.arange(count)
    even = np.stack([np.interp(grid, times, column) for column in rows.T], axis=1)
    return Motion(even.astype(np.float32), rate_hz, resampled=True)


SCENE_SIZE = (480, 640)
"""Rows and columns of what the camera's sensor sees."""

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".pgm", ".ppm")
_PICTURE_HINT = f"Pictures end in {', '.join(PICTURE_SUFFIXES)}."
MAX_PICTURES = 500
MAX_PIXELS = 50_000_000


@dataclass(frozen=True)
class Scene:
    """What is before the camera, one picture after the other.

    Attributes:
        pictures: uint8 (pictures, 480, 640), brightness; or (pictures, 480, 640, 3), red, green
            and blue, if one of them is in colour.
        files: where each comes from.
    """

    pictures: npt.NDArray[np.uint8]
    files: tuple[Path, ...]


def read_scene(path: Path, progress: Callable[[int, int], None] | None = None) -> Scene:
    """Read and check a picture, or a folder of them in the order of their names.

    The largest part in the middle of each with the camera's shape is scaled to what the camera
    sees.

    Args:
        path: a picture (PNG, JPEG, BMP, PGM, PPM) or a folder; other files in it are passed over.
        progress: called with how many are read, and of how many.

    Raises:
        DataError: there is none, there are too many, or one is no picture; the message names it.
        MissingExtraError: Pillow is not installed.
    """
    files = [path]
    if not path.exists():
        raise DataError(f"There is no {path}.", hint="Name a picture, or a folder of pictures.")
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix.lower() in PICTURE_SUFFIXES)
    if not 0 < len(files) <= MAX_PICTURES:
        raise DataError(
            f"{path} holds {len(files)} pictures; a scene has 1 to {MAX_PICTURES}.",
            hint=_PICTURE_HINT,
        )
    pictures = np.zeros((len(files), *SCENE_SIZE, 3), np.uint8)
    for index, file in enumerate(files):
        pictures[index] = _picture(file)
        if progress is not None:
            progress(index + 1, len(files))
    grey = all(np.array_equal(p[..., :1], p[..., i : i + 1]) for p in pictures for i in (1, 2))
    return Scene(np.ascontiguousarray(pictures[..., 0]) if grey else pictures, tuple(files))


def _picture(path: Path) -> npt.NDArray[np.uint8]:
    """One picture, (480, 640, 3)."""
    try:
        from PIL import Image, ImageOps
    except ImportError as error:
        raise MissingExtraError("camera", "pillow", "Reading pictures") from error
    _check_file(path)
    formats = ("PNG", "JPEG", "BMP", "PPM")
    try:
        with Image.open(path, formats=formats) as image:
            if image.width * image.height > MAX_PIXELS:
                raise DataError(
                    f"{path} has {image.width} x {image.height} pixels; at most {MAX_PIXELS:,} "
                    "are read."
                )
            coloured = ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(
            f"{path} is no picture that can be read, or it is damaged.", hint=_PICTURE_HINT
        ) from error
    rows, columns = SCENE_SIZE
    return np.asarray(ImageOps.fit(coloured, (columns, rows), Image.Resampling.BOX), np.uint8)


SENSORS = {"first": ("lsm9ds1",), "rev2": ("bmi270", "bmm150"), "none": ()}
"""The inertial sensors of the Nano 33 BLE Sense, of its Rev2, and of a board without."""


def fit_sensors(virtual: VirtualBoard, which: str) -> None:
    """Fit the sensors of a key of `SENSORS`; the board is to be restarted then."""
    virtual.put_world("sensors", fitted=list(SENSORS[which]))


def put_motion(virtual: VirtualBoard, motion: Motion, repeat: bool = False) -> None:
    """Move the board; from now, and once restarted from then. It rests after the last row."""
    data = motion.rows.astype("<f4").tobytes()
    virtual.put_world("motion", data, rate_hz=motion.rate_hz, repeat=repeat)


def put_scene(virtual: VirtualBoard, scene: Scene, seconds: float = 1.0) -> None:
    """Plug in a camera that sees each picture for `seconds`, over and over."""
    channels = 3 if scene.pictures.ndim == 4 else 1
    virtual.put_world("scene", scene.pictures.tobytes(), seconds=seconds, channels=channels)


def motion_of(readings: npt.NDArray[np.int16], channels: Channels, rate_hz: int) -> Motion:
    """The motion that an inertial sensor's readings tell of.

    Args:
        readings: int16 [n], as the chain takes them, channels side by side.
        channels: of the inertial sensor; what they do not tell is as at rest.
        rate_hz: steps a second.
    """
    steps = readings.reshape(-1, len(channels.names)).astype(np.float64)
    rows = np.zeros((len(steps), len(MOTION_COLUMNS)), np.float32)
    rows[:, 2] = 1.0
    for index, (column, factor) in enumerate(zip(channels.columns, channels.physical, strict=True)):
        rows[:, column] = steps[:, index] * factor
    return Motion(rows, float(rate_hz))
