"""Trying recordings on the model of the last run: float, int8, host library or virtual board."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.data import read_window
from coincell.errors import UserError
from coincell.evaluation import NO_DECISION, decide
from coincell.firmware import Application, build_host_library
from coincell.pipeline.classical_model import read_float_forest
from coincell.pipeline.detector_model import DetectorModel
from coincell.pipeline.device_model import device_model
from coincell.pipeline.feature_arrays import read_features
from coincell.pipeline.int8_model import Int8Model
from coincell.pipeline.quantity_model import QuantityModel
from coincell.pipeline.runner import Demand, Listener, alone, run_stages, unheard
from coincell.pipeline.stages.features import feature_block
from coincell.pipeline.stages.firmware import application, image_of
from coincell.pipeline.stages.inputs import ready_made_tflite
from coincell.pipeline.stages.table import STAGES
from coincell.pipeline.store import Artefact
from coincell.pipeline.trained import NETWORK_FILE, trained
from coincell.project import Project


@dataclass(frozen=True)
class Prediction:
    """What a model says of one recording.

    Attributes:
        file: as it was named.
        where: "float", "int8", "host" or "board".
        label: the decision with smoothing started empty; None when no score reached the threshold.
        scores: label -> share, 0 to 1; of normality "strangeness" and "threshold", in `unit`;
            of a quantity its name and the number.
        unit: of the scores; "" of shares.
        features: int8 [frames, bands], what the network saw.
        padded: whether the recording was shorter than the window.
        cropped: whether it was longer, and its loudest stretch was taken.
    """

    file: str
    where: str
    label: str | None
    scores: Mapping[str, float]
    features: NDArray[np.int8]
    padded: bool
    cropped: bool
    unit: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain values, without the features."""
        names = ("file", "where", "label", "padded", "cropped", "unit")
        return {name: getattr(self, name) for name in names} | {"scores": dict(self.scores)}


def predict_files(
    project: Project, files: Sequence[Path], where: str, listener: Listener = unheard
) -> list[Prediction]:
    """Labels and scores of recordings.

    The model is that of the project as it stands; stages that are stale are brought up to date.

    Args:
        project: whose model.
        files: recordings of any kind that `data import` takes.
        where: "float", "int8", "host" or "board".
        listener: hears of stages that are brought up to date.

    Raises:
        UserError: there is no float model (a .tflite was given), or a recording is not usable.
    """
    if where not in _PLACES:
        raise UserError(f"--on must be one of {', '.join(_PLACES)}; received {where!r}.")
    if where == "float" and project.configuration.goal == "normality":
        raise UserError(
            "A detector's threshold is chosen for its integers: it decides nothing in float.",
            hint="Try --on int8, host or board; the report has the figures of both.",
        )
    if where == "float" and ready_made_tflite(project.configuration):
        raise UserError(
            "The project uses a ready-made .tflite: there is no float model.",
            hint="Try --on int8, host or board.",
        )
    windows = [read_window(path, project.configuration.data) for path in files]
    until = "prune" if where == "float" else "quantize"
    batch = np.stack([window.values for window in windows])
    with alone(project, STAGES, listener):
        artefacts = run_stages(project, STAGES, Demand(until=until), listener).artefacts
        answers = _PLACES[where](_Chain(project, artefacts), batch)
    labels = project.configuration.outputs
    return [
        Prediction(
            file=str(path),
            where=where,
            label=None if answers.labels[row] == NO_DECISION else labels[answers.labels[row]],
            scores=answers.told[row],
            unit=answers.unit,
            features=answers.features[row],
            padded=window.padded,
            cropped=window.cropped,
        )
        for row, (path, window) in enumerate(zip(files, windows, strict=True))
    ]


@dataclass(frozen=True)
class _Answers:
    """What a place made of n windows, each standing alone.

    features: int8 [n, frames, bands]. told: what stands beside the label, of each. labels: int [n],
    -1 for none.
    """

    features: NDArray[np.int8]
    told: Sequence[Mapping[str, float]]
    labels: NDArray[np.integer]
    unit: str = ""


