"""Windows of 16,000 samples to try a front end on: made ones, and clips of real speech."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

RATE = 16000
_SEED = 20261122


def synthetic_windows() -> dict[str, NDArray[np.int16]]:
    """Name -> int16 [16000]: tones, noise, silence, full scale, quiet, and what is in between."""
    generator = np.random.default_rng(_SEED)
    seconds = np.arange(RATE) / RATE
    noise = generator.standard_normal(RATE)

    def tone(hertz: float) -> NDArray[np.float64]:
        return np.sin(2 * np.pi * hertz * seconds)

    signals = {
        "low tone": 30000 * tone(110.0),
        "tone between bins": 20000 * tone(1015.7),
        "high tone": 32767 * tone(3990.0),
        "two tones 80 dB apart": 30000 * tone(300) + 3 * tone(2500),
        "chirp": 25000 * np.sin(2 * np.pi * (50 + 3000 * seconds) * seconds),
        "white noise": 6000 * noise,
        "full noise": 32767 * np.sign(noise),
        "quiet noise": 2 * noise,
        "one-bit noise": 0.4 * noise,
        "quiet tone": 5 * tone(700.0),
        "square": 32767 * np.sign(tone(437.0)),
        "square in step with the frames": 32767 * np.sign(np.sin(2 * np.pi * 500 * seconds + 0.1)),
        "constant": np.full(RATE, 20000.0),
        "lowest constant": np.full(RATE, -32768.0),
        "silence": np.zeros(RATE),
        "one impulse": np.where(np.arange(RATE) == 5000, 32767, 0),
        "one small impulse": np.where(np.arange(RATE) == 5000, 1, 0),
        "starts late": np.where(seconds > 0.5, 8000 * noise, 0),
        "fades": 32767 * tone(900) * 10 ** (-5 * seconds),
        "alternating": 32767.0 * (-1) ** np.arange(RATE),
    }
    return {
        name: np.clip(np.rint(signal), -32768, 32767).astype(np.int16)
        for name, signal in signals.items()
    }


def speech_windows(shared: Path, most: int | None = None) -> NDArray[np.int16]:
    """Clips of Speech Commands, int16 [n, 16000], all twelve classes; the first `most`, or all."""
    folder = shared / "data" / "speech_commands"
    lines = (folder / "labels.csv").read_text(encoding="utf-8").splitlines()[1:]
    windows = np.zeros((len(lines[:most]), RATE), np.int16)
    for window, line in zip(windows, lines, strict=False):
        samples, rate = soundfile.read(folder / line.split(",")[0], dtype="int16")
        assert rate == RATE
        window[: len(samples)] = samples[:RATE]
    return windows
