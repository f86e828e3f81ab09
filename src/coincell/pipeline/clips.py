"""The dataset stage's artefact as arrays: what every later stage reads."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.data import RECORDING, Sample, Windows, position
from coincell.pipeline.store import Artefact
from coincell.project import Configuration, DataSettings

WINDOWS_FILE = "windows.npy"
NOISE_FILE = "noise.npy"
SAMPLES_FILE = "samples.json"


@dataclass(frozen=True)
class Clips:
    """Every window of the data set, in the manifest's order; of a recording one, or more.

    Attributes:
        folder: of the artefact.
        files: names of the recordings, relative to the project's data folder, [n].
        labels: int64 [n], positions in data.labels; 0 where a number is to be predicted.
        targets: float64 [n], that number; NaN where there is none.
        splits: "train", "validation" or "test", [n].
        groups: group columns of each clip, [n].
    """

    folder: Path
    files: tuple[str, ...]
    labels: NDArray[np.int64]
    targets: NDArray[np.float64]
    splits: NDArray[np.str_]
    groups: tuple[Mapping[str, str], ...]

    @functools.cached_property
    def windows(self) -> NDArray[Any]:
        """[n, form.values] of form.dtype, mapped from disk."""
        windows: NDArray[Any] = np.load(self.folder / WINDOWS_FILE, mmap_mode="r")
        return windows

    @functools.cached_property
    def noise(self) -> NDArray[np.int16]:
        """Background noise to mix in, int16 [recordings, samples]; may have no rows."""
        noise: NDArray[np.int16] = np.load(self.folder / NOISE_FILE)
        return noise

    def rows(self, split: str) -> NDArray[np.int64]:
        """Positions of the clips of `split`."""
        return np.flatnonzero(self.splits == split).astype(np.int64)

    def unit_word(
        self, rows: Sequence[int] | NDArray[np.int64], column: str, silence: int | None
    ) -> str:
        """What the units of `rows` are: the column, where all that speak tell it; "recording" where
        they are told apart by that; "" where each window stands alone."""
        if self.units(rows, column, silence) is None:
            return ""
        told = (self.groups[row].get(column) or self.labels[row] == silence for row in rows)
        return column if all(told) else RECORDING

    def units(
        self, rows: Sequence[int] | NDArray[np.int64], column: str, silence: int | None
    ) -> list[str] | None:
        """Who speaks in each clip of `rows`: what clips share, and so what a bootstrap draws.

        A clip of silence has no speaker and stands alone. Where any other clip does not tell,
        windows and events cut from one recording belong together; None when each is a recording by
        itself.

        Args:
            rows: positions of clips.
            column: the group column, such as "speaker".
            silence: the class in which nobody speaks, if there is one.
        """
        names = [
            self.groups[row].get(column) or (self.files[row] if self.labels[row] == silence else "")
            for row in rows
        ]
        if all(names):
            return names
        recordings = [self.groups[row].get(RECORDING) or self.files[row] for row in rows]
        return recordings if len(set(recordings)) < len(recordings) else None


def silence_class(data: DataSettings) -> int | None:
    """The position of the silence label in data.labels, or None."""
    return data.labels.index(data.silence_label) if data.silence_label in data.labels else None


def training_rows(clips: Clips, configuration: Configuration) -> NDArray[np.int64]:
    """Positions of the windows to learn from: of the training split; of normality what is normal.

    What is strange and stands in the training split is left out; the dataset stage counts it.
    """
    return _learned(clips, clips.rows("train"), configuration)


def watched_rows(clips: Clips, configuration: Configuration) -> NDArray[np.int64]:
    """Positions of the windows that training watches; of normality what is normal, and half of
    the units (what data.split.by names, else recordings): a threshold wants windows of others.
    """
    rows = _learned(clips, clips.rows("validation"), configuration)
    return rows[_watched(clips, rows, configuration)] if configuration.goal == "normality" else rows


def held_out_rows(
    clips: Clips, configuration: Configuration, *, trained: bool
) -> tuple[NDArray[np.int64], bool]:
    """Positions of the normal windows that a threshold is chosen by, and whether training watched
    some of them.

    A fit watches nothing, so that all of the validation split is held out. Where a network was
    `trained`, the other half of the units is; all of them where a half is too small for
    decision.false_alarm_rate.
    """
    rows = _learned(clips, clips.rows("validation"), configuration)
    if not trained:
        return rows, False
    apart = rows[~_watched(clips, rows, configuration)]
    if (len(apart) + 1) * configuration.decision.false_alarm_rate < 1 - 1e-9:
        return rows, True
    return apart, False


def _watched(
    clips: Clips, rows: NDArray[np.int64], configuration: Configuration
) -> NDArray[np.bool_]:
    """Whose best epoch training keeps, [rows]: every second unit, in an order by hash; all of them
    where there is but one."""
    by, seed = configuration.data.split.by, configuration.project.seed
    units = [clips.groups[row].get(by) or clips.files[row] for row in rows]
    order = sorted(set(units), key=lambda unit: position(f"watched {unit}", seed))
    chosen = set(order[::2])
    return np.array([unit in chosen for unit in units], np.bool_)


def _learned(
    clips: Clips, rows: NDArray[np.int64], configuration: Configuration
) -> NDArray[np.int64]:
    if configuration.goal != "normality":
        return rows
    normal: NDArray[np.int64] = rows[clips.labels[rows] == normal_class(configuration.data)]
    return normal


def normal_class(data: DataSettings) -> int:
    """The position of the normal label in data.labels."""
    return data.labels.index(data.normal_label)


def write_clips(
    folder: Path,
    windows: Windows,
    samples: Sequence[Sample],
    labels: Sequence[str],
    noise: NDArray[np.int16],
) -> None:
    """Lay down what `read_clips` reads.

    Args:
        folder: of the artefact.
        windows: of the samples.
        samples: in the order that the windows count them in.
        labels: data.labels.
        noise: see `Clips.noise`.
    """
    np.save(folder / WINDOWS_FILE, windows.values)
    np.save(folder / NOISE_FILE, noise)
    position = {label: index for index, label in enumerate(labels)}
    each = [samples[index] for index in windows.samples]
    facts = {
        "files": [sample.file for sample in each],
        "labels": [position.get(sample.label, 0) for sample in each],
        "targets": [sample.target for sample in each],
        "splits": [sample.split for sample in each],
        "groups": [dict(sample.groups) for sample in each],
    }
    (folder / SAMPLES_FILE).write_text(json.dumps(facts), encoding="utf-8")


def read_clips(artefact: Artefact) -> Clips:
    """The clips that the dataset stage wrote."""
    samples = artefact.read_json(SAMPLES_FILE)
    return Clips(
        artefact.folder,
        tuple(samples["files"]),
        np.asarray(samples["labels"], np.int64),
        np.asarray(samples["targets"], np.float64),
        np.asarray(samples["splits"], np.str_),
        tuple(samples["groups"]),
    )
