"""One recording of the user's, as the device would hear it: for trying a model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from coincell.data.audio import decode_recording, read_content
from coincell.data.senses import Recording, kinds_of, sense_files
from coincell.project import DataSettings


@dataclass(frozen=True)
class RecordingWindow:
    """A recording brought to one window.

    Attributes:
        values: [form.values] of form.dtype.
        duration_s: of the recording, before it was padded or cropped.
        padded: whether it was shorter than the window.
        cropped: whether it was longer; the loudest stretch was kept.
    """

    values: NDArray[Any]
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
    files = sense_files(settings)
    content = read_content(path, str(path), kinds_of(settings))
    recording = files.decode(content, str(path), settings)
    fitted = files.fit(recording.samples, settings)
    return RecordingWindow(
        fitted.windows[0],
        files.seconds(recording.samples, settings),
        padded=fitted.padded,
        cropped=fitted.cropped or len(fitted.windows) > 1,
    )
