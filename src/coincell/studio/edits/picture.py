"""Pictures: brighter, flatter, blurred, turned, or with something in front."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.data import sampled
from coincell.project import DataSettings, WindowForm
from coincell.studio.edits.edit import Edit, Values

_GRAY = 128.0
_LEAST_BLUR = 0.05


def picture_edits() -> tuple[Edit, ...]:
    """What can be changed in a picture."""
    return (
        Edit("brightness", "Brightness", "%", -100, 100, 1, 0),
        Edit("contrast", "Contrast", "%", -100, 100, 1, 0, note="-100: one gray"),
        Edit("blur", "Blur", "pixels", 0, 10, 0.25, 0, note="deviation of a Gaussian"),
        Edit("turn", "Turned", "°", -180, 180, 1, 0),
        Edit("cover", "Covered", "% of a side", 0, 100, 1, 0, note="by a gray square"),
        Edit("cover_x", "Cover's middle, across", "%", 0, 100, 1, 50),
        Edit("cover_y", "Cover's middle, down", "%", 0, 100, 1, 50),
    )


def alter_picture(window: NDArray[Any], values: Values, data: DataSettings) -> NDArray[np.uint8]:
    """uint8 [form.values] -> the same form: turned, blurred, contrast, brightness, then covered."""
    form = data.form
    pixels = window.reshape(form.shape).astype(np.float64)
    if turn := values.get("turn"):
        pixels = _turned(window, form, turn)
    if blur := values.get("blur"):
        pixels = blurred(pixels, blur)
    if contrast := values.get("contrast"):
        mean = pixels.mean()
        pixels = mean + (pixels - mean) * (1.0 + contrast / 100.0)
    pixels = pixels + values.get("brightness", 0.0) * 2.55
    if cover := values.get("cover"):
        pixels = _covered(pixels, cover, values.get("cover_x", 50.0), values.get("cover_y", 50.0))
    made: NDArray[np.uint8] = np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
    return made


def blurred(pixels: NDArray[np.float64], deviation: float) -> NDArray[np.float64]:
    """[height, width, colours] under a Gaussian, edges repeated; as it is where that would be
    narrower than a pixel could show."""
    if deviation < _LEAST_BLUR:
        return pixels
    reach = max(1, int(np.ceil(3 * deviation)))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / deviation) ** 2)
    kernel /= kernel.sum()
    for axis in (0, 1):
        width = [(reach, reach) if at == axis else (0, 0) for at in range(3)]
        padded = np.pad(pixels, width, mode="edge")
        length = pixels.shape[axis]
        pixels = sum(
            weight * padded.take(range(at, at + length), axis) for at, weight in enumerate(kernel)
        )
    return pixels


def _turned(window: NDArray[Any], form: WindowForm, degrees: float) -> NDArray[np.float64]:
    angle = np.radians(degrees)
    middle_row, middle_column = (form.height - 1) / 2, (form.width - 1) / 2
    down = np.arange(form.height, dtype=np.float32)[:, None] - np.float32(middle_row)
    across = np.arange(form.width, dtype=np.float32) - np.float32(middle_column)
    rows = (np.cos(angle) * down - np.sin(angle) * across + middle_row).astype(np.float32)
    columns = (np.sin(angle) * down + np.cos(angle) * across + middle_column).astype(np.float32)
    turned = sampled(window.reshape(-1, form.channels), form, rows, columns)
    return turned.reshape(form.shape).astype(np.float64)


def _covered(
    pixels: NDArray[np.float64], percent: float, across: float, down: float
) -> NDArray[np.float64]:
    height, width = pixels.shape[:2]
    covered = pixels.copy()
    places = []
    for length, middle in ((height, down), (width, across)):
        centre, half = middle / 100 * length, percent / 200 * length
        places.append(slice(max(0, round(centre - half)), max(0, round(centre + half))))
    covered[tuple(places)] = _GRAY
    return covered
