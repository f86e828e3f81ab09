"""The dataset stage's artefact as arrays: what every later stage reads."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from coincell.pipeline.store import Artefact
from coincell.project import DataSettings

WINDOWS_FILE = "windows.npy"
NOISE_FILE = "noise.npy"
SAMPLES_FILE = "samples.json"


@dataclass(frozen=True)
class Clips:
    """Every clip of the data set, in the manifest's order.

    Attributes:
        folder: of the artefact.
        files: names relative to the project's data folder.
        labels: int64 [n], positions in data.labels.
        splits: "train", "validation" or "test", [n].
        groups: group columns of each clip, [n].
    """

    folder: Path
    files: tuple[str, ...]
    labels: NDArray[np.int64]
    splits: NDArray[np.str_]
    groups: tuple[Mapping[str, str], ...]

    @functools.cached_property
    def windows(self) -> NDArray[np.int16]:
        """int16 [n, window_samples], mapped from disk."""
        windows: NDArray[np.int16] = np.load(self.folder / WINDOWS_FILE, mmap_mode="r")
        return windows

    @functools.cached_property
    def noise(self) -> NDArray[np.int16]:
        """Background noise to mix in, int16 [recordings, samples]; may have no rows."""
        noise: NDArray[np.int16] = np.load(self.folder / NOISE_FILE)
        return noise

    def rows(self, split: str) -> NDArray[np.int64]:
        """Positions of the clips of `split`."""
        return np.flatnonzero(self.splits == split).astype(np.int64)

    def units(
        self, rows: Sequence[int] | NDArray[np.int64], column: str, silence: int | None
    ) -> list[str] | None:
        """Who speaks in each clip of `rows`: what clips share, and so what a bootstrap draws.

        A clip of silence has no speaker and stands alone. None when any other clip does not tell.

        Args:
            rows: positions of clips.
            column: the group column, such as "speaker".
            silence: the class in which nobody speaks, if there is one.
        """
        names = [
            self.groups[row].get(column) or (self.files[row] if self.labels[row] == silence else "")
            for row in rows
        ]
        return names if all(names) else None


def silence_class(data: DataSettings) -> int | None:
    """The position of the silence label in data.labels, or None."""
    return data.labels.index(data.silence_label) if data.silence_label in data.labels else None


def write_clips(
    folder: Path,
    windows: NDArray[np.int16],
    files: Sequence[str],
    labels: Sequence[int],
    splits: Sequence[str],
    groups: Sequence[Mapping[str, str]],
    noise: NDArray[np.int16],
) -> None:
    """Lay down what `read_clips` reads."""
    np.save(folder / WINDOWS_FILE, windows)
    np.save(folder / NOISE_FILE, noise)
    samples = {
        "files": list(files),
        "labels": list(labels),
        "splits": list(splits),
        "groups": [dict(group) for group in groups],
    }
    (folder / SAMPLES_FILE).write_text(json.dumps(samples), encoding="utf-8")


def read_clips(artefact: Artefact) -> Clips:
    """The clips that the dataset stage wrote."""
    samples = artefact.read_json(SAMPLES_FILE)
    return Clips(
        artefact.folder,
        tuple(samples["files"]),
        np.asarray(samples["labels"], np.int64),
        np.asarray(samples["splits"], np.str_),
        tuple(samples["groups"]),
    )
