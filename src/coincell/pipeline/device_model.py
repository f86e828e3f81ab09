"""What the quantize stage left, whatever the goal: its scores and decisions are the device's."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from coincell.pipeline.detector_model import DetectorModel
from coincell.pipeline.int8_model import Int8Model
from coincell.pipeline.quantity_model import QuantityModel
from coincell.pipeline.store import Artefact
from coincell.project import Configuration, DecisionSettings


class DeviceModel(Protocol):
    """From int8 features to a decision, on this computer."""

    def scores(self, features: NDArray[np.int8]) -> NDArray[np.int8]:
        """Features [n, ...] -> int8 [n, Application.score_bytes], as the device tells them."""

    def decide(
        self, scores: NDArray[np.int8], settings: DecisionSettings
    ) -> tuple[NDArray[np.int16], NDArray[np.int32]]:
        """Labels [n] and smoothed scores [n], smoothing emptied before each window."""


def device_model(quantized: Artefact, configuration: Configuration) -> DeviceModel:
    """The model of the project's goal."""
    if configuration.goal == "normality":
        return DetectorModel(quantized)
    if configuration.goal == "quantity":
        return QuantityModel(quantized)
    return Int8Model(quantized)
