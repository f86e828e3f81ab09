"""Altered copies for groups that have few samples: another voice, another light."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.data.augment import augment
from coincell.data.augment_voice import other_voice
from coincell.project import AugmentationSettings, MitigationSettings, WindowForm


def augment_targeted(
    window: NDArray[Any],
    form: WindowForm,
    settings: AugmentationSettings,
    mitigation: MitigationSettings,
    noise: Sequence[NDArray[np.int16]] | NDArray[np.int16],
    generator: np.random.Generator,
) -> NDArray[Any]:
    """A copy in another voice, or another light, then altered as every copy is; motion only the
    latter.

    Args:
        window: [form.values] of form.dtype.
        form: of what it consists.
        settings: what `augment` does.
        mitigation: how far pitch, formants and light go.
        noise: as of `augment`.
        generator: all randomness.

    Returns:
        [form.values] of form.dtype.
    """
    if form.sense == "sound":
        most = mitigation.pitch_semitones / 12.0
        pitch = 2.0 ** generator.uniform(-most, most)
        most = mitigation.formant_percent / 100.0
        formants = 1.0 + generator.uniform(-most, most)
        window = other_voice(window, form.rate_hz, pitch, formants)
    if form.sense == "picture":
        window = relit(window, form, mitigation.lighting, generator)
    return augment(window, form, settings, noise, generator)


def relit(
    window: NDArray[np.uint8], form: WindowForm, lighting: float, generator: np.random.Generator
) -> NDArray[np.uint8]:
    """A picture in another light: exposure, gamma, and in colour a cast.

    Light is multiplied by up to 1 + `lighting`, or divided by it; so is the exponent of gamma; each
    colour by up to the root of that, and all three together by nothing.

    Args:
        window: uint8 [form.values].
        form: of a picture, of 1 or 3 channels.
        lighting: how far, 0 changes nothing.
        generator: all randomness.

    Returns:
        uint8 [form.values].
    """
    exposure, gamma = (1.0 + lighting) ** generator.uniform(-1.0, 1.0, 2)
    cast = np.zeros(1)
    if form.channels > 1:
        cast = generator.uniform(-0.5, 0.5, form.channels)
        cast -= cast.mean()
    gains = exposure * (1.0 + lighting) ** cast
    levels = np.power(np.arange(256) / 255.0, gamma)
    table = np.clip(np.rint(255.0 * levels[:, None] * gains), 0, 255).astype(np.uint8)
    pixels = window.reshape(-1, form.channels)
    lit: NDArray[np.uint8] = table[pixels, np.arange(form.channels)].reshape(-1)
    return lit
