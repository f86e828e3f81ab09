"""Altered copies of readings over time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.data.audio import to_int16
from coincell.project import AugmentationSettings, WindowForm


def augment_motion(
    window: NDArray[Any],
    form: WindowForm,
    settings: AugmentationSettings,
    generator: np.random.Generator,
) -> NDArray[Any]:
    """Shifted in time, then stronger or weaker, then with white noise; int16 [form.values].

    The readings at the window's ends are repeated where a shift leaves nothing. The noise of a
    channel is relative to what moves in it: its power without the mean.
    """
    values = window.reshape(form.shape).astype(np.float64)
    most = round(settings.shift_ms * form.rate_hz / 1000.0)
    shift = int(generator.integers(-most, most + 1))
    places = np.clip(np.arange(form.samples) - shift, 0, form.samples - 1)
    altered = values[places] * 10.0 ** (generator.uniform(*settings.gain_db) / 20.0)
    if generator.random() < settings.noise_probability:
        ratio = 10.0 ** (-generator.uniform(*settings.noise_snr_db) / 20.0)
        altered += generator.standard_normal(altered.shape) * altered.std(axis=0) * ratio
    return to_int16(altered / 32768.0).reshape(-1)
