"""Clips -> windows: what the device would have in its buffer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincell.data.audio import decode_wav
from coincell.data.manifest import Dataset, Sample, Split
from coincell.errors import DataError

_STEPS_PER_WINDOW = 100


@dataclass(frozen=True)
class Windows:
    """Clips brought to the length of one network input.

    Attributes:
        audio: int16 [n, window_samples], in the order of the samples.
        padded: clips that were shorter than the window.
        cropped: clips that were longer.
    """

    audio: NDArray[np.int16]
    padded: int
    cropped: int


def fit_window(clip: NDArray[np.int16], window_samples: int) -> NDArray[np.int16]:
    """Bring a clip to the window's length, always in the same way.

    Args:
        clip: int16 [n].
        window_samples: the length wanted.

    Returns:
        int16 [window_samples]. A shorter clip stands in the middle between zeros (the odd one
        goes behind). Of a longer one the loudest stretch is kept: of all stretches that begin at
        a multiple of a hundredth of the window, the first one with the greatest energy.
    """
    missing = window_samples - len(clip)
    if missing == 0:
        return clip
    if missing > 0:
        return np.pad(clip, (missing // 2, missing - missing // 2))
    step = max(1, window_samples // _STEPS_PER_WINDOW)
    energy = np.concatenate(([0], np.cumsum(clip.astype(np.int64) ** 2)))
    starts = np.arange(0, len(clip) - window_samples + 1, step)
    loudest = starts[int(np.argmax(energy[starts + window_samples] - energy[starts]))]
    return clip[loudest : loudest + window_samples]


def read_clip(dataset: Dataset, sample: Sample, sample_rate_hz: int) -> NDArray[np.int16]:
    """The whole clip, int16 [n].

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
    clip, rate_hz = decode_wav(content, str(path))
    if rate_hz != sample_rate_hz:
        raise DataError(
            f"{path}: stored at {rate_hz} Hz, but data.sample_rate_hz is {sample_rate_hz}.",
            "Import or synthesize the data again, or set the rate back.",
        )
    return clip


def load_windows(
    dataset: Dataset, samples: Sequence[Sample], window_samples: int, sample_rate_hz: int
) -> Windows:
    """Read clips and bring each to the window's length; see `fit_window`.

    Args:
        dataset: whose folder the samples are in.
        samples: which, in which order.
        window_samples: length of a window (data.window_samples).
        sample_rate_hz: the rate that the clips must have (data.sample_rate_hz).

    Raises:
        DataError: a clip is missing, was changed in kind, or has another rate.
    """
    audio = np.zeros((len(samples), window_samples), np.int16)
    padded = cropped = 0
    for row, sample in zip(audio, samples, strict=True):
        clip = read_clip(dataset, sample, sample_rate_hz)
        padded += len(clip) < window_samples
        cropped += len(clip) > window_samples
        row[:] = fit_window(clip, window_samples)
    return Windows(audio, padded, cropped)


def load_noise(
    dataset: Dataset, split: Split, samples: int, sample_rate_hz: int
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
        row[:] = np.resize(read_clip(dataset, recording, sample_rate_hz), samples)
    return noise
