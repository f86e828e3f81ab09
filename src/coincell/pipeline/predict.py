"""Trying recordings on the model of the last run: float, int8, host library or virtual board."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.compiler import Oracle, read_model
from coincell.data import read_window
from coincell.errors import UserError
from coincell.firmware import Application, build_host_library, build_image, load_board
from coincell.pipeline.feature_arrays import read_features
from coincell.pipeline.runner import Demand, run_stages
from coincell.pipeline.stages.firmware import application
from coincell.pipeline.stages.inputs import ready_made_tflite
from coincell.pipeline.stages.table import STAGES
from coincell.pipeline.store import Artefact
from coincell.project import Project

_PLACES = ("float", "int8", "host", "board")


@dataclass(frozen=True)
class Prediction:
    """What a model says of one recording.

    Attributes:
        file: as it was named.
        where: "float", "int8", "host" or "board".
        label: the decision with smoothing started empty; None when no score reached the threshold.
        scores: label -> share, 0 to 1.
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

    def to_json(self) -> dict[str, Any]:
        """Plain values, without the features."""
        names = ("file", "where", "label", "padded", "cropped")
        return {name: getattr(self, name) for name in names} | {"scores": dict(self.scores)}


def predict_files(project: Project, files: Sequence[Path], where: str) -> list[Prediction]:
    """Labels and scores of recordings.

    The model is that of the project as it stands; stages that are stale are brought up to date.

    Raises:
        UserError: there is no float model (a .tflite was given), or a recording is not usable.
    """
    if where not in _PLACES:
        raise UserError(f"--on must be one of {', '.join(_PLACES)}; received {where!r}.")
    if where == "float" and ready_made_tflite(project.configuration):
        raise UserError(
            "The project uses a ready-made .tflite: there is no float model.",
            hint="Try --on int8, host or board.",
        )
    windows = [read_window(path, project.configuration.data) for path in files]
    until = "train" if where == "float" else "quantize"
    artefacts = run_stages(project, STAGES, Demand(until=until)).artefacts
    batch = np.stack([window.audio for window in windows])
    place = _Place(project, artefacts)
    features, shares = place.scores(where, batch)
    labels = project.configuration.data.labels
    threshold = project.configuration.decision.threshold
    return [
        Prediction(
            file=str(path),
            where=where,
            label=labels[int(row.argmax())] if row.max() >= threshold else None,
            scores=dict(zip(labels, (float(share) for share in row), strict=True)),
            features=seen,
            padded=window.padded,
            cropped=window.cropped,
        )
        for path, window, row, seen in zip(files, windows, shares, features, strict=True)
    ]


class _Place:
    """The four places where the model can run."""

    def __init__(self, project: Project, artefacts: Mapping[str, Artefact]) -> None:
        self._project = project
        self._artefacts = artefacts
        self._features = read_features(artefacts["features"])

    def scores(
        self, where: str, windows: NDArray[np.int16]
    ) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
        """int8 features [n, *shape] and shares float64 [n, classes] of int16 [n, samples]."""
        ways: dict[str, Callable[[NDArray[np.int16]], tuple[NDArray[Any], NDArray[Any]]]] = {
            "float": self._float,
            "int8": self._int8,
            "host": self._host,
            "board": self._board,
        }
        features, scores = ways[where](windows)
        shape = self._features.clips.shape[1:]
        shares = scores if where == "float" else self._shares(scores)
        return features.reshape(-1, *shape), np.asarray(shares, np.float64)

    def _compute(self, windows: NDArray[np.int16]) -> NDArray[np.int8]:
        from coincell.pipeline.stages.features import feature_block

        block = feature_block(self._project.configuration)
        return block.run(windows, self._features.quantization)

    def _float(self, windows: NDArray[np.int16]) -> tuple[NDArray[Any], NDArray[Any]]:
        from coincell.models import load_network, predict_float

        features = self._compute(windows)
        labels = self._project.configuration.data.labels
        path = self._artefacts["train"].folder / "model.keras"
        network = load_network(path, features.shape[1:], len(labels))
        return features, predict_float(network, features, self._features.quantization)

    def _int8(self, windows: NDArray[np.int16]) -> tuple[NDArray[Any], NDArray[Any]]:
        features = self._compute(windows)
        tflite = (self._artefacts["quantize"].folder / "model.tflite").read_bytes()
        graph = read_model(tflite)
        shape = graph.tensor(graph.inputs[0]).shape[1:]
        scores = Oracle(tflite).run(features.reshape(len(features), *shape))
        return features, scores.reshape(len(features), -1)

    def _host(self, windows: NDArray[np.int16]) -> tuple[NDArray[Any], NDArray[Any]]:
        result = build_host_library(self._application()).process(windows)
        return result.features, result.scores

    def _board(self, windows: NDArray[np.int16]) -> tuple[NDArray[Any], NDArray[Any]]:
        import tempfile

        from coincell.board import BoardClient, VirtualBoard

        board = load_board(self._project.configuration.board.name)
        with tempfile.TemporaryDirectory() as folder:
            image = build_image(self._application(), board, Path(folder))
            results = []
            with VirtualBoard(image) as virtual:
                client = BoardClient(virtual)
                for window in windows:
                    client.reset()
                    results.append(client.process(window))
        return (
            np.stack([result.features for result in results]),
            np.stack([result.scores for result in results]),
        )

    def _application(self) -> Application:
        return application(
            self._artefacts["features"], self._artefacts["quantize"], self._project.configuration
        )

    def _shares(self, scores: NDArray[np.int8]) -> NDArray[np.float64]:
        """int8 scores as shares, by the output's scale and zero point."""
        graph = read_model(self._artefacts["quantize"].folder / "model.tflite")
        output = graph.tensor(graph.outputs[0])
        shares: NDArray[np.float64] = (scores.astype(np.float64) - output.zero_point) * output.scale
        return shares
