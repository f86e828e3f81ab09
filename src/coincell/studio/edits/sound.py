"""Sound: louder, noisier, later, faster, higher, duller, shorter."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.data import NOISES, make_noise, mixed_at_snr, resample, sense_files, shifted, to_int16
from coincell.project import DataSettings
from coincell.studio.edits.edit import Edit, Values

Float = NDArray[np.float64]
NO_NOISE_DB = 60.0
_ORDER = 4
"""Of the filters: they fall by 24 dB an octave."""
_FRAME = 512
_HOP = _FRAME // 2
_SEARCH = 200
"""Samples to each side in which a frame's best place is looked for."""
_SEED = 20
"""Noise is the same each time, so that a slider changes its level alone."""


def sound_edits(data: DataSettings) -> tuple[Edit, ...]:
    """What can be changed in a window of sound."""
    half = data.sample_rate_hz / 2
    length = float(data.window_ms)
    return (
        Edit("gain_db", "Gain", "dB", -40, 40, 1, 0, note="louder; what is too loud is clipped"),
        Edit("snr_db", "Noise at an SNR of", "dB", -10, NO_NOISE_DB, 1, NO_NOISE_DB,
             note="60: no noise"),
        Edit("noise", "Kind of noise", "", 0, len(NOISES) - 1, 1, 0, tuple(NOISES)),
        Edit("shift_ms", "Shift", "ms", -length, length, max(1.0, length / 100), 0, note="later"),
        Edit("speed", "Speed", "", 0.5, 2, 0.05, 1, note="faster, and higher with it"),
        Edit("pitch", "Pitch", "semitones", -12, 12, 0.5, 0, note="higher, as fast as before"),
        Edit("low_pass_hz", "Low-pass at", "Hz", 100, half, 100 if half > 1000 else 10, half,
             note="softens all above"),
        Edit("high_pass_hz", "High-pass at", "Hz", 0, half - 100, 50, 0, note="softens all below"),
        Edit("crop_begin_ms", "Silent until", "ms", 0, length, max(1.0, length / 100), 0),
        Edit("crop_end_ms", "Silent from", "ms", 0, length, max(1.0, length / 100), length),
    )  # fmt: skip


def alter_sound(window: NDArray[Any], values: Values, data: DataSettings) -> NDArray[np.int16]:
    """int16 [n] -> int16 [n]: speed and pitch, filters, crop, shift, gain, and then noise, which is
    measured against what is left of the sound."""
    rate = data.sample_rate_hz
    sound: Float = window.astype(np.float64) / 32768.0
    if speed := values.get("speed"):
        # A sound at a higher rate, brought back to ours: shorter and higher.
        sound = _fitted(resample(sound, rate * speed, rate), data)
    if pitch := values.get("pitch"):
        factor = 2.0 ** (pitch / 12.0)
        sound = _fitted(resample(stretched(sound, factor), rate * factor, rate), data)
    low, high = values.get("low_pass_hz"), values.get("high_pass_hz")
    if low is not None or high is not None:
        sound = filtered(sound, rate, low, high)
    begin = round(values.get("crop_begin_ms", 0.0) * rate / 1000)
    end = round(values.get("crop_end_ms", float(data.window_ms)) * rate / 1000)
    if begin or end < len(sound):
        sound = sound.copy()
        sound[:begin] = 0.0
        sound[end:] = 0.0
    if shift := values.get("shift_ms"):
        sound = shifted(to_int16(sound), round(shift * rate / 1000)).astype(np.float64) / 32768.0
    sound = sound * 10.0 ** (values.get("gain_db", 0.0) / 20.0)
    if (snr := values.get("snr_db")) is not None:
        kind = list(NOISES)[round(values.get("noise", 0.0))]
        noise = make_noise(kind, len(sound), rate, np.random.default_rng(_SEED))
        sound = mixed_at_snr(sound, noise, snr)
    return to_int16(sound)


def _fitted(sound: Float, data: DataSettings) -> Float:
    """As long as a window again, as any recording of another length."""
    windows = sense_files(data).fit(to_int16(sound), data).windows
    fitted: Float = windows[0].astype(np.float64) / 32768.0
    return fitted


def filtered(sound: Float, rate_hz: int, low_pass: float | None, high_pass: float | None) -> Float:
    """Through Butterworth's magnitudes, without a change of phase; [n]."""
    hertz = np.fft.rfftfreq(2 * len(sound), 1 / rate_hz)
    gain = np.ones_like(hertz)
    if low_pass is not None:
        gain /= np.sqrt(1.0 + (hertz / low_pass) ** (2 * _ORDER))
    if high_pass is not None:
        with np.errstate(divide="ignore"):
            gain /= np.sqrt(1.0 + (high_pass / hertz) ** (2 * _ORDER))
    spectrum = np.fft.rfft(sound, 2 * len(sound)) * gain  # twice as long: nothing wraps around
    result: Float = np.fft.irfft(spectrum, 2 * len(sound))[: len(sound)]
    return result


def stretched(sound: Float, factor: float) -> Float:
    """`factor` times as long and of the same pitch; float64 [n] -> [about n * factor].

    By overlapping frames, each taken where it best continues the one before it (WSOLA; Verhelst and
    Roelands, 1993).
    """
    window = np.hanning(_FRAME + 1)[:-1]
    count = round(len(sound) * factor)
    frames = count // _HOP + 2
    padded = np.pad(sound, (_FRAME + _SEARCH, 2 * _FRAME + _SEARCH))
    result = np.zeros(frames * _HOP + _FRAME)
    start = _SEARCH
    for number in range(frames):
        if number:
            middle = min(_SEARCH + round(number * _HOP / factor), len(padded) - _FRAME - _SEARCH)
            follows = padded[start + _HOP : start + _HOP + _FRAME]
            around = padded[middle - _SEARCH : middle + _SEARCH + _FRAME]
            alike = np.correlate(around, follows[: len(around)], "valid")
            start = middle - _SEARCH + int(np.argmax(alike)) if alike.any() else middle
        place = slice(number * _HOP, number * _HOP + _FRAME)
        result[place] += padded[start : start + _FRAME] * window
    begin = round(_FRAME * factor)
    made = result[begin : begin + count]
    return np.pad(made, (0, count - len(made)))
