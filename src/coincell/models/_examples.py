"""Features with their labels, as training and calibration see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from coincell.errors import InternalError


class Quantization(Protocol):
    """How int8 stands for reals: real = (q - zero_point) * scale."""

    @property
    def scale(self) -> float:
        """A float32 value, above 0."""

    @property
    def zero_point(self) -> int:
        """From -128 to 127."""


@dataclass(frozen=True)
class Examples:
    """Features as the device computes them, with their classes.

    features: int8 [n, *shape]; labels: integers [n], positions in the list of classes.
    """

    features: NDArray[np.int8]
    labels: NDArray[np.int64]
    quantization: Quantization

    def __post_init__(self) -> None:
        if self.features.dtype != np.int8:
            raise InternalError(f"features must be int8; received {self.features.dtype}")
        if self.labels.shape != self.features.shape[:1]:
            raise InternalError(
                "features and labels must be as many; received shapes "
                f"{self.features.shape} and {self.labels.shape}"
            )

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def mean(self) -> float:
        """Of all feature values."""
        return float(dequantize(np.float64(self.features.mean()), self.quantization))

    @property
    def deviation(self) -> float:
        """Standard deviation of all feature values; 1 when they are all equal."""
        return float(self.features.std() * self.quantization.scale) or 1.0


def dequantize(
    features: NDArray[np.int8] | np.float64, quantization: Quantization
) -> NDArray[np.float32]:
    """(q - zero_point) * scale in float32: what the quantized network takes q to be."""
    centred = np.asarray(features, np.float32) - np.float32(quantization.zero_point)
    return np.asarray(centred * np.float32(quantization.scale), np.float32)
