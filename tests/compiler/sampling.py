"""Random inputs of the types that a model may have beside int8."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def typed_samples(
    random: np.random.Generator, dtype: str, shape: Sequence[int], scale: float
) -> np.ndarray[Any, Any]:
    """Integers of all sizes; floats on and right beside the ties of a quantization by `scale`."""
    if dtype == "float32":
        array = (random.integers(-400, 400, shape) / 2 * scale).astype(np.float32)
        towards = random.choice(np.array([-np.inf, 0, np.inf], np.float32), shape)
        return np.where(towards == 0, array, np.nextafter(array, towards))
    limits = np.iinfo(dtype)
    bits = random.integers(4, limits.bits + 1, shape)
    array = random.integers(limits.min, limits.max, shape, endpoint=True)
    return (array >> (limits.bits - bits)).astype(dtype)
