"""One recording of the user's, as the device would hear it: for trying a model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from coincell.data.audio import Recording, decode_recording, read_content
from coincell.data.windows import fit_window
from coincell.project import DataSettings


@dataclass(frozen=True)
class RecordingWindow:
    """A recording brought to one window.

    Attributes:
        audio: int16 [window_samples].
        duration_s: of the recording, before it was padded or cropped.
        padded: whether it was shorter than the window.
        cropped: whether it was longer; the loudest stretch was kept.
    """

    audio: NDArray[np.int16]
    duration_s: float
    padded: bool
    cropped: bool


def read_recording(path: Path, rate_hz: int) -> Recording:
    """Any recording that `data import` takes, whole, at `rate_hz`, one channel.

    Raises:
        DataError: it is missing, broken, empty, or of a kind that is not read.
    """
    return decode_recording(read_content(path, str(path)), str(path), rate_hz)


def read_window(path: Path, settings: DataSettings) -> RecordingWindow:
    """Read any recording that `data import` takes: converted, resampled, brought to a window.

    Raises:
        DataError: it is missing, broken, empty, or of a kind that is not read.
    """
    recording = read_recording(path, settings.sample_rate_hz)
    clip, wanted = recording.samples, settings.window_samples
    return RecordingWindow(
        fit_window(clip, wanted),
        len(clip) / settings.sample_rate_hz,
        padded=len(clip) < wanted,
        cropped=len(clip) > wanted,
    )
