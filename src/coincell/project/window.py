"""Of what numbers one window consists, wherever windows are handed on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Sense = Literal["sound", "motion", "picture"]


@dataclass(frozen=True)
class WindowForm:
    """One window: what the device has in its buffer when it computes features.

    Windows are flat arrays [n, values] of `dtype`: step by step, and the channels of a step side
    by side; of a picture row by row, pixel by pixel.

    Attributes:
        sense: what was sensed.
        samples: steps in time; 1 of a picture.
        channels: values a step, or a pixel.
        rate_hz: steps a second; 0 of a picture.
        width: pixels a row of a picture, else 0.
        height: rows of a picture, else 0.
    """

    sense: Sense
    samples: int
    channels: int
    rate_hz: int
    width: int = 0
    height: int = 0

    @property
    def shape(self) -> tuple[int, ...]:
        """(samples, channels), or (height, width, channels)."""
        if self.sense == "picture":
            return self.height, self.width, self.channels
        return self.samples, self.channels

    @property
    def values(self) -> int:
        """Numbers of one window."""
        return math.prod(self.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of each: int16, or uint8 of a picture."""
        return np.dtype(np.uint8 if self.sense == "picture" else np.int16)

    @property
    def seconds(self) -> float:
        """What one window spans in time; 0 of a picture."""
        return self.samples / self.rate_hz if self.rate_hz else 0.0
