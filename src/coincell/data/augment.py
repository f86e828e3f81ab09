"""Altered copies of training clips: shift, gain, noise; and masks over features (SpecAugment).

All randomness comes from the generator passed in: the same generator gives the same copy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.data.audio import to_int16
from coincell.data.augment_motion import augment_motion
from coincell.data.augment_picture import augment_picture
from coincell.data.noise import NOISES, cut_noise, make_noise, scale_for_snr
from coincell.project import AugmentationSettings, WindowForm

Float = NDArray[np.float64]
Int16 = NDArray[np.int16]


def augment(
    window: NDArray[Any],
    form: WindowForm,
    settings: AugmentationSettings,
    noise: Sequence[Int16] | Int16,
    generator: np.random.Generator,
) -> NDArray[Any]:
    """An altered copy of a window, by its sense.

    Args:
        window: [form.values] of form.dtype.
        form: of what it consists.
        settings: how much of each.
        noise: sound: recordings to cut noise from, int16 [m] each; without any, noise is made.
        generator: all randomness.

    Returns:
        [form.values] of form.dtype; values beyond full scale are saturated.
    """
    if form.sense == "picture":
        return augment_picture(window, form, settings, generator)
    if form.sense == "motion":
        return augment_motion(window, form, settings, generator)
    return augment_sound(window, settings, noise, generator, form.rate_hz)


def augment_sound(
    window: Int16,
    settings: AugmentationSettings,
    noise: Sequence[Int16] | Int16,
    generator: np.random.Generator,
    sample_rate_hz: int,
) -> Int16:
    """Shifted in time, then louder or softer, then with noise; int16 [n]."""
    most = round(settings.shift_ms * sample_rate_hz / 1000.0)
    shift = int(generator.integers(-most, most + 1))
    moved = shifted(window, shift).astype(np.float64)
    altered = moved * 10.0 ** (generator.uniform(*settings.gain_db) / 20.0)
    if generator.random() < settings.noise_probability:
        snr_db = generator.uniform(*settings.noise_snr_db)
        altered = mixed_at_snr(
            altered, _noise(len(window), noise, generator, sample_rate_hz), snr_db
        )
    return to_int16(altered / 32768.0)


def _noise(
    samples: int, noise: Sequence[Int16] | Int16, generator: np.random.Generator, rate_hz: int
) -> Float:
    if len(noise) > 0:
        return cut_noise(noise, samples, generator)
    kind = list(NOISES)[int(generator.integers(len(NOISES)))]
    return make_noise(kind, samples, rate_hz, generator) * 32768.0


def shifted(window: Int16, shift: int) -> Int16:
    """`window` later by `shift` samples (earlier when negative), zeros where nothing was; [n]."""
    moved = np.zeros_like(window)
    if abs(shift) >= len(window):
        return moved
    if shift >= 0:
        moved[shift:] = window[: len(window) - shift]
    else:
        moved[:shift] = window[-shift:]
    return moved


def mixed_at_snr(signal: Float, noise: Float, snr_db: float) -> Float:
    """`signal` + noise scaled so that 10 log10(mean signal² / mean noise²) = `snr_db`; [n].

    A signal or noise without power stays as it is: nothing is added.
    """
    mixed: Float = signal + noise * scale_for_snr(signal, noise, snr_db)
    return mixed


def spec_augment(
    features: NDArray[np.float32], settings: AugmentationSettings, generator: np.random.Generator
) -> NDArray[np.float32]:
    """A copy of one clip's features with stripes along time and frequency set to their mean.

    SpecAugment (Park et al., 2019) without time warping: each mask's width is uniform from 0 to
    its setting, its place uniform; a mask never covers more than the whole.

    Args:
        features: float32 [frames, bands].
        settings: number and widths of the masks.
        generator: all randomness.
    """
    masked = features.copy()
    mean = features.mean(dtype=np.float64)
    for _ in range(settings.time_masks):
        start, stop = _stripe(features.shape[0], settings.time_mask_frames, generator)
        masked[start:stop, :] = mean
    for _ in range(settings.frequency_masks):
        start, stop = _stripe(features.shape[1], settings.frequency_mask_bands, generator)
        masked[:, start:stop] = mean
    return masked


def _stripe(length: int, widest: int, generator: np.random.Generator) -> tuple[int, int]:
    width = int(generator.integers(0, min(widest, length) + 1))
    start = int(generator.integers(0, length - width + 1))
    return start, start + width


def spec_augment_batch(
    features: NDArray[np.float32], settings: AugmentationSettings, generator: np.random.Generator
) -> NDArray[np.float32]:
    """`spec_augment` of each clip in float32 [n, frames, bands], one after the other."""
    masked = np.empty_like(features)
    for row, clip in zip(masked, features, strict=True):
        row[:] = spec_augment(clip, settings, generator)
    return masked
