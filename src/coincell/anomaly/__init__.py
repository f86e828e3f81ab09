"""Detectors of what is not normal: int8 features in, an int32 score out, in C as on the device."""

from coincell.anomaly.detector import (
    KINDS,
    Detector,
    FormDetector,
    ReconstructionDetector,
    detector_from_json,
    reconstruction_detector,
)
from coincell.anomaly.fitting import DetectorSettings, fit_detector
from coincell.anomaly.threshold import threshold_for

__all__ = [
    "KINDS",
    "Detector",
    "DetectorSettings",
    "FormDetector",
    "ReconstructionDetector",
    "detector_from_json",
    "fit_detector",
    "reconstruction_detector",
    "threshold_for",
]
