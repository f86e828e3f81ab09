"""What one stored file shows to a check: read once, told in a few numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.data.audio import decode_wav
from coincell.data.manifest import Dataset, Sample
from coincell.data.resemblance import picture_hash
from coincell.data.senses import sense_files
from coincell.errors import DataError
from coincell.files import sha256_bytes
from coincell.project import DataSettings

FULL_SCALE = 32700
_LOUDEST_S = 0.1
_BT601 = np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True)
class MotionLook:
    """A recording of motion, channel by channel, in the channels' units.

    Attributes:
        means: float64 [channels].
        deviations: standard deviations, float64 [channels]; 0 of one that never changes.
        saturated: share of readings at full scale, float64 [channels].
        held: the longest run of steps in which no channel changes, between ones that do.
    """

    means: NDArray[np.float64]
    deviations: NDArray[np.float64]
    saturated: NDArray[np.float64]
    held: int


@dataclass(frozen=True)
class PictureLook:
    """A picture.

    Attributes:
        width: pixels.
        height: pixels.
        deviation: of the brightness of its pixels, 0 to 127.5.
        hash: see `picture_hash`.
    """

    width: int
    height: int
    deviation: float
    hash: bytes


@dataclass(frozen=True)
class Look:
    """What one file showed.

    Attributes:
        fault: "", "missing", "changed" (content), or "unreadable" (not a stored file).
        rate_hz: 0 when it could not be read, and of a picture.
        seconds: length.
        clipped: share of samples at full scale, of sound.
        offset: the mean over full scale, of sound, -1 to 1.
        loudest_dbfs: level of the loudest tenth of a second; -inf for digital silence.
        motion: of a recording of motion.
        picture: of a picture.
    """

    sample: Sample
    fault: str = ""
    rate_hz: int = 0
    seconds: float = 0.0
    clipped: float = 0.0
    offset: float = 0.0
    loudest_dbfs: float = -math.inf
    motion: MotionLook | None = None
    picture: PictureLook | None = None

    @property
    def readable(self) -> bool:
        """Whether there is something to look at."""
        return self.fault not in ("missing", "unreadable")


def look(dataset: Dataset, sample: Sample, settings: DataSettings) -> Look:
    """Read the file of `sample`; what is wrong with it is its `fault`."""
    path = dataset.directory / sample.file
    try:
        if path.exists() and not path.is_file():  # a device or a pipe may never end
            return Look(sample, "unreadable")
        content = path.read_bytes()
    except OSError:
        return Look(sample, "missing")
    fault = "" if sha256_bytes(content) == sample.sha256 else "changed"
    try:
        if settings.sense == "sound":
            return _look_at_sound(content, sample, fault)
        samples = sense_files(settings).decode_stored(content, sample.file, settings)
    except DataError:
        return Look(sample, "unreadable")
    if len(samples) == 0 or not np.isfinite(samples).all():
        return Look(sample, "unreadable")
    if settings.sense == "picture":
        return Look(sample, fault, loudest_dbfs=0.0, picture=_look_at_picture(samples))
    seconds = len(samples) / settings.sample_rate_hz
    motion = _look_at_motion(samples, settings)
    return Look(sample, fault, settings.sample_rate_hz, seconds, loudest_dbfs=0.0, motion=motion)


def _look_at_sound(content: bytes, sample: Sample, fault: str) -> Look:
    samples, rate_hz = decode_wav(content, sample.file)
    if len(samples) == 0:
        return Look(sample, "unreadable")
    return Look(
        sample,
        fault,
        rate_hz,
        len(samples) / rate_hz,
        float(np.mean(np.abs(samples.astype(np.int32)) >= FULL_SCALE)),
        float(np.mean(samples)) / 32768.0,
        _loudest_dbfs(samples, rate_hz),
    )


def _loudest_dbfs(samples: NDArray[np.int16], rate_hz: int) -> float:
    """Level of the loudest tenth of a second, in decibels of full scale (root mean square)."""
    length = min(len(samples), max(1, round(_LOUDEST_S * rate_hz)))
    energy = np.concatenate(([0.0], np.cumsum((samples / 32768.0) ** 2)))
    power = float(np.max(energy[length:] - energy[:-length])) / length
    return 10.0 * math.log10(power) if power > 1e-12 else -math.inf


def _look_at_motion(samples: NDArray[Any], settings: DataSettings) -> MotionLook:
    """Of float32 [n, channels] in the channels' units."""
    values = samples.astype(np.float64)
    moving = np.ptp(values, axis=0) > 0
    return MotionLook(
        values.mean(axis=0),
        np.where(moving, values.std(axis=0), 0.0),
        np.mean(np.abs(values) >= np.asarray(settings.full_scale), axis=0),
        _longest_hold(samples),
    )


def _longest_hold(samples: NDArray[Any]) -> int:
    """Steps of the longest run without any change that has changes on both sides."""
    (changes,) = np.nonzero((samples[1:] != samples[:-1]).any(axis=1))
    return int(np.diff(changes).max() - 1) if len(changes) > 1 else 0


def _look_at_picture(pixels: NDArray[Any]) -> PictureLook:
    """Of uint8 [height, width, 3]."""
    brightness = pixels @ _BT601
    height, width = brightness.shape
    return PictureLook(width, height, float(brightness.std()), picture_hash(brightness))
