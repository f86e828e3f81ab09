"""Motion: readings over time, from any sensor; CSV and NPY in, float32 NPY in units kept."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.data.audio import to_int16
from coincell.data.senses import Fitted, Recording, window_starts
from coincell.errors import DataError
from coincell.project import DataSettings

MAX_VALUES = 1 << 25


class MotionFiles:
    """See `SenseFiles`."""

    suffixes = (".csv", ".tsv", ".npy")
    stored_suffix = ".npy"

    def decode(self, content: bytes, name: str, settings: DataSettings) -> Recording:
        """CSV or NPY -> float32 [n, channels] in the project's units."""
        if content[:6] == b"\x93NUMPY":
            values, kind = _read_npy(content, name), "NPY"
        else:
            values, kind = _read_csv(content, name, settings), "CSV"
        return Recording(
            _checked(values, name, settings), kind, settings.sample_rate_hz, values.shape[1], 0
        )

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
        if values.dtype != np.dtype("<f4") or values.shape[1] != len(settings.channels):
            raise DataError(
                f"{name}: not readings as Coincell stores them, of {len(settings.channels)} "
                f"channels; received {values.dtype} {list(values.shape)}.",
                "Import the data again.",
            )
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


def _read_npy(content: bytes, name: str) -> NDArray[Any]:
    try:
        values: NDArray[Any] = np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
    except (ValueError, EOFError, OSError, SyntaxError, MemoryError) as error:
        raise DataError(
            f"{name}: not a readable NPY file: {error}", "Save it with numpy.save."
        ) from error
    if values.ndim != 2 or values.dtype.kind not in "fiu" or values.size > MAX_VALUES:
        raise DataError(
            f"{name}: readings are numbers [steps, channels], at most {MAX_VALUES}; "
            f"received {values.dtype} {list(values.shape)}.",
        )
    return values


def _read_csv(content: bytes, name: str, settings: DataSettings) -> NDArray[np.float64]:
    """A header of names, then one reading a line."""
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise DataError(f"{name}: not text in UTF-8 (byte {error.start}).") from error
    separator = next((mark for mark in "\t;," if lines and mark in lines[0]), ",")
    names = [cell.strip() for cell in lines[0].split(separator)] if lines else []
    missing = [channel for channel in settings.channels if channel not in names]
    if missing:
        raise DataError(
            f"{name}: the column {missing[0]!r} is missing; received: {', '.join(names)[:80]}.",
            "data.channels names the columns of readings.",
        )
    columns = [names.index(channel) for channel in settings.channels]
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        cells = line.split(separator)
        if len(cells) != len(names):
            raise DataError(
                f"{name}, line {number}: {len(names)} columns expected, {len(cells)} found."
            )
        try:
            rows.append([float(cells[column]) for column in columns])
        except ValueError as error:
            raise DataError(f"{name}, line {number}: {error}.") from error
    return np.array(rows, np.float64).reshape(len(rows), len(columns))


def _checked(values: NDArray[Any], name: str, settings: DataSettings) -> NDArray[np.float32]:
    if values.shape[1] != len(settings.channels):
        raise DataError(
            f"{name}: {values.shape[1]} channels; data.channels names {len(settings.channels)}."
        )
    if len(values) == 0:
        raise DataError(f"{name}: it holds no readings.", "Record it again or delete it.")
    if not np.isfinite(values).all():
        row = int(np.argmax(~np.isfinite(values).all(axis=1)))
        raise DataError(f"{name}: reading {row} is no number.", "Mend or delete that reading.")
    return values.astype(np.float32)
