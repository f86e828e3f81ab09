"""One window -> what a page shows of it: readings, picture, sound, and what mattered."""

from __future__ import annotations

import base64
import io
import wave
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.project import DataSettings
from coincell.report import FeatureForm, Mattered, Trace, png_of_lines

TRACE_STEPS = 160
MOST_SIDE = 128
SOUND_BYTES = 600_000
"""Of all sounds of a page together, before they become text."""
_LOWEST_AUDIBLE_HZ = 4000
_SHOWN_COLUMNS = 5
_ORANGE = np.array([240.0, 125.0, 26.0])
_BLUE = np.array([43.0, 123.0, 186.0])


def encoded(content: bytes) -> str:
    """Base64."""
    return base64.b64encode(content).decode("ascii")


def traces_of(window: NDArray[Any], data: DataSettings) -> tuple[Trace, ...]:
    """Each channel of a window [form.values] in its unit; nothing of a picture."""
    form = data.form
    if form.sense == "picture":
        return ()
    steps = np.asarray(window, np.float64).reshape(form.samples, form.channels) / 32768.0
    scales = np.array(data.full_scale or [1.0])
    names = data.channels or ("sound",)
    units = data.units or ("",)
    edges = np.linspace(0, form.samples, min(TRACE_STEPS, form.samples) + 1).astype(int)[:-1]
    low, high = (
        function.reduceat(steps * scales, edges, axis=0) for function in (np.minimum, np.maximum)
    )
    return tuple(
        Trace(
            name=name,
            unit=unit,
            low=tuple(np.round(low[:, at], 5).tolist()),
            high=tuple(np.round(high[:, at], 5).tolist()),
        )
        for at, (name, unit) in enumerate(zip(names, units, strict=True))
    )


def picture_of(window: NDArray[Any], data: DataSettings) -> str | None:
    """`picture_png_of` as base64."""
    content = picture_png_of(window, data)
    return None if content is None else encoded(content)


def picture_png_of(window: NDArray[Any], data: DataSettings) -> bytes | None:
    """A picture's window as a PNG of at most 128 pixels a side; None of other senses."""
    form = data.form
    if form.sense != "picture":
        return None
    pixels = np.asarray(window, np.uint8).reshape(form.shape)
    step = -(-max(form.width, form.height) // MOST_SIDE)
    return _png(pixels[::step, ::step])


def sound_of(window: NDArray[Any], data: DataSettings) -> str | None:
    """`wav_of` as base64."""
    content = wav_of(window, data)
    return None if content is None else encoded(content)


def wav_of(window: NDArray[Any], data: DataSettings) -> bytes | None:
    """A WAV of what can be heard: one channel at a rate for ears; else None."""
    form = data.form
    if form.sense == "picture" or form.channels != 1 or form.rate_hz < _LOWEST_AUDIBLE_HZ:
        return None
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(form.rate_hz)
        file.writeframes(np.asarray(window, "<i2").tobytes())
    return stream.getvalue()


def heat_of(features: NDArray[np.int8], change: NDArray[np.float64], form: FeatureForm) -> str:
    """`heat_png` as base64."""
    return encoded(heat_png(features, change, form))


def heat_png(features: NDArray[np.int8], change: NDArray[np.float64], form: FeatureForm) -> bytes:
    """Features in gray, tinted orange where they spoke for the answer and blue where against it.

    Args:
        features: int8 [rows, columns] or [height, width, colours].
        change: [rows, columns] or [height, width], from `occlusion`.
        form: what is up and what to the right; not "columns".
    """
    gray = (features if features.ndim == 2 else features.mean(axis=2)).astype(np.float64)
    low, high = float(gray.min()), float(gray.max())
    if form == "picture":  # as bright as the picture beside it
        low, high = -128.0, 127.0
    light = 255.0 * (gray - low) / ((high - low) or 1.0)
    strength = change / (np.abs(change).max() or 1.0)
    weight = 0.75 * np.abs(strength)[..., None]
    tint = np.where(strength[..., None] > 0, _ORANGE, _BLUE)
    pixels = (light[..., None] * (1 - weight) + tint * weight).round().astype(np.uint8)
    if form != "picture":
        pixels = pixels.transpose(1, 0, 2)  # time to the right
        pixels = pixels[::-1] if form == "bands" else pixels
    step = -(-max(pixels.shape[:2]) // (3 * MOST_SIDE))
    return _png(pixels[::step, ::step])


def mattered_of(change: NDArray[np.float64], names: tuple[str, ...]) -> tuple[Mattered, ...]:
    """The columns of one row that mattered most."""
    one = change.reshape(-1)
    order = np.argsort(-np.abs(one), kind="stable")[:_SHOWN_COLUMNS]
    return tuple(
        Mattered(name=names[at] if at < len(names) else f"column {at}", change=float(one[at]))
        for at in order.tolist()
        if one[at]
    )


def _png(pixels: NDArray[np.uint8]) -> bytes:
    """[height, width] or [height, width, 1 or 3] -> a PNG."""
    colors = 3 if pixels.ndim == 3 and pixels.shape[2] == 3 else 1
    lines = [b"\0" + line.tobytes() for line in np.ascontiguousarray(pixels)]
    return png_of_lines(lines, pixels.shape[1], 8, 2 if colors == 3 else 0)
