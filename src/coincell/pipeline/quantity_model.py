"""The int8 model of a project that predicts a number: the number, and the device's smoothing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coincell.pipeline.int8_model import Int8Model
from coincell.project import DecisionSettings
from coincell.runtime import LEVEL_BITS, Level, QuantityUnit

_NEVER = 2**31 - 1


class QuantityModel(Int8Model):
    """The .tflite that the quantize stage left; its one int8 output stands for the number."""

    @property
    def unit(self) -> QuantityUnit:
        """What a step of the output is worth."""
        return QuantityUnit(float(self._scale), int(self._zero_point))

    @property
    def reach(self) -> tuple[float, float]:
        """The lowest and the highest number that the output stands for."""
        low, high = self.values(np.array([[-128], [127]], np.int8)).tolist()
        return low, high

    def values(self, scores: NDArray[np.int8]) -> NDArray[np.float64]:
        """int8 [n, 1] -> the numbers [n], in the project's unit."""
        return self.shares(scores).reshape(-1)

    def decide(
        self, scores: NDArray[np.int8], settings: DecisionSettings
    ) -> tuple[NDArray[np.int16], NDArray[np.int32]]:
        """Labels [n], all 0, as no number is an alarm; and the means [n] in 1/256 of the output's
        step, with the smoothing emptied before each window."""
        level = Level(settings.smoothing_windows, _NEVER, fraction_bits=LEVEL_BITS)
        return level.run_apart(scores.reshape(-1).astype(np.int32))
