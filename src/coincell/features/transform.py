"""Tables of the Fourier transform of runtime/features/fft.h, and of the window before it."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
_Integer = TypeVar("_Integer", bound=np.integer[Any])


def hann(length: int) -> Float:
    """The periodic Hann window: one full period of a raised cosine."""
    window: Float = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length + 1) / length)
    return window


def fixed(values: Float, fraction_bits: int, dtype: type[_Integer]) -> NDArray[_Integer]:
    """Round to `fraction_bits` bits after the point, and stay within the type."""
    limits = np.iinfo(dtype)
    scaled = np.rint(values * 2.0**fraction_bits)
    return np.clip(scaled, float(limits.min), float(limits.max)).astype(dtype)


def bit_reversal(bits: int) -> NDArray[np.uint16]:
    """[2^bits]: each place with its bits in the other order."""
    order = np.zeros(1, np.uint16)
    for _ in range(bits):
        order = np.concatenate([2 * order, 2 * order + 1]).astype(np.uint16)
    return order


def twiddles(fft_size: int) -> NDArray[np.int32]:
    """exp(-2 pi i j / fft_size) for j < 3/4 fft_size, as [.., (re, im)] in Q30."""
    angle = -2 * np.pi * np.arange(3 * fft_size // 4) / fft_size
    return fixed(np.stack([np.cos(angle), np.sin(angle)], axis=-1), 30, np.int32)
