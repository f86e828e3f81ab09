"""What happens to a sensor's windows in the field: ageing, other people, noise, offset, a fault."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.data import make_noise, mixed_at_snr
from coincell.project import WindowForm

Float = NDArray[np.float64]
DRIFTS = ("ageing", "accent", "noise", "offset", "broken-axis")
_WORST_LOSS_DB = 36.0
_LOWEST_CUT = 0.01
"""Of half the sample rate: where the oldest sensor's response has fallen by 3 dB."""
_SNRS_DB = (20.0, -10.0)
_MOST_OFFSET = 0.9
"""Of full scale."""


def drifted(
    windows: NDArray[Any], form: WindowForm, kind: str, severity: float, rng: np.random.Generator
) -> NDArray[Any]:
    """Windows as a changed sensor, person or place would give them.

    - ageing: less sensitive by up to 36 dB and a first-order low pass down to 1 % of the band, as
      by dust and moisture in a microphone, and wear of a mount; of pictures less contrast.
    - accent: other people: up to twice as fast, and of sound as high and with as short a vocal
      tract; of pictures flatter.
    - noise: from 20 dB below the signal to 10 dB above it; of sound like many people talking.
    - offset: a constant added, up to 90 % of full scale; what goes beyond is clipped.
    - broken-axis: the last channel holds one value for a share of each window, as at a loose
      contact; of pictures, so many of the last columns.

    Args:
        windows: [n, form.values] of form.dtype.
        form: of a window.
        kind: one of `DRIFTS`.
        severity: 0 nothing to 1 the worst.
        rng: draws noise and where a contact is lost.
    """
    if severity <= 0 or kind not in DRIFTS:
        return windows.copy()
    change = {
        "ageing": _aged, "accent": _others, "noise": _noisy, "offset": _offset,
        "broken-axis": _broken,
    }[kind]  # fmt: skip
    made = np.stack([change(window, form, severity, rng) for window in windows])
    limits = np.iinfo(form.dtype)
    return np.clip(np.rint(made), limits.min, limits.max).astype(form.dtype)


def _steps(window: NDArray[Any], form: WindowForm) -> Float:
    """[form.values] -> [steps, channels]; of a picture [height, width * channels]."""
    rows = form.height if form.sense == "picture" else form.samples
    steps: Float = window.astype(np.float64).reshape(rows, -1)
    return steps


def _flat(values: Float) -> Float:
    """[steps, channels] -> [form.values]."""
    flat: Float = values.reshape(-1)
    return flat


def _aged(
    window: NDArray[Any], form: WindowForm, severity: float, rng: np.random.Generator
) -> Float:
    del rng
    gain = 10 ** (-_WORST_LOSS_DB * severity / 20)
    values = _steps(window, form)
    if form.sense == "picture":
        middle = values.mean()
        return _flat((values - middle) * gain + middle)
    spectrum = np.fft.rfft(values, axis=0)
    cut = _LOWEST_CUT**severity
    frequency = np.linspace(0, 1, len(spectrum))[:, None]
    spectrum /= np.sqrt(1 + (frequency / cut) ** 2)
    return _flat(np.fft.irfft(gain * spectrum, len(values), axis=0))


def _others(
    window: NDArray[Any], form: WindowForm, severity: float, rng: np.random.Generator
) -> Float:
    del rng
    values = _steps(window, form)
    # What comes after the window is not known: it goes back from its end instead of standing still.
    last = len(values) - 1
    places = last - np.abs(last - np.arange(len(values)) * (1 + severity))
    below = np.minimum(places.astype(np.int64), max(len(values) - 2, 0))
    share = (places - below)[:, None]
    above = np.minimum(below + 1, len(values) - 1)
    return _flat(values[below] * (1 - share) + values[above] * share)


def _noisy(
    window: NDArray[Any], form: WindowForm, severity: float, rng: np.random.Generator
) -> Float:
    quiet, loud = _SNRS_DB
    snr_db = quiet + (loud - quiet) * severity
    signal = window.astype(np.float64)
    if form.sense == "sound" and form.channels == 1:
        noise = make_noise("babble", len(window), form.rate_hz, rng)
    else:
        noise = rng.standard_normal(len(window))
    if form.sense == "sound":
        return mixed_at_snr(signal, noise, snr_db)
    return float(signal.mean()) + mixed_at_snr(signal - signal.mean(), noise, snr_db)


def _offset(
    window: NDArray[Any], form: WindowForm, severity: float, rng: np.random.Generator
) -> Float:
    del rng
    limits = np.iinfo(form.dtype)
    return window.astype(np.float64) + _MOST_OFFSET * severity * (float(limits.max) + 1)


def _broken(
    window: NDArray[Any], form: WindowForm, severity: float, rng: np.random.Generator
) -> Float:
    values = _steps(window, form)
    if form.sense == "picture":
        values[:, values.shape[1] - round(severity * values.shape[1]) :] = 0
        return _flat(values)
    length = round(severity * len(values))
    # A window is cut anywhere, so that the gap may begin before it and end after it.
    begin = int(rng.integers(1 - length, len(values)))
    first = max(begin, 0)
    values[first : max(begin + length, 0), -1] = values[max(first - 1, 0), -1]
    return _flat(values)
