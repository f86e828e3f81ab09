"""What differs from sense to sense between a user's file and a window; all else is shared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from coincell.project import DataSettings


@dataclass(frozen=True)
class ReadOptions:
    """How users' files are read.

    Attributes:
        repair: readings that are no numbers, and long gaps, are mended and counted; else refused.
        key: of acquisitions: their signatures are checked with it; None: they are not.
    """

    repair: bool = False
    key: bytes | None = None


@dataclass(frozen=True)
class Part:
    """A piece of a file that is a recording of its own: samples [begin, end).

    Attributes:
        begin: its first sample.
        end: behind its last one.
        label: its class; "" for that of the file.
        apart: whether it has nothing to do with the others; else they stay on one side of a split.
    """

    begin: int
    end: int
    label: str = ""
    apart: bool = True


@dataclass(frozen=True)
class Recording:
    """One decoded file.

    Attributes:
        samples: sound int16 [n] at the project's rate; motion float32 [n, channels] in the
            project's units, at its rate; a picture uint8 [height, width, 3].
        format: of the file, like "WAV PCM_24", "CSV" or "PNG".
        rate_hz: of the file, before resampling; 0 where it has none.
        channels: of the file, before mixing; 0 where that means nothing.
        saturated: samples that were beyond full scale.
        parts: recordings that the file holds, in order; none: it holds one.
        notes: what was done to all of it on the way in -> 1.
        mended: what was mended in it -> in how many places.
        steps: samples or readings of the file, before resampling; 0 where it is not known.
    """

    samples: NDArray[Any]
    format: str
    rate_hz: int
    channels: int
    saturated: int
    parts: tuple[Part, ...] = ()
    notes: Mapping[str, int] = field(default_factory=dict)
    mended: Mapping[str, int] = field(default_factory=dict)
    steps: int = 0


@dataclass(frozen=True)
class Fitted:
    """A recording as windows.

    Attributes:
        windows: [m, form.values] of form.dtype, m >= 1.
        padded: whether it was shorter than the window.
        cropped: whether it was longer and a part was left out.
    """

    windows: NDArray[Any]
    padded: bool
    cropped: bool


class SenseFiles(Protocol):
    """The files of one sense: a user's, and the one kind that Coincell keeps."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Of files that can be imported, in small letters."""

    @property
    def stored_suffix(self) -> str:
        """Of what is kept in the project's data folder."""

    def decode(self, content: bytes, name: str, settings: DataSettings) -> Recording:
        """A user's file, held in memory.

        Raises:
            DataError: it is broken, empty, or of a kind that is not read.
        """

    def encode(self, samples: NDArray[Any], settings: DataSettings) -> bytes:
        """`Recording.samples` -> the file that is kept; equal samples give equal bytes."""

    def decode_stored(self, content: bytes, name: str, settings: DataSettings) -> NDArray[Any]:
        """What `encode` made -> `Recording.samples`.

        Raises:
            DataError: it is anything else, or of another rate or other channels.
        """

    def holds(self, header: bytes, file_bytes: int, seconds: float, settings: DataSettings) -> bool:
        """Whether a kept file that begins with `header` fits the settings."""

    def seconds(self, samples: NDArray[Any], settings: DataSettings) -> float:
        """How long a recording is; 0 of a picture."""

    def fit(self, samples: NDArray[Any], settings: DataSettings) -> Fitted:
        """`Recording.samples` -> windows, always in the same way."""


def sense_files(settings: DataSettings, options: ReadOptions | None = None) -> SenseFiles:
    """How the project's recordings are read and kept."""
    from coincell.data.motion import MotionFiles
    from coincell.data.picture import PictureFiles
    from coincell.data.sound import SoundFiles

    if settings.sense == "motion":
        return MotionFiles(options)
    if settings.sense == "picture":
        return PictureFiles()
    return SoundFiles(options)


def kinds_of(settings: DataSettings) -> str:
    """The kinds of files that can be imported, in words: "WAV or FLAC"."""
    names = [suffix[1:].upper() for suffix in sense_files(settings).suffixes]
    return " or ".join([", ".join(names[:-1]), names[-1]])


_ONE_OF: Mapping[str, str] = {"sound": "clip", "motion": "recording", "picture": "picture"}


def counted(count: int, sense: str) -> str:
    """ "1 picture", "7 recordings": as many files of a sense, in its own words."""
    return f"{count} {_ONE_OF[sense]}{'' if count == 1 else 's'}"


def window_starts(samples: int, settings: DataSettings) -> NDArray[np.int64]:
    """Where the windows of a recording of `samples` >= one window begin; see window_step_ms."""
    step = max(1, settings.sample_rate_hz * settings.window_step_ms // 1000)
    return np.arange(0, samples - settings.window_samples + 1, step)
