"""Features with their labels, as training and calibration see them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.errors import InternalError
from coincell.features import InputQuantization


@dataclass(frozen=True)
class Examples:
    """Features as the device computes them, with what is to be learned of them.

    features: int8 [n, *shape]; labels: integers [n], positions in the list of classes; targets:
    float64 [n], numbers to predict, or none at all; weights: float32 [n], what each sample counts,
    or none at all: alike; strata: int64 [n], groups that epochs draw from alike, below 0 where a
    sample tells none, or none at all.
    """

    features: NDArray[np.int8]
    labels: NDArray[np.int64]
    quantization: InputQuantization
    targets: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    weights: NDArray[np.float32] = field(default_factory=lambda: np.empty(0, np.float32))
    strata: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))

    def __post_init__(self) -> None:
        if self.features.dtype != np.int8:
            raise InternalError(f"features must be int8; received {self.features.dtype}")
        if self.labels.shape != self.features.shape[:1]:
            raise InternalError(
                "features and labels must be as many; received shapes "
                f"{self.features.shape} and {self.labels.shape}"
            )
        for name in ("targets", "weights", "strata"):
            if len(getattr(self, name)) not in (0, len(self.labels)):
                raise InternalError(
                    f"{len(self.labels)} samples have {len(getattr(self, name))} {name}"
                )

    def __len__(self) -> int:
        return len(self.labels)

    def values(self, chosen: Any) -> NDArray[np.float32]:
        """What the network gets of the samples `chosen`: float32 [n, *shape]."""
        return dequantize(self.features[chosen], self.quantization)

    def take(self, chosen: NDArray[np.int64]) -> Examples:
        """The samples at these positions."""
        return Examples(
            self.features[chosen],
            self.labels[chosen],
            self.quantization,
            self.targets[chosen] if len(self.targets) else self.targets,
            self.weights[chosen] if len(self.weights) else self.weights,
            self.strata[chosen] if len(self.strata) else self.strata,
        )

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
