"""Recordings -> windows: what the device would have in its buffer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.data.manifest import Dataset, Sample, Split
from coincell.data.senses import sense_files
from coincell.errors import DataError
from coincell.project import DataSettings


@dataclass(frozen=True)
class Windows:
    """Recordings as windows.

    Attributes:
        values: [n, form.values] of form.dtype, in the order of the samples.
        samples: int64 [n], which of the samples each window is of.
        padded: recordings that were shorter than the window.
        cropped: recordings that were longer, of which a part was left out.
    """

    values: NDArray[Any]
    samples: NDArray[np.int64]
    padded: int
    cropped: int


def read_clip(dataset: Dataset, sample: Sample, settings: DataSettings) -> NDArray[Any]:
    """The whole recording, as `Recording.samples` has it.

    Raises:
        DataError: the file is missing, was changed in kind, or has another rate.
    """
    path = dataset.directory / sample.file
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(
            f"{path}: listed in the manifest, but cannot be read: {error.strerror or error}.",
            "Import or synthesize the data again.",
        ) from error
    return sense_files(settings).decode_stored(content, str(path), settings)


def load_windows(dataset: Dataset, samples: Sequence[Sample], settings: DataSettings) -> Windows:
    """Read recordings and make windows of each; see `SenseFiles.fit`.

    Args:
        dataset: whose folder the samples are in.
        samples: which, in which order.
        settings: the form of a window; the rate that the recordings must have.

    Raises:
        DataError: a recording is missing, was changed in kind, or has another rate.
    """
    files = sense_files(settings)
    parts = [np.empty((0, settings.form.values), settings.form.dtype)]
    counts: list[int] = []
    padded = cropped = 0
    for sample in samples:
        fitted = files.fit(read_clip(dataset, sample, settings), settings)
        parts.append(fitted.windows)
        counts.append(len(fitted.windows))
        padded += fitted.padded
        cropped += fitted.cropped
    of_sample = np.repeat(np.arange(len(samples)), counts).astype(np.int64)
    return Windows(np.concatenate(parts), of_sample, padded, cropped)


def load_noise(
    dataset: Dataset, split: Split, samples: int, settings: DataSettings
) -> NDArray[np.int16]:
    """The background noise of one split, int16 [recordings, samples]; there may be none.

    Each recording gives one row: its beginning, repeated where it is too short (zeros between
    would be no noise).

    Raises:
        DataError: as `load_windows`.
    """
    recordings = [sample for sample in dataset.noise if sample.split == split]
    noise = np.zeros((len(recordings), samples), np.int16)
    for row, recording in zip(noise, recordings, strict=True):
        row[:] = np.resize(read_clip(dataset, recording, settings), samples)
    return noise
