"""Long recordings with labelled intervals: what an always-on project is tried on."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.data.audio import read_content, to_int16
from coincell.data.senses import Recording, kinds_of, sense_files
from coincell.errors import DataError
from coincell.project import DataSettings

LABELS_SUFFIX = ".labels.csv"
"""Of the file beside a recording that tells its intervals: kitchen.wav, kitchen.labels.csv."""

_COLUMNS = ["start", "end", "label"]
_MOST_INTERVALS = 100_000
_HINT = "The first line is start,end,label; then one interval a line, in seconds: 3.20,3.95,yes"


@dataclass(frozen=True)
class LabelledStream:
    """A long recording, and what is in it when.

    Attributes:
        name: of the file.
        values: [n] of the form's type, channels side by side.
        seconds: how long it lasts.
        intervals: (start, end, label) in seconds.
        labelled: whether it came with a file of intervals.
        groups: whose each interval is, by their order; None: not known.
        notes: what was done to it on the way in, one sentence each: resampled, gaps filled.
    """

    name: str
    values: NDArray[Any]
    seconds: float
    intervals: tuple[tuple[float, float, str], ...]
    labelled: bool
    groups: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()


def find_streams(path: Path, settings: DataSettings) -> list[Path]:
    """The recordings of a stream: the file itself, or those of a folder by name.

    Raises:
        DataError: there is none, or the project sees pictures.
    """
    if settings.sense == "picture":
        raise DataError(
            "Recordings of pictures are not read as a stream.",
            hint="coincell evaluate --stream without a file strings pictures of the test split.",
        )
    if not path.exists():
        raise DataError(f"There is no {path}.", hint="Name a recording, or a folder of them.")
    if path.is_file():
        return [path]
    suffixes = sense_files(settings).suffixes
    found = [
        file
        for file in sorted(path.iterdir())
        if file.suffix.lower() in suffixes and not file.name.lower().endswith(LABELS_SUFFIX)
    ]
    if not found:
        raise DataError(f"{path} holds no recording.", hint=f"It takes {kinds_of(settings)}.")
    return found


def read_stream(path: Path, settings: DataSettings) -> LabelledStream:
    """A recording of any length, as the device's sensor would give it, with its intervals.

    Raises:
        DataError: it is broken, or its file of intervals is.
    """
    files = sense_files(settings)
    recording = files.decode(read_content(path, str(path), kinds_of(settings)), str(path), settings)
    samples = recording.samples
    if len(recording.parts) > 1:
        raise DataError(
            f"{path} holds {len(recording.parts)} recordings; a stream is one, without gaps.",
            hint="Cut it into a file for each.",
        )
    if settings.sense == "motion":
        samples = to_int16(samples.astype(np.float64) / np.asarray(settings.full_scale))
    seconds = len(samples) / settings.sample_rate_hz
    beside = path.with_name(path.stem + LABELS_SUFFIX)
    labelled = beside.is_file()
    intervals = read_intervals(beside, settings.labels, seconds) if labelled else ()
    notes = _notes(path.name, recording, settings)
    values = samples.reshape(-1)
    return LabelledStream(path.name, values, seconds, intervals, labelled, notes=notes)


def _notes(name: str, recording: Recording, settings: DataSettings) -> tuple[str, ...]:
    """What a recording is not as it came."""
    done = [f"{count} {what}" for what, count in recording.mended.items()]
    done += recording.notes
    if recording.rate_hz not in (0, settings.sample_rate_hz):
        done.append(f"resampled from {recording.rate_hz} Hz")
    if recording.saturated:
        done.append(f"{recording.saturated} samples at full scale or beyond")
    return tuple(f"{name}: {what}." for what in done)


def read_intervals(
    path: Path, labels: tuple[str, ...], seconds: float
) -> tuple[tuple[float, float, str], ...]:
    """(start, end, label) of each line of a CSV, in seconds.

    Raises:
        DataError: it is no such table, or an interval lies outside of the stream; names the line.
    """
    try:
        text = read_content(path, str(path), "CSV").decode("utf-8-sig")
        lines = list(csv.reader(io.StringIO(text)))
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} is no CSV in UTF-8.", _HINT) from error
    header = [name.strip().lower() for name in lines[0]] if lines else []
    if sorted(header) != sorted(_COLUMNS):
        raise DataError(f"{path} begins with {', '.join(header[:6]) or 'nothing'}.", _HINT)
    if len(lines) > _MOST_INTERVALS:
        raise DataError(f"{path} has {len(lines):,} lines; at most {_MOST_INTERVALS:,} are read.")
    found = []
    for number, fields in enumerate(lines[1:], start=2):
        if fields:
            found.append(_interval(path, number, header, fields, labels, seconds))
    return tuple(found)


def _interval(
    path: Path,
    number: int,
    header: list[str],
    fields: list[str],
    labels: tuple[str, ...],
    seconds: float,
) -> tuple[float, float, str]:
    where = f"{path}, line {number}"
    if len(fields) != len(header):
        raise DataError(f"{where} has {len(fields)} fields, not {len(header)}.", _HINT)
    row = dict(zip(header, fields, strict=True))
    label = row["label"].strip()
    try:
        start, end = float(row["start"]), float(row["end"])
    except ValueError as error:
        raise DataError(f"{where}: start and end are numbers of seconds.", _HINT) from error
    if not (math.isfinite(start) and math.isfinite(end) and 0 <= start < end <= seconds + 1e-6):
        raise DataError(
            f"{where}: an interval lies within the recording of {seconds:.2f} s and ends behind "
            f"its start; received {start:g} to {end:g}.",
            _HINT,
        )
    if label not in labels:
        raise DataError(
            f"{where}: the label is one of {', '.join(labels)}; received {label[:40]!r}.", _HINT
        )
    return start, end, label
