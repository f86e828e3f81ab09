"""The detector of a run: scores as the device computes them, its threshold, its decisions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.anomaly import (
    Detector,
    DetectorSettings,
    ReconstructionDetector,
    detector_from_json,
    threshold_for,
)
from coincell.compiler import read_model
from coincell.errors import DataError
from coincell.features import InputQuantization
from coincell.pipeline.clips import Clips
from coincell.pipeline.int8_model import MODEL_FILE, Int8Model
from coincell.pipeline.store import Artefact
from coincell.project import Configuration, DecisionSettings
from coincell.runtime import Level

DETECTOR_FILE = "detector.json"
SCORE_UNITS = {
    "k-means": "spreads of normal windows",
    "mahalanobis": "deviations of normal windows",
    "gaussian-mixture": "nats",
    "reconstruction": "squared feature units",
}
_INT32 = np.iinfo(np.int32)


@dataclass(frozen=True)
class PlacedDetector:
    """A detector with its threshold: what an application takes.

    Attributes:
        detector: gives the scores.
        threshold: the least (smoothed) score that is strange.
    """

    detector: Detector
    threshold: int

    def c_sources(self, name: str) -> Mapping[str, str]:
        """NAME_detector.{h,c} with NAME_score, and the runtime's files."""
        return self.detector.c_sources(name)


class DetectorModel:
    """What the quantize stage left of a project that tells the strange from the normal.

    Attributes:
        detector: with its network, where it needs one.
        threshold: the least smoothed score that is strange.
        threshold_alone: the same of a window by itself, which scatters more than a mean.
        facts: all of detector.json.
    """

    def __init__(self, quantized: Artefact) -> None:
        self.facts: dict[str, Any] = quantized.read_json(DETECTOR_FILE)
        self.threshold = int(self.facts["threshold"])
        self.threshold_alone = int(self.facts["threshold_alone"])
        self.detector: Detector
        if self.facts["detector"]["kind"] == "reconstruction":
            self.detector = reconstruction_of(quantized.folder / MODEL_FILE)
            self._network: Int8Model | None = Int8Model(quantized)
        else:
            self.detector = detector_from_json(self.facts["detector"])
            self._network = None

    @property
    def placed(self) -> PlacedDetector:
        """For an application."""
        return PlacedDetector(self.detector, self.threshold)

    @property
    def unit(self) -> str:
        """Of a score, in words."""
        return SCORE_UNITS[self.detector.kind]

    def strangeness(self, features: NDArray[np.int8]) -> NDArray[np.int32]:
        """int8 [n, ...] -> int32 [n], in steps of `detector.unit`; a network's output is the
        oracle's."""
        if self._network is None or not isinstance(self.detector, ReconstructionDetector):
            return self.detector.score(features)
        return self.detector.score_outputs(features, self._network.scores(features))

    def scores(self, features: NDArray[np.int8]) -> NDArray[np.int8]:
        """int8 [n, ...] -> int8 [n, 4], as the device tells them: each an int32, low byte first."""
        strangeness = self.strangeness(features).astype("<i4")
        return strangeness.view(np.int8).reshape(len(features), 4)

    def decide(
        self, scores: NDArray[np.int8], settings: DecisionSettings
    ) -> tuple[NDArray[np.int16], NDArray[np.int32]]:
        """Labels [n] (1: strange, else 0) and means [n], smoothing emptied before each."""
        level = Level(settings.smoothing_windows, self.threshold)
        return level.run_apart(strangeness_of(scores))

    def decide_alone(self, scores: NDArray[np.int8]) -> NDArray[np.int16]:
        """Labels [n] (1: strange, else 0) of windows that stand by themselves, at the wished rate:
        the device's own threshold is that of means."""
        return (strangeness_of(scores) >= self.threshold_alone).astype(np.int16)

    def told(self, scores: NDArray[np.int8]) -> list[dict[str, float]]:
        """Of each of n windows by themselves what a person is told: how strange, beside the
        threshold of a single window."""
        unit = self.detector.unit
        return [
            {"strangeness": value * unit, "threshold": self.threshold_alone * unit}
            for value in strangeness_of(scores).tolist()
        ]