class _Chain:
    """The project's chain as its artefacts define it; each method runs it at one place."""

    def __init__(self, project: Project, artefacts: Mapping[str, Artefact]) -> None:
        self.configuration = project.configuration
        self.artefacts = artefacts
        self.block = feature_block(project.configuration, artefacts["features"])
        self.quantization = read_features(artefacts["features"]).quantization

    def on_float(self, windows: NDArray[np.int16]) -> _Answers:
        """The Keras network before quantization, or the trees with leaves that are not rounded."""
        features = self.block.run(windows, self.quantization)
        shares: NDArray[np.floating]
        if self.configuration.has_trees:
            forest = read_float_forest(self.artefacts["train"])
            shares = forest.scores(features.reshape(len(features), -1))
        else:
            shares = self._network(features)
        if self.configuration.goal == "quantity":
            return self._numbers(features, shares.astype(np.float64).reshape(-1))
        labels = decide(shares, self.configuration.decision.threshold)
        return _Answers(features, self._shares(shares), labels)

    def _network(self, features: NDArray[np.int8]) -> NDArray[np.float32]:
        """What the Keras network gives."""
        from coincell.models import load_network, predict_float

        path = trained(self.artefacts).folder / NETWORK_FILE
        classes = len(self.configuration.outputs)
        network = load_network(path, self.block.shape, classes, self.configuration.goal)
        return predict_float(network, features, self.quantization)

    def on_int8(self, windows: NDArray[np.int16]) -> _Answers:
        """The oracle's interpreter."""
        features = self.block.run(windows, self.quantization)
        model = device_model(self.artefacts["quantize"], self.configuration)
        scores = model.scores(features)
        labels, _ = model.decide(scores, self.configuration.decision)
        return self._of_device(features, scores, labels)

    def on_host(self, windows: NDArray[np.int16]) -> _Answers:
        """The compiled C on this computer."""
        result = build_host_library(self._application()).process(windows)
        return self._of_device(result.features, result.scores, result.labels)

    def on_board(self, windows: NDArray[np.int16]) -> _Answers:
        """The firmware on the virtual board."""
        from coincell.board import PlacingClient, VirtualBoard

        with tempfile.TemporaryDirectory() as folder:
            image = image_of(self._application(), self.configuration, Path(folder))
        results = []
        with VirtualBoard(image) as virtual:
            client = PlacingClient(virtual)
            for window in windows:
                client.reset()
                results.append(client.process(window))
        return self._of_device(
            np.stack([result.features for result in results]),
            np.stack([result.scores for result in results]),
            np.array([result.label for result in results]),
        )

    def _application(self) -> Application:
        return application(
            self.artefacts["features"], self.artefacts["quantize"], self.configuration
        )

    def _of_device(
        self, features: NDArray[np.int8], scores: NDArray[np.int8], labels: NDArray[np.integer]
    ) -> _Answers:
        features = features.reshape(-1, *self.block.shape)
        model = device_model(self.artefacts["quantize"], self.configuration)
        if isinstance(model, DetectorModel):
            alone = model.decide_alone(scores)
            return _Answers(features, model.told(scores), alone, model.unit)
        if isinstance(model, QuantityModel):
            return self._numbers(features, model.values(scores))
        shares = Int8Model(self.artefacts["quantize"]).shares(scores)
        return _Answers(features, self._shares(shares), labels)

    def _numbers(self, features: NDArray[np.int8], values: NDArray[np.float64]) -> _Answers:
        """Numbers [n] in the project's unit; no label is decided."""
        data = self.configuration.data
        told = [{data.target: value} for value in values.tolist()]
        return _Answers(features, told, np.full(len(told), NO_DECISION), data.unit)

    def _shares(self, shares: NDArray[np.floating]) -> list[Mapping[str, float]]:
        """[n, classes] -> of each row, label -> share."""
        outputs = self.configuration.outputs
        return [dict(zip(outputs, row, strict=True)) for row in shares.tolist()]


_PLACES: Mapping[str, Callable[[_Chain, NDArray[np.int16]], _Answers]] = {
    "float": _Chain.on_float,
    "int8": _Chain.on_int8,
    "host": _Chain.on_host,
    "board": _Chain.on_board,
}
