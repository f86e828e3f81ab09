"""The scale between a block's fixed-point values and the network's int8 input."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincell.errors import DataError, ModelError

_SCALE_BITS = 12


@dataclass(frozen=True)
class InputQuantization:
    """value = (q - zero_point) * scale, q in -128 ... 127: the int8 convention of TFLite.

    Attributes:
        scale: a value that float32 holds exactly.
        zero_point: -128 to 127.
    """

    scale: float
    zero_point: int

    def __post_init__(self) -> None:
        if not (math.isfinite(self.scale) and self.scale > 0):
            raise ModelError(f"An input scale must be a positive number; received {self.scale!r}.")
        if float(np.float32(self.scale)) != self.scale:
            raise ModelError(f"An input scale must be a float32; received {self.scale!r}.")
        if not -128 <= self.zero_point <= 127:
            raise ModelError(
                f"An int8 zero point must lie in -128 to 127; received {self.zero_point}."
            )

    def dequantize(self, quantized: NDArray[np.int8]) -> NDArray[np.float32]:
        """(q - zero_point) * scale, as training sees it."""
        steps = quantized.astype(np.int32) - self.zero_point
        return steps.astype(np.float32) * np.float32(self.scale)


@dataclass(frozen=True)
class FixedPointStep:
    """The integer step of `coincell_features_quantize`: (v * multiplier + half) >> shift."""

    multiplier: int
    shift: int
    zero_point: int


def fixed_point_step(fixed_point_scale: float, quantization: InputQuantization) -> FixedPointStep:
    """The step from values in units of `fixed_point_scale` to int8.

    Raises:
        ModelError: the scale is so far from the features' own that no such step exists.
    """
    fraction, exponent = math.frexp(fixed_point_scale / quantization.scale)
    multiplier = round(fraction * 2**31)
    if multiplier == 2**31:
        multiplier, exponent = 2**30, exponent + 1
    shift = 31 - exponent
    if not 1 <= shift <= 62:
        raise ModelError(
            f"The input scale {quantization.scale:g} does not suit the features, "
            f"whose own step is {fixed_point_scale:g}."
        )
    return FixedPointStep(multiplier, shift, quantization.zero_point)


def choose_quantization(
    values: NDArray[np.int16] | Iterable[NDArray[np.int16]],
    fixed_point_scale: float,
    percentiles: tuple[float, float] = (0.01, 99.99),
) -> InputQuantization:
    """Scale and zero point that spread the training split's values over int8.

    The range runs between two percentiles, so that a single odd frame does not cost all others
    resolution; what lies outside is clamped. It is widened to hold 0, as TFLite's converter
    demands. The scale is rounded up to 12 significant bits: then the ends of the range,
    (-128 - zero_point) * scale and (127 - zero_point) * scale, are exact in float32, and a
    converter that sees them finds this very scale again.

    Args:
        values: a block's fixed-point values of the training split, whole or in batches.
        fixed_point_scale: the block's `fixed_point_scale`.
        percentiles: lower and upper end of the range.

    Raises:
        DataError: there are no values, or all are 0.
    """
    batches = [values] if isinstance(values, np.ndarray) else values
    histogram = np.zeros(1 << 16, np.int64)
    for batch in batches:
        offsets = batch.ravel().astype(np.int32) + (1 << 15)
        histogram += np.bincount(offsets, minlength=1 << 16)
    total = int(histogram.sum())
    if total == 0:
        raise DataError("There are no features to choose an input scale from.")
    below = np.cumsum(histogram)
    low, high = (
        int(np.searchsorted(below, max(1, math.ceil(total * percentile / 100)))) - (1 << 15)
        for percentile in percentiles
    )
    low, high = min(low, 0), max(high, 0)
    if low == high:
        raise DataError(
            "The features of the training split are all 0: there is nothing to learn from.",
            hint="Check the recordings with `coincell data check`; are they silent?",
        )
    scale = _round_up((high - low) * fixed_point_scale / 255)
    zero_point = round(-128 - low * fixed_point_scale / scale)
    return InputQuantization(scale, min(127, max(-128, zero_point)))


def _round_up(value: float) -> float:
    """The next number with `_SCALE_BITS` significant bits."""
    fraction, exponent = math.frexp(value)
    return math.ldexp(math.ceil(fraction * 2**_SCALE_BITS), exponent - _SCALE_BITS)
