"""Motion: readings over time, from any sensor; text, NPY and acquisitions in, float32 NPY kept."""

from __future__ import annotations

import io
import itertools
import re
import struct
import tokenize
import zipfile
import zlib
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.data.acquisition import is_acquisition, read_acquisition
from coincell.data.audio import to_int16
from coincell.data.motion_table import MAX_VALUES, Table, read_table, refuse_faults
from coincell.data.motion_time import (
    SAME_RATE,
    Clock,
    Timed,
    at_rate,
    clock_of,
    cut_at_gaps,
    evenly,
    mended,
    seconds_of,
)
from coincell.data.senses import Fitted, Part, ReadOptions, Recording, window_starts
from coincell.errors import DataError
from coincell.project import DataSettings
from coincell.units import need_factor, plain_unit, split_heading

_SENSORS = {
    "a": ("a", "acc", "accel", "accelerometer", "acceleration"),
    "g": ("g", "gyr", "gyro", "gyroscope", "rotation"),
    "m": ("m", "mag", "magnetometer", "field"),
}
_AXIS = re.compile(r"([a-z]+)[ _.\-]*([xyz])")
LARGEST_READING = 1e30
"""Of a file; kept as float32, in whatever unit the project has."""

_ARRAYS = ("values", "data", "x", "readings")