def strangeness_of(scores: NDArray[np.int8]) -> NDArray[np.int32]:
    """int8 [n, 4] as the device tells them -> int32 [n]."""
    values: NDArray[np.int32] = np.ascontiguousarray(scores).view("<i4").reshape(-1)
    return values.astype(np.int32)


def reconstruction_of(tflite: Path | bytes) -> ReconstructionDetector:
    """The detector of an autoencoder, by the quantization of its input and output.

    Raises:
        DataError: their scales are too far apart.
    """
    from coincell.anomaly import reconstruction_detector

    graph = read_model(tflite)
    given, made = graph.tensor(graph.inputs[0]), graph.tensor(graph.outputs[0])
    return reconstruction_detector(
        given.elements,
        InputQuantization(given.scale, given.zero_point),
        InputQuantization(made.scale, made.zero_point),
    )


def fit_settings(configuration: Configuration) -> DetectorSettings:
    """[model.detector] as the fit takes it."""
    chosen = configuration.model.detector
    return DetectorSettings(
        chosen.centres, chosen.covariance, chosen.regularization, chosen.restarts
    )


def in_steps(strangeness: NDArray[np.floating], unit: float) -> NDArray[np.int32]:
    """Real scores in a detector's integer steps, [n]."""
    steps = np.clip(np.rint(strangeness / unit), _INT32.min, _INT32.max)
    whole: NDArray[np.int32] = steps.astype(np.int32)
    return whole


def smoothed(
    strangeness: NDArray[np.int32],
    clips: Clips,
    rows: NDArray[np.int64],
    settings: DecisionSettings,
) -> NDArray[np.int32]:
    """What the device compares with the threshold while it meets the windows `rows` in turn.

    Smoothing begins empty with each recording, as the windows of two have nothing in common.

    Args:
        strangeness: of the windows, int32 [n].
        clips: the windows.
        rows: which, [n], in the data set's order.
        settings: how many windows a mean spans.
    """
    files = [clips.files[row] for row in rows]
    begins = np.array([at == 0 or files[at] != files[at - 1] for at in range(len(files))], np.bool_)
    _, means = Level(settings.smoothing_windows, _INT32.max).run(strangeness, begins)
    return means


def place_threshold(
    detector: Detector,
    strangeness: NDArray[np.int32],
    clips: Clips,
    rows: NDArray[np.int64],
    configuration: Configuration,
) -> dict[str, Any]:
    """What detector.json holds: the detector, and its thresholds by held-out normal windows.

    The wished rate is one of decisions: of the device's, each a mean of windows, and of those about
    a window by itself. Means scatter less, so that each kind has a threshold of its own.

    Args:
        detector: as fitted.
        strangeness: of the windows `rows`, int32 [n].
        clips: the data set.
        rows: normal windows that nothing has learned from, [n].
        configuration: whose decisions.

    Raises:
        DataError: there are too few of them for the wished rate.
    """
    rate = configuration.decision.false_alarm_rate
    if not len(rows):
        raise DataError(
            "No normal window is in the validation split: there is nothing to choose the "
            "threshold by.",
            hint="Record more, or raise data.split.validation.",
        )
    means = smoothed(strangeness, clips, rows, configuration.decision)
    return {
        "detector": detector.to_json(),
        "threshold": threshold_for(means, rate),
        "threshold_alone": threshold_for(strangeness, rate),
        "false_alarm_rate": rate,
        "held_out": len(rows),
        "table_bytes": detector.table_bytes,
        "scratch_bytes": detector.scratch_bytes,
    }


def write_detector(folder: Path, facts: Mapping[str, Any]) -> None:
    """Lay down what `DetectorModel` reads."""
    (folder / DETECTOR_FILE).write_text(json.dumps(dict(facts)), encoding="utf-8")
