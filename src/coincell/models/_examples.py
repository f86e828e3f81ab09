"""Features with their labels, as training and calibration see them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincell.errors import InternalError
from coincell.features import InputQuantization


@dataclass(frozen=True)
class Examples:
    """Features as the device computes them, with their classes.

    features: int8 [n, *shape]; labels: integers [n], positions in the list of classes.
    """

    features: NDArray[np.int8]
    labels: NDArray[np.int64]
    quantization: InputQuantization

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
        mean = float(self.features.mean(dtype=np.float64))
        return (mean - self.quantization.zero_point) * self.quantization.scale

    @property
    def deviation(self) -> float:
        """Standard deviation of all feature values; 1 when they are all equal."""
        return float(self.features.std(dtype=np.float64) * self.quantization.scale) or 1.0


def dequantize(features: NDArray[np.int8], quantization: InputQuantization) -> NDArray[np.float32]:
    """(q - zero_point) * scale in float32, of any shape: what the int8 network takes q to be."""
    return quantization.dequantize(features)
