"""Long recordings -> the events in them, by energy; written as new files, the user's are only read.

The level is measured every hundredth of a second, of motion over eight readings at least; motion's
is that of its distance from the recording's own median, each channel over its full scale. An event
begins where the level rises `above_db` over the quiet (the 20th percentile of all levels), and ends
where it stays below half of that for `hold_ms`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.data.audio import read_content
from coincell.data.origins import add_origins
from coincell.data.progress import Progress, silent
from coincell.data.senses import Recording, kinds_of, sense_files
from coincell.errors import DataError, FileError
from coincell.files import write_atomic
from coincell.project import DataSettings, Project

FRAME_S = 0.01
FRAME_STEPS = 8
QUIET_PERCENTILE = 20
MOST_FILES = 10_000
_FLOOR_DB = -120.0
_PLAIN = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True)
class SegmentOptions:
    """How events are told from quiet.

    Attributes:
        above_db: how far the level rises above the quiet, in decibels.
        hold_ms: so long it must be quiet again for the event to end.
        least_ms: shorter events are left out.
        margin_ms: kept before and behind.
        whole_window: whether events shorter than the project's window get more of what is around
            them, so that a window holds no made-up samples.
    """

    above_db: float = 12.0
    hold_ms: int = 150
    least_ms: int = 80
    margin_ms: int = 100
    whole_window: bool = True


@dataclass(frozen=True)
class Segment:
    """One event: samples [begin, end) of a recording.

    Attributes:
        source: the recording's path.
        begin: first sample, at the project's rate.
        end: behind the last one.
        begin_s: where it begins, in seconds.
        seconds: how long it is, margins included.
        peak_db: its highest level above the quiet.
        file: where it is written, relative to the folder; "" if it is not.
    """

    source: str
    begin: int
    end: int
    begin_s: float
    seconds: float
    peak_db: float
    file: str = ""


@dataclass(frozen=True)
class SegmentSummary:
    """What was found.

    Attributes:
        segments: all events, in order.
        recordings: how many were searched.
        without: recordings in which nothing rises above the quiet.
        notes: what the user should know, one sentence each.
    """

    segments: tuple[Segment, ...]
    recordings: int
    without: tuple[str, ...]
    notes: tuple[str, ...]


def segment_recordings(
    sources: Sequence[Path],
    project: Project,
    options: SegmentOptions,
    folder: Path | None = None,
    label: str = "",
    progress: Progress = silent,
) -> SegmentSummary:
    """Find the events in recordings, and write each as a file of its own.

    Args:
        sources: files, or folders of them.
        project: of sound or motion; its rate, channels and window count.
        options: see there.
        folder: where events are written, as LABEL/NAME-NUMBER, beside a list of the recordings that
            they come from; None: nowhere.
        label: of all events; "" takes the name of the folder that a recording lies in.
        progress: told after each recording.

    Raises:
        DataError: of pictures, or of a number to predict; a recording is broken; a label is not
            the project's.
        UserError: a file is there already; the disk is full.
    """
    settings = project.configuration.data
    _check(settings, options)
    paths = _recordings(sources, settings)
    targets = {path: label or path.parent.name for path in paths}
    if folder is not None:
        _check_places(folder, project, sorted(set(targets.values())))
    segments: list[Segment] = []
    without: list[str] = []
    notes: list[str] = []
    names: set[str] = set()
    origins: dict[str, str] = {}
    for done, path in enumerate(paths, start=1):
        content = read_content(path, str(path), kinds_of(settings))
        recording = sense_files(settings).decode(content, str(path), settings)
        found = find_segments(recording, str(path), settings, options)
        if not found:
            without.append(str(path))
        notes += _notes(path, recording, settings)
        if folder is not None:
            stem = _free_name(f"{targets[path]}/{_PLAIN.sub('-', path.stem)[:48]}", names)
            found = _write(found, recording.samples, folder, stem, settings)
            name = f"{_PLAIN.sub('-', path.stem)[:48]}-{hashlib.sha256(content).hexdigest()[:12]}"
            origins |= {one.file: name for one in found}
        segments += found
        progress(done, len(paths), path.name)
    if folder is not None and origins:
        add_origins(folder, origins)
    return SegmentSummary(tuple(segments), len(paths), tuple(without), tuple(notes))


def _check(settings: DataSettings, options: SegmentOptions) -> None:
    if settings.sense == "picture":
        raise DataError("Pictures have no events in time.", "Segment sound or motion.")
    if settings.target:
        # a rise in level says where something happened, and not how much of the target it was
        raise DataError(
            f"Events are cut for classes; this project predicts a number, {settings.target} in "
            f"{settings.unit}, which no rise in level tells.",
            "Import whole recordings: windows are cut from them. Where the number changes within "
            "one, cut it there, and list each piece with its target in a CSV.",
        )
    if not (0 < options.above_db <= 100) or min(
        options.hold_ms, options.least_ms, options.margin_ms
    ) < 0:  # fmt: skip
        raise DataError(
            "above_db is over 0 and at most 100, and times are not negative; received "
            f"{options.above_db:g} dB, {options.hold_ms}, {options.least_ms} and "
            f"{options.margin_ms} ms."
        )


def _recordings(sources: Sequence[Path], settings: DataSettings) -> list[Path]:
    suffixes = sense_files(settings).suffixes
    found: list[Path] = []
    for source in sources:
        if source.is_dir():
            inside = sorted(p for p in source.rglob("*") if p.suffix.lower() in suffixes)
            found += [path for path in inside if path.is_file()]
        elif source.is_file():
            found.append(source)
        else:
            raise DataError(f"There is nothing at {source}.", "Name recordings, or a folder.")
    if not found or len(found) > MOST_FILES:
        raise DataError(
            f"1 to {MOST_FILES} recordings are segmented at once; found {len(found)} "
            f"({', '.join(suffixes)})."
        )
    return found


def _check_places(folder: Path, project: Project, labels: Sequence[str]) -> None:
    if folder.resolve().is_relative_to(project.data_directory.resolve()):
        raise DataError(
            f"{folder} is in the project's own data folder.",
            "Name another one; coincell data import brings the events in.",
        )
    strange = [label for label in labels if label not in project.configuration.data.labels]
    if strange:
        raise DataError(
            f"The label {strange[0]!r} is not in data.labels.",
            "Give --label, or put the recordings in a folder of their label's name.",
        )


def _free_name(stem: str, names: set[str]) -> str:
    """`stem`, or with a number where two recordings have the same name."""
    free, number = stem, 1
    while free in names:
        number += 1
        free = f"{stem}-{number}"
    names.add(free)
    return free


def _notes(path: Path, recording: Recording, settings: DataSettings) -> list[str]:
    notes = [f"{path}: {what}: {count}." for what, count in recording.notes.items()]
    window = settings.window_samples
    if len(recording.samples) < window:
        notes.append(
            f"{path}: shorter ({len(recording.samples)} samples) than the project's window "
            f"({window}): the rest of the window will be made up."
        )
    return notes


def find_segments(
    recording: Recording, source: str, settings: DataSettings, options: SegmentOptions
) -> list[Segment]:
    """The events of one recording; none spans two of its parts."""
    bounds = [(part.begin, part.end) for part in recording.parts]
    segments: list[Segment] = []
    for begin, end in bounds or [(0, len(recording.samples))]:
        samples = recording.samples[begin:end]
        levels, hop = frame_levels(samples, settings)
        quiet = float(np.percentile(levels, QUIET_PERCENTILE))
        for first, last in _events(levels - quiet, hop / settings.sample_rate_hz, options):
            low, high = _widened(first * hop, last * hop, len(samples), settings, options)
            peak = float(levels[first:last].max()) - quiet
            rate = settings.sample_rate_hz
            segments.append(
                Segment(
                    source, begin + low, begin + high, (begin + low) / rate, (high - low) / rate,
                    peak,
                )
            )  # fmt: skip
    return segments


def frame_levels(samples: NDArray[Any], settings: DataSettings) -> tuple[NDArray[np.float64], int]:
    """Level of each frame in decibels of full scale (root mean square), and samples a frame.

    Args:
        samples: sound int16 [n], or motion float [n, channels] in its units; n >= 1.
        settings: rate and full scale.
    """
    hop = max(FRAME_STEPS, round(FRAME_S * settings.sample_rate_hz))
    if settings.sense == "motion":
        apart = samples - np.median(samples, axis=0)
        power = ((apart / np.asarray(settings.full_scale)) ** 2).mean(axis=1)
    else:
        power = (samples / 32768.0) ** 2
    frames = -(-len(power) // hop)
    starts = np.arange(frames) * hop
    counts = np.diff(np.append(starts, len(power)))
    means = np.add.reduceat(power, starts) / counts
    return 10.0 * np.log10(np.maximum(means, 10.0 ** (_FLOOR_DB / 10.0))), hop


def _events(
    above: NDArray[np.float64], frame_s: float, options: SegmentOptions
) -> list[tuple[int, int]]:
    """Frames [first, last) of events, by levels above the quiet, with hysteresis."""
    hold = max(1, round(options.hold_ms / 1000.0 / frame_s))
    least = options.least_ms / 1000.0 / frame_s
    events: list[tuple[int, int]] = []
    loud = np.flatnonzero(above >= options.above_db)
    heard = np.flatnonzero(above >= options.above_db / 2)
    position = 0
    for start in loud:
        if start < position:
            continue
        later = heard[heard >= start]
        gaps = np.flatnonzero(np.diff(later) > hold)
        last = int(later[gaps[0]] if len(gaps) else later[-1]) + 1
        before = heard[(heard <= start) & (heard >= position)]
        breaks = np.flatnonzero(np.diff(before) > 1)
        first = int(before[breaks[-1] + 1] if len(breaks) else before[0])
        if last - first >= least:
            events.append((first, last))
        position = last
    return events


def _widened(
    first: int, last: int, count: int, settings: DataSettings, options: SegmentOptions
) -> tuple[int, int]:
    """With margins, and to a whole window where there is so much."""
    margin = options.margin_ms * settings.sample_rate_hz // 1000
    low, high = max(0, first - margin), min(count, last + margin)
    missing = settings.window_samples - (high - low)
    if options.whole_window and missing > 0:
        low = max(0, min(low - missing // 2, count - settings.window_samples))
        high = min(count, low + settings.window_samples)
    return low, high


def _write(
    segments: Sequence[Segment],
    samples: NDArray[Any],
    folder: Path,
    stem: str,
    settings: DataSettings,
) -> list[Segment]:
    files = sense_files(settings)
    written: list[Segment] = []
    for number, one in enumerate(segments, start=1):
        name = f"{stem}-{number:04}{files.stored_suffix}"
        if (folder / name).exists():
            raise FileError(f"{folder / name} is there already.", "Name an empty folder.")
        write_atomic(folder / name, files.encode(samples[one.begin : one.end], settings))
        written.append(
            Segment(one.source, one.begin, one.end, one.begin_s, one.seconds, one.peak_db, name)
        )
    return written
