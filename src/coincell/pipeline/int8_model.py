"""The int8 model of a run: its scores by the oracle, its decisions by the device's C."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coincell.classical import forest_from_json
from coincell.compiler import OracleProcess, read_model
from coincell.pipeline.store import Artefact
from coincell.project import DecisionSettings
from coincell.runtime import Decision, ScoreUnit, decision_threshold

MODEL_FILE = "model.tflite"
FOREST_FILE = "forest.json"
"""In its place: a forest's or boosted trees' integers."""


class Int8Model:
    """The .tflite that the quantize stage left, or the trees in its place."""

    def __init__(self, quantized: Artefact) -> None:
        self.forest = None
        if (quantized.folder / FOREST_FILE).is_file():
            self.forest = forest_from_json(quantized.read_json(FOREST_FILE))
            self._scale, self._zero_point = self.forest.scale, self.forest.zero_point
            return
        self._tflite = (quantized.folder / MODEL_FILE).read_bytes()
        graph = read_model(self._tflite)
        self._input_shape = graph.tensor(graph.inputs[0]).shape[1:]
        output = graph.tensor(graph.outputs[0])
        self._scale, self._zero_point = output.scale, output.zero_point

    def scores(self, features: NDArray[np.int8]) -> NDArray[np.int8]:
        """int8 scores [n, classes] of features [n, ...]: the oracle's, or the trees' C.

        Raises:
            OracleError: the model, which may be a user's own file, makes the oracle fail.
        """
        if self.forest is not None:
            return self.forest.scores(features)
        inputs = features.reshape(len(features), *self._input_shape)
        with OracleProcess(self._tflite) as oracle:
            scores: NDArray[np.int8] = oracle.run(inputs).reshape(len(features), -1)
        return scores

    @property
    def score_unit(self) -> ScoreUnit:
        """What a score stands for."""
        return ScoreUnit(float(self._scale), int(self._zero_point))

    def shares(self, scores: NDArray[np.int8]) -> NDArray[np.float64]:
        """int8 scores as real values, 0 to 1 after a softmax; same shape."""
        shares: NDArray[np.float64] = (scores.astype(np.float64) - self._zero_point) * self._scale
        return shares

    def decide(
        self, scores: NDArray[np.int8], settings: DecisionSettings
    ) -> tuple[NDArray[np.int16], NDArray[np.int32]]:
        """Labels [n] (-1: none) and fixed-point mean scores [n], smoothing emptied before each."""
        threshold = decision_threshold(settings.threshold, self._scale, self._zero_point)
        return Decision(scores.shape[1], settings.smoothing_windows, threshold).run_apart(scores)
