"""Altered copies of pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.project import AugmentationSettings, WindowForm


def augment_picture(
    window: NDArray[Any],
    form: WindowForm,
    settings: AugmentationSettings,
    generator: np.random.Generator,
) -> NDArray[Any]:
    """Mirrored, moved, brighter or darker, of more or less contrast; uint8 [form.values].

    Pixels at the picture's edges are repeated where it was moved away.
    """
    picture = window.reshape(form.shape).astype(np.float64)
    if settings.mirror and generator.random() < 0.5:
        picture = picture[:, ::-1]
    most = settings.shift_share * np.array(form.shape[:2])
    down, right = (int(generator.integers(-m, m + 1)) for m in most.astype(int))
    rows = np.clip(np.arange(form.height) - down, 0, form.height - 1)
    columns = np.clip(np.arange(form.width) - right, 0, form.width - 1)
    moved = picture[rows][:, columns]
    contrast = 1.0 + generator.uniform(-settings.contrast, settings.contrast)
    brightness = 255.0 * generator.uniform(-settings.brightness, settings.brightness)
    mean = moved.mean()
    altered = (moved - mean) * contrast + mean + brightness
    pixels: NDArray[Any] = np.clip(np.rint(altered), 0, 255).astype(np.uint8)
    return pixels.reshape(-1)
