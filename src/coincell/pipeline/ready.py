"""The model of the last run, kept ready to be asked about one window after another.

What answers is the compiled C of the board on this computer (features, int8 model, decision);
beside it the network before quantization, if that is wanted, from the same features.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincell.evaluation import NO_DECISION, decide
from coincell.firmware import HostLibrary, build_host_library
from coincell.pipeline.attribution import cells_for, occlusion
from coincell.pipeline.attribution_answers import Asked
from coincell.pipeline.classical_model import read_float_forest
from coincell.pipeline.clips import Clips, normal_class, read_clips, training_rows
from coincell.pipeline.detector_model import DetectorModel, strangeness_of
from coincell.pipeline.device_model import DeviceModel, device_model
from coincell.pipeline.feature_arrays import CLIPS_FILE, read_features
from coincell.pipeline.int8_model import Int8Model
from coincell.pipeline.report_parts_features import feature_columns, feature_form
from coincell.pipeline.runner import find_stages
from coincell.pipeline.stages.features import feature_block
from coincell.pipeline.stages.firmware import application
from coincell.pipeline.stages.inputs import ready_made_tflite
from coincell.pipeline.stages.table import STAGES
from coincell.pipeline.store import Artefact
from coincell.pipeline.trained import FLOAT_SCORES, NETWORK_FILE, trained
from coincell.project import Configuration, Project
from coincell.report import FeatureForm

_NEEDED = ("dataset", "features", "train", "prune", "quantize")
Predictor = Callable[[NDArray[np.int8]], NDArray[np.float64]]
"""Features int8 [n, *shape] -> scores before quantization, float64 [n, outputs]."""


@dataclass(frozen=True)
class Said:
    """What the device says of n windows, each standing alone.

    Attributes:
        features: int8 [n, *shape].
        scores: float64 [n, outputs]: shares of the classes; else how strange, or the number.
        labels: int64 [n], positions in `ReadyModel.outputs`; -1 for no decision, and of a number.
    """

    features: NDArray[np.int8]
    scores: NDArray[np.float64]
    labels: NDArray[np.int64]


class ReadyModel:
    """What a run left, opened once. Not for several threads at once: the C's buffers are static.

    Attributes:
        configuration: of the project.
        clips: every window of the data set.
        names: of the scores' columns.
        outputs: what a decision can be.
        shape: of one window's features.
        form: how features are drawn.
        columns: names of the features' columns, or none.
        key: stands for the model and the windows; changes with either.
    """

    def __init__(self, configuration: Configuration, artefacts: Mapping[str, Artefact]) -> None:
        self.configuration = configuration
        self._artefacts = artefacts
        self.clips: Clips = read_clips(artefacts["dataset"])
        self._block = feature_block(configuration, artefacts["features"])
        self._quantization = read_features(artefacts["features"]).quantization
        self.shape = self._block.shape
        self.form: FeatureForm = feature_form(configuration, self.shape)
        self.columns = feature_columns(configuration, self.shape)
        self.outputs = configuration.outputs
        self.key = "-".join(artefacts[name].key[:12] for name in ("features", "quantize"))
        single = {"normality": ("strangeness",), "quantity": (configuration.data.target,)}
        self.names: tuple[str, ...] = single.get(configuration.goal, configuration.outputs)

    @functools.cached_property
    def features(self) -> NDArray[np.int8]:
        """Of every window, int8 [n, *shape], mapped from disk."""
        folder = self._artefacts["features"].folder
        features: NDArray[np.int8] = np.load(folder / CLIPS_FILE, mmap_mode="r")
        return features

    @functools.cached_property
    def library(self) -> HostLibrary:
        """The compiled C for this computer."""
        return build_host_library(
            application(
                self._artefacts["features"], self._artefacts["quantize"], self.configuration
            )
        )

    @functools.cached_property
    def _model(self) -> DeviceModel:
        return device_model(self._artefacts["quantize"], self.configuration)

    @property
    def threshold(self) -> float:
        """The least score of a decision; of a quantity there is none, NaN."""
        if isinstance(self._model, DetectorModel):
            return self._model.threshold_alone * self._model.detector.unit
        goal = self.configuration.goal
        return self.configuration.decision.threshold if goal == "classes" else float("nan")

    @property
    def unit(self) -> str:
        """Of the scores; "" of shares."""
        if isinstance(self._model, DetectorModel):
            return self._model.unit
        return self.configuration.data.unit if self.configuration.goal == "quantity" else ""

    def ask(self, windows: NDArray[np.generic]) -> Said:
        """What the device says of windows [n, form.values] of form.dtype."""
        result = self.library.process(windows)
        features = result.features.reshape(-1, *self.shape)
        model, labels = self._model, result.labels.astype(np.int64)
        if isinstance(model, DetectorModel):
            strange = strangeness_of(result.scores)[:, None].astype(np.float64)
            strange *= model.detector.unit
            return Said(features, strange, model.decide_alone(result.scores).astype(np.int64))
        assert isinstance(model, Int8Model)
        scores = model.shares(result.scores)
        if self.configuration.goal == "quantity":
            labels = np.full(len(scores), NO_DECISION, np.int64)
        return Said(features, scores, labels)

    def decided(self, scores: NDArray[np.float64]) -> NDArray[np.int64]:
        """What scores [n, classes] of the network before quantization would decide, [n]."""
        if self.configuration.goal != "classes":
            return np.full(len(scores), NO_DECISION, np.int64)
        return decide(scores, self.configuration.decision.threshold).astype(np.int64)

    def truth(self) -> NDArray[np.int64]:
        """What each window is, as positions in `outputs`; -1 of a number."""
        if self.configuration.goal == "normality":
            normal = normal_class(self.configuration.data)
            return np.not_equal(self.clips.labels, normal).astype(np.int64)
        if self.configuration.goal == "quantity":
            return np.full(len(self.clips.labels), NO_DECISION, np.int64)
        return self.clips.labels

    def float_scores(self) -> NDArray[np.float64] | None:
        """What training noted of every window before quantization, [n, outputs]; None where there
        is no such network, or its scores are in another unit than the device's."""
        path = trained(self._artefacts).folder / FLOAT_SCORES
        if not path.is_file() or self.configuration.goal == "normality":
            return None
        scores: NDArray[np.float64] = np.load(path).astype(np.float64)
        return scores.reshape(len(scores), -1)

    @property
    def has_float(self) -> bool:
        """Whether the model before quantization can be asked."""
        if self.configuration.goal == "normality" or ready_made_tflite(self.configuration):
            return False
        network = trained(self._artefacts).folder / NETWORK_FILE
        return self.configuration.has_trees or network.is_file()

    def open_float(self) -> Predictor:
        """The network before quantization, which takes seconds, and TensorFlow's memory; or trees
        with leaves that are not rounded, which take neither."""
        if self.configuration.has_trees:
            forest = read_float_forest(self._artefacts["train"])
            return lambda features: forest.scores(features.reshape(len(features), -1))
        from coincell.models import float_predictor, load_network

        network = load_network(
            trained(self._artefacts).folder / NETWORK_FILE,
            self.shape,
            len(self.configuration.outputs),
            self.configuration.goal,
        )
        predict = float_predictor(network, self._quantization)
        return lambda features: predict(features).astype(np.float64)

    @functools.cached_property
    def _explained(self) -> tuple[Asked, NDArray[np.int8]]:
        learned = training_rows(self.clips, self.configuration)
        neutral = self.features[learned].mean(axis=0).round().astype(np.int8)
        return Asked(self._artefacts["quantize"], self.configuration), neutral

    def attribution(self, features: NDArray[np.int8]) -> NDArray[np.float64]:
        """What in one window's features int8 [*shape] spoke for the answer (above 0) or against it;
        float64 [rows, columns], or [height, width]. See `occlusion`."""
        asked, neutral = self._explained
        return occlusion(asked.answer_for(features), features, neutral, cells_for(1, asked.macs))


def find_ready(project: Project) -> ReadyModel | None:
    """The model of the project as it stands; None where a run is due. Nothing is made."""
    artefacts = find_stages(project, STAGES).artefacts
    if any(name not in artefacts for name in _NEEDED):
        return None
    return ReadyModel(project.configuration, artefacts)