class MotionFiles:
    """See `SenseFiles`."""

    suffixes = (".csv", ".tsv", ".txt", ".npy", ".npz", ".json", ".cbor")
    stored_suffix = ".npy"

    def __init__(self, options: ReadOptions | None = None) -> None:
        self._options = options or ReadOptions()

    def decode(self, content: bytes, name: str, settings: DataSettings) -> Recording:
        """Any kind of file -> float32 [n, channels] in the project's units, at its rate."""
        if not content:
            raise DataError(f"{name}: the file is empty (0 bytes).", "Record it again.")
        if content[:6] == b"\x93NUMPY":
            return self._of_table(_table_of_array(_read_npy(content, name), name), name, settings,
                                  "NPY")  # fmt: skip
        if content[:2] == b"PK":
            return self._of_table(_read_npz(content, name), name, settings, "NPZ")
        if is_acquisition(content):
            found = read_acquisition(content, name, self._options.key)
            table = Table(
                found.names, found.units, found.values, np.arange(1, len(found.values) + 1)
            )
            own = 1000.0 / found.interval_ms
            made = self._of_table(table, name, settings, found.kind, own)
            notes = {} if found.verified else {"acquisition whose signature was not checked": 1}
            return replace(made, notes={**made.notes, **notes})
        return self._of_table(read_table(content, name), name, settings, "CSV")

    def _of_table(
        self, table: Table, name: str, settings: DataSettings, kind: str, own_hz: float = 0.0
    ) -> Recording:
        """The project's channels of a table; `own_hz`: the file's rate where it tells one."""
        clock = None if own_hz else clock_of(table, len(settings.channels))
        columns = _columns(table, clock, name, settings)
        if not self._options.repair:
            refuse_faults(table, columns if clock is None else [*columns, clock.column])
        factors = np.array(
            [
                need_factor(table.units[column], unit, channel, name)
                for column, unit, channel in zip(
                    columns, settings.units, settings.channels, strict=True
                )
            ]
        )
        recordings: list[Timed] = []
        repaired = 0
        spans = self._spans(table, clock, settings)
        for begin, end in spans:
            part, count = self._timed(table, clock, columns, (begin, end), name, settings, own_hz)
            recordings.append(replace(part, values=part.values * factors))
            repaired += count
        made = _recording(recordings, kind, table.values.shape[1], settings)
        counts = {
            "readings mended": repaired,
            "readings missing by their times, filled in": sum(part.filled for part in recordings),
            "long gaps, cut there": len(spans) - 1 - len(table.starts),
        }
        return replace(
            made,
            notes=_conversions([table.units[column] for column in columns], factors, settings)
            | ({} if clock or own_hz else {_assumed(settings): 1}),
            mended={what: count for what, count in counts.items() if count},
        )

    def _spans(
        self, table: Table, clock: Clock | None, settings: DataSettings
    ) -> list[tuple[int, int]]:
        """Where recordings begin and end in the table; with repair long gaps part them too."""
        edges = [0, *table.starts, len(table.values)]
        if clock and self._options.repair:
            for begin, end in itertools.pairwise(edges):
                times = table.values[begin:end, clock.column]
                if np.isfinite(times).all():
                    seconds = seconds_of(times, clock, settings.sample_rate_hz)
                    edges = edges + [begin + cut for cut in cut_at_gaps(seconds)]
        ordered = sorted(set(edges))
        return list(itertools.pairwise(ordered))

    def _timed(
        self,
        table: Table,
        clock: Clock | None,
        columns: list[int],
        span: tuple[int, int],
        name: str,
        settings: DataSettings,
        own_hz: float,
    ) -> tuple[Timed, int]:
        values = table.values[slice(*span)]
        lines = table.lines[slice(*span)]
        kept = columns if clock is None else [*columns, clock.column]
        chosen, repaired = mended(values[:, kept], name, int(lines[0]))
        if np.abs(chosen).max(initial=0.0) > LARGEST_READING:
            raise DataError(
                f"{name}: a reading is larger than {LARGEST_READING:g}; no sensor gives that.",
                "Delete that line, or record it again.",
            )
        if repaired and len(chosen) < len(lines):  # the ends were left out
            first = int(np.argmax(np.isfinite(values[:, kept]).all(axis=1)))
            lines = lines[first : first + len(chosen)]
        rate_hz = settings.sample_rate_hz
        if clock is None:
            own = own_hz or float(rate_hz)
            return Timed(at_rate(chosen, own, rate_hz), own, steps=len(chosen)), repaired
        if len(chosen) < 2:
            return Timed(chosen[:, :-1], float(rate_hz), steps=len(chosen)), repaired
        seconds = seconds_of(chosen[:, -1], clock, rate_hz)
        return evenly(chosen[:, :-1], seconds, lines, rate_hz, name), repaired

    def encode(self, samples: NDArray[Any], settings: DataSettings) -> bytes:
        """float32 [n, channels] -> NPY, version 1.0, little-endian, C order."""
        del settings
        stream = io.BytesIO()
        np.lib.format.write_array(
            stream, np.ascontiguousarray(samples, "<f4"), version=(1, 0), allow_pickle=False
        )
        return stream.getvalue()

    def decode_stored(self, content: bytes, name: str, settings: DataSettings) -> NDArray[Any]:
        """What `encode` made -> float32 [n, channels]."""
        values = _read_npy(content, name)
        channels = len(settings.channels)
        if values.dtype != np.dtype("<f4") or values.ndim != 2 or values.shape[1] != channels:
            raise DataError(
                f"{name}: not readings as Coincell stores them, of {channels} channels; "
                f"received {values.dtype} {list(values.shape)}.",
                "Import the data again.",
            )
        if not np.isfinite(values).all():
            raise DataError(f"{name}: a stored reading is no number.", "Import the data again.")
        return values

    def holds(self, header: bytes, file_bytes: int, seconds: float, settings: DataSettings) -> bool:
        """Whether the file has as many readings as its length at the project's rate says."""
        steps = round(seconds * settings.sample_rate_hz)
        shape = f"({steps}, {len(settings.channels)})".encode()
        del file_bytes
        return header.startswith(b"\x93NUMPY") and shape in header

    def seconds(self, samples: NDArray[Any], settings: DataSettings) -> float:
        """How long it is."""
        return len(samples) / settings.sample_rate_hz

    def fit(self, samples: NDArray[Any], settings: DataSettings) -> Fitted:
        """int16 windows: all at steps of data.window_step_ms, or the middle one.

        What is shorter than a window stands in its middle; the first and the last reading are
        repeated at its ends, since zero is no reading of a sensor that feels gravity.
        """
        wanted = settings.window_samples
        values = to_int16(samples.astype(np.float64) / np.asarray(settings.full_scale))
        missing = wanted - len(values)
        if missing > 0:
            values = np.pad(values, ((missing // 2, missing - missing // 2), (0, 0)), mode="edge")
        if settings.window_step_ms:
            starts = window_starts(len(values), settings)
        else:
            starts = np.array([(len(values) - wanted) // 2])
        windows = np.stack([values[start : start + wanted].reshape(-1) for start in starts])
        return Fitted(windows, missing > 0, missing < 0 and not settings.window_step_ms)


def _assumed(settings: DataSettings) -> str:
    return f"that tell no times or rate, taken to be of {settings.sample_rate_hz} Hz"


def _conversions(
    given: list[str], factors: NDArray[np.float64], settings: DataSettings
) -> dict[str, int]:
    """A line for each unit that is not the project's: which channels, from what, by what."""
    told: dict[tuple[str, str, float], list[str]] = {}
    for channel, own, unit, factor in zip(
        settings.channels, given, settings.units, factors, strict=True
    ):
        if factor != 1:
            told.setdefault((plain_unit(own), unit, float(factor)), []).append(channel)
    return {
        f"with {', '.join(channels)} in {own}, times {factor:.6g} to {unit}": 1
        for (own, unit, factor), channels in told.items()
    }


def _recording(
    recordings: list[Timed], kind: str, channels: int, settings: DataSettings
) -> Recording:
    """Recordings of one file -> one `Recording` with its parts."""
    samples = np.concatenate([part.values for part in recordings]).astype(np.float32)
    ends = np.cumsum([len(part.values) for part in recordings])
    begins = [0, *ends[:-1]]
    parts = tuple(Part(int(b), int(e)) for b, e in zip(begins, ends, strict=True))
    saturated = int(np.count_nonzero(np.abs(samples) >= np.asarray(settings.full_scale)))
    own = recordings[0].rate_hz
    rate = settings.sample_rate_hz
    shown = rate if abs(own / rate - 1) <= SAME_RATE else max(1, round(own))
    return Recording(
        samples,
        kind,
        shown,
        channels,
        saturated,
        parts if len(parts) > 1 else (),
        steps=sum(part.steps for part in recordings),
    )


def plain_axis(name: str) -> str:
    """One name of an axis: "accX", "Accelerometer_x" and "aX" are "ax"."""
    text = name.strip().lower()
    match = _AXIS.fullmatch(text)
    if match:
        for short, words in _SENSORS.items():
            if match[1] in words:
                return short + match[2]
    return text


def _columns(table: Table, clock: Clock | None, name: str, settings: DataSettings) -> list[int]:
    """The table's column of each channel: by name, or where there are no names by place."""
    own = [i for i in range(table.values.shape[1]) if clock is None or i != clock.column]
    if not table.names:
        if len(own) != len(settings.channels):
            raise DataError(
                f"{name}: {len(own)} columns of readings; data.channels names "
                f"{len(settings.channels)}, and the file does not name its columns.",
                "Write a first line with the columns' names.",
            )
        return own
    exact = {table.names[i]: i for i in own}
    plain = {plain_axis(table.names[i]): i for i in own}
    columns = []
    for channel in settings.channels:
        found = exact.get(channel, plain.get(plain_axis(channel)))
        if found is None:
            raise DataError(
                f"{name}: the column {channel!r} is missing; received: "
                f"{', '.join(table.names)[:80]}.",
                "data.channels names the columns of readings.",
            )
        columns.append(found)
    return columns


def _read_npy(content: bytes, name: str) -> NDArray[Any]:
    try:
        _refuse_large(content, name)
        values: NDArray[Any] = np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
    except (ValueError, EOFError, OSError, SyntaxError, MemoryError, RecursionError,
            tokenize.TokenError, TypeError) as error:  # fmt: skip
        raise DataError(
            f"{name}: not a readable NPY file: {error}", "Save it with numpy.save."
        ) from error
    return values


def _refuse_large(content: bytes, name: str) -> None:
    """An array's header may announce more than the file holds; nothing is reserved for that."""
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    reader = np.lib.format.read_array_header_1_0
    if version != (1, 0):
        reader = np.lib.format.read_array_header_2_0
    shape, _, dtype = reader(stream)
    size = int(np.prod([int(n) for n in shape], dtype=object)) if shape else 1
    if size > MAX_VALUES or size * dtype.itemsize > len(content):
        raise DataError(
            f"{name}: its header announces {list(shape)} {dtype}; at most {MAX_VALUES} values are "
            f"read, and the file has {len(content)} bytes.",
            "Save it again with numpy.save.",
        )


def _table_of_array(values: NDArray[Any], name: str) -> Table:
    """[steps, channels], or [recordings, steps, channels] -> a table without names."""
    if values.ndim not in (2, 3) or values.dtype.kind not in "fiu" or values.size == 0:
        raise DataError(
            f"{name}: readings are numbers [steps, channels] or [recordings, steps, channels]; "
            f"received {values.dtype} {list(values.shape)}.",
            "Save a two-dimensional array of numbers.",
        )
    starts: tuple[int, ...] = ()
    if values.ndim == 3:
        starts = tuple(range(values.shape[1], values.shape[0] * values.shape[1], values.shape[1]))
        values = values.reshape(-1, values.shape[2])
    numbers = values.astype(np.float64)
    bad = ~np.isfinite(numbers)
    faults: tuple[tuple[int, str], ...] = ()
    if bad.any():
        row = int(np.argmax(bad.any(axis=1)))
        faults = ((-1, f"{name}: reading {row} is no number."),)
    numbers[bad] = np.nan
    places = np.arange(len(numbers))
    return Table((), ("",) * numbers.shape[1], numbers, places, starts, faults)


def _read_npz(content: bytes, name: str) -> Table:
    """One array of readings, and perhaps `names` of its columns such as "aX [g]"."""
    arrays: dict[str, NDArray[Any]] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if len(entries) > 64 or sum(entry.file_size for entry in entries) > 8 * MAX_VALUES:
                raise DataError(f"{name}: too many arrays, or too large; it is not read.")
            for entry in entries:
                key = entry.filename.removesuffix(".npy")
                arrays[key] = _read_npy(archive.read(entry), f"{name}, {key}")
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError,
            ValueError, IndexError, struct.error) as error:  # fmt: skip
        raise DataError(f"{name}: not a readable NPZ file: {error}") from error
    found = [key for key in _ARRAYS if key in arrays]
    found = found or [key for key, values in arrays.items() if values.ndim in (2, 3)]
    if len(found) != 1:
        raise DataError(
            f"{name}: one array of readings is expected; received: {', '.join(arrays)[:80]}.",
            "Call it 'values': numpy.savez(file, values=readings).",
        )
    table = _table_of_array(arrays[found[0]], name)
    names = arrays.get("names")
    if names is None or names.dtype.kind != "U" or names.shape != (table.values.shape[1],):
        return table
    parted = [split_heading(str(text)) for text in names]
    return replace(
        table, names=tuple(n for n, _ in parted), units=tuple(unit for _, unit in parted)
    )
