"""Altered copies of pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.project import AugmentationSettings, WindowForm

Float = NDArray[np.float32]


def augment_picture(
    window: NDArray[Any],
    form: WindowForm,
    settings: AugmentationSettings,
    generator: np.random.Generator,
) -> NDArray[Any]:
    """Mirrored, moved, turned, larger or smaller; brighter or darker, of more or less contrast.

    Pixels at the picture's edges are repeated where nothing was. All geometry is one map, sampled
    once, bilinearly.

    Args:
        window: uint8 [form.values].
        form: of a picture.
        settings: how much of each, at most.
        generator: all randomness.

    Returns:
        uint8 [form.values].
    """
    rows, columns = _places(form, settings, generator)
    moved = sampled(window.reshape(-1, form.channels), form, rows, columns)
    contrast = 1.0 + generator.uniform(-settings.contrast, settings.contrast)
    brightness = 255.0 * generator.uniform(-settings.brightness, settings.brightness)
    mean = float(moved.mean(dtype=np.float64))
    altered = moved * np.float32(contrast) + np.float32(mean * (1.0 - contrast) + brightness)
    pixels: NDArray[Any] = np.clip(np.rint(altered), 0, 255).astype(np.uint8)
    return pixels.reshape(-1)


def _places(
    form: WindowForm, settings: AugmentationSettings, generator: np.random.Generator
) -> tuple[Float, Float]:
    """Where each pixel comes from: rows and columns, float32 [height, width] each, unclipped."""
    mirrored = settings.mirror and generator.random() < 0.5
    most = np.floor(settings.shift_share * np.array([form.height, form.width]))
    down, right = (int(generator.integers(-m, m + 1)) for m in most.astype(int))
    angle = np.radians(generator.uniform(-settings.rotation_degrees, settings.rotation_degrees))
    larger = (1.0 + settings.zoom) ** generator.uniform(-1.0, 1.0)
    middle = (form.height - 1) / 2, (form.width - 1) / 2
    across = np.arange(form.width, dtype=np.float32) - np.float32(middle[1] + right)
    along = np.arange(form.height, dtype=np.float32)[:, None] - np.float32(middle[0] + down)
    cosine = np.float32(np.cos(angle) / larger)
    sine = np.float32(np.sin(angle) / larger)
    rows = cosine * along - sine * across + np.float32(middle[0])
    columns = sine * along + cosine * across
    if mirrored:
        columns = -columns
    return rows, columns + np.float32(middle[1])


def sampled(pixels: NDArray[np.uint8], form: WindowForm, rows: Float, columns: Float) -> Float:
    """Bilinear: uint8 [height * width, channels] at `rows`, `columns` -> float32 [height * width,
    channels]."""
    rows = np.clip(rows, 0, form.height - 1).ravel()
    columns = np.clip(columns, 0, form.width - 1).ravel()
    top, left = rows.astype(np.int32), columns.astype(np.int32)
    down, right = (rows - top)[:, None], (columns - left)[:, None]
    below = np.minimum(top + 1, form.height - 1) * form.width
    top *= form.width
    beside = np.minimum(left + 1, form.width - 1)
    source = pixels.astype(np.float32)
    upper = source[top + left]
    upper += (source[top + beside] - upper) * right
    lower = source[below + left]
    lower += (source[below + beside] - lower) * right
    lower -= upper
    lower *= down
    lower += upper
    return lower
