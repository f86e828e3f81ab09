"""Sound: WAV and FLAC in, 16-bit mono WAV kept, the loudest stretch as window."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.data.acquisition import is_acquisition, read_acquisition
from coincell.data.audio import (
    AUDIO_SUFFIXES,
    MAX_RATE_HZ,
    MIN_RATE_HZ,
    decode_recording,
    decode_wav,
    encode_wav,
    resample,
    stored_rate,
    to_int16,
)
from coincell.data.fitting import fit_window
from coincell.data.senses import Fitted, ReadOptions, Recording, window_starts
from coincell.errors import DataError
from coincell.project import DataSettings


class SoundFiles:
    """See `SenseFiles`."""

    suffixes = (*AUDIO_SUFFIXES, ".json", ".cbor")
    stored_suffix = ".wav"

    def __init__(self, options: ReadOptions | None = None) -> None:
        self._options = options or ReadOptions()

    def decode(self, content: bytes, name: str, settings: DataSettings) -> Recording:
        """WAV, FLAC or an acquisition of one channel -> int16 [n], at the project's rate."""
        if is_acquisition(content):
            return self._of_acquisition(content, name, settings)
        return decode_recording(content, name, settings.sample_rate_hz)

    def _of_acquisition(self, content: bytes, name: str, settings: DataSettings) -> Recording:
        found = read_acquisition(content, name, self._options.key)
        if found.values.shape[1] != 1:
            raise DataError(
                f"{name}: a sound has one channel; the acquisition has "
                f"{', '.join(found.names)[:80]}.",
                "Is it a recording of another sense?",
            )
        own = 1000.0 / found.interval_ms
        if not MIN_RATE_HZ <= own <= MAX_RATE_HZ:
            raise DataError(
                f"{name}: the sample rate must be {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz; received "
                f"{own:.6g}.",
                "interval_ms of a sound at 16000 Hz is 0.0625.",
            )
        near = round(own) if abs(own - round(own)) < 1e-3 * own else own
        values = resample(found.values[:, 0] / 32768.0, near, settings.sample_rate_hz)
        saturated = int(np.count_nonzero((values > 1.0) | (values < -1.0)))
        notes = {} if found.verified else {"acquisition whose signature was not checked": 1}
        return Recording(
            to_int16(values),
            f"{found.kind} PCM_16",
            round(own),
            1,
            saturated,
            notes=notes,
            steps=len(found.values),
        )

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
