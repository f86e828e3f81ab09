"""Sound: WAV and FLAC in, 16-bit mono WAV kept, the loudest stretch as window."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.data.audio import (
    AUDIO_SUFFIXES,
    decode_recording,
    decode_wav,
    encode_wav,
    stored_rate,
)
from coincell.data.fitting import fit_window
from coincell.data.senses import Fitted, Recording, window_starts
from coincell.errors import DataError
from coincell.project import DataSettings


class SoundFiles:
    """See `SenseFiles`."""

    suffixes = AUDIO_SUFFIXES
    stored_suffix = ".wav"

    def decode(self, content: bytes, name: str, settings: DataSettings) -> Recording:
        """WAV or FLAC -> int16 [n], mono, at the project's rate."""
        return decode_recording(content, name, settings.sample_rate_hz)

    def encode(self, samples: NDArray[Any], settings: DataSettings) -> bytes:
        """int16 [n] -> WAV."""
        return encode_wav(samples, settings.sample_rate_hz)

    def decode_stored(self, content: bytes, name: str, settings: DataSettings) -> NDArray[Any]:
        """WAV as `encode` makes it -> int16 [n]."""
        clip, rate_hz = decode_wav(content, name)
        if rate_hz != settings.sample_rate_hz:
            raise DataError(
                f"{name}: stored at {rate_hz} Hz, but data.sample_rate_hz is "
                f"{settings.sample_rate_hz}.",
                "Import or synthesize the data again, or set the rate back.",
            )
        return clip

    def holds(self, header: bytes, file_bytes: int, seconds: float, settings: DataSettings) -> bool:
        """Whether it is such a WAV at the project's rate."""
        del seconds
        return stored_rate(header, file_bytes) == settings.sample_rate_hz

    def seconds(self, samples: NDArray[Any], settings: DataSettings) -> float:
        """How long it is."""
        return len(samples) / settings.sample_rate_hz

    def fit(self, samples: NDArray[Any], settings: DataSettings) -> Fitted:
        """One window (`fit_window`), or with data.window_step_ms all of them."""
        wanted = settings.window_samples
        padded, cropped = len(samples) < wanted, len(samples) > wanted
        if settings.window_step_ms and not padded:
            starts = window_starts(len(samples), settings)
            windows = np.stack([samples[start : start + wanted] for start in starts])
            return Fitted(windows, False, False)
        return Fitted(fit_window(samples, wanted)[np.newaxis], padded, cropped)
