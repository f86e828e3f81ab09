"""What the int8 model says of windows, in one form for every goal, so that it can be shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincell.anomaly import ReconstructionDetector
from coincell.pipeline.attribution import Answer, InnerModel, InnerTrees
from coincell.pipeline.clips import Clips, normal_class
from coincell.pipeline.detector_model import DetectorModel
from coincell.pipeline.int8_model import FOREST_FILE, MODEL_FILE, Int8Model
from coincell.pipeline.store import Artefact
from coincell.project import Configuration


@dataclass(frozen=True)
class Answers:
    """What is said of n windows.

    Attributes:
        truth: what each is, in words, [n].
        said: what the model says, in words, [n].
        told: how sure, how strange or how far off, [n].
        wrong: bool [n]; of a number None.
        worst: float64 [n]; of mistakes the higher, the worse.
        values: float64 [n], true numbers, or None.
        predicted: float64 [n], predicted numbers, or None.
        hidden: int8 [n, width] of the last layer but one, or None.
    """

    truth: list[str]
    said: list[str]
    told: list[str]
    wrong: NDArray[np.bool_] | None
    worst: NDArray[np.float64]
    values: NDArray[np.float64] | None = None
    predicted: NDArray[np.float64] | None = None
    hidden: NDArray[np.int8] | None = None


class Asked:
    """The int8 model of a project, asked for answers and for what an explanation is made of."""

    def __init__(self, quantized: Artefact, configuration: Configuration) -> None:
        self._configuration = configuration
        self._inner = _inner_of(quantized)
        normality = configuration.goal == "normality"
        self._detector = DetectorModel(quantized) if normality else None

    @property
    def macs(self) -> int:
        """Of one window; a detector's own work counts for little."""
        return self._inner.macs if self._inner else 1000

    def answers(self, features: NDArray[np.int8], clips: Clips, rows: NDArray[np.int64]) -> Answers:
        """What is said of the windows `rows`, whose features are int8 [n, *shape]."""
        if self._detector is not None:
            return self._strange(features, clips, rows, self._detector)
        if self._configuration.goal == "quantity":
            return self._numbers(features, clips, rows)
        return self._classes(features, clips, rows)

    def answer_for(self, features: NDArray[np.int8]) -> Answer:
        """What is explained of one window int8 [*shape]: the lead of its class over the next, the
        number, or the strangeness."""
        if self._detector is not None:
            return self._strangeness
        if self._configuration.goal == "quantity":
            return self._quantity
        named = int(self._network.run(features[None]).before[0].argmax())
        return _lead_of(named, self._network)

    @property
    def _network(self) -> InnerModel | InnerTrees:
        assert self._inner is not None
        return self._inner

    def _quantity(self, features: NDArray[np.int8]) -> NDArray[np.float64]:
        model = self._network
        outputs = model.run(features).outputs[:, 0].astype(np.float64)
        values: NDArray[np.float64] = (outputs - model.output_zero_point) * model.output_scale
        return values

    def _strangeness(self, features: NDArray[np.int8]) -> NDArray[np.float64]:
        assert self._detector is not None
        detector = self._detector.detector
        if isinstance(detector, ReconstructionDetector):
            steps = detector.score_outputs(features, self._network.run(features).outputs)
        else:
            steps = detector.score(features)
        return steps.astype(np.float64) * detector.unit

    def _classes(
        self, features: NDArray[np.int8], clips: Clips, rows: NDArray[np.int64]
    ) -> Answers:
        labels, model = self._configuration.outputs, self._network
        inner = model.run(features)
        shares = (inner.outputs.astype(np.float64) - model.output_zero_point) * model.output_scale
        named = inner.outputs.argmax(axis=1)
        wrong = named != clips.labels[rows]
        place = np.arange(len(rows))
        lead = shares[place, named] - shares[place, clips.labels[rows]]
        return Answers(
            truth=[labels[at] for at in clips.labels[rows]],
            said=[labels[at] for at in named],
            told=[
                f"score {shares[at, named[at]]:.2f}"
                + (f", its own label {shares[at, clips.labels[rows[at]]]:.2f}" if wrong[at] else "")
                for at in place
            ],
            wrong=wrong,
            worst=lead,
            hidden=inner.hidden,
        )

    def _numbers(
        self, features: NDArray[np.int8], clips: Clips, rows: NDArray[np.int64]
    ) -> Answers:
        unit, values = self._configuration.data.unit, clips.targets[rows]
        predicted = self._quantity(features)
        return Answers(
            truth=[f"{value:.4g} {unit}" for value in values],
            said=[f"{value:.4g} {unit}" for value in predicted],
            told=[f"off by {gap:+.3g} {unit}" for gap in predicted - values],
            wrong=None,
            worst=np.abs(predicted - values),
            values=values,
            predicted=predicted,
            hidden=self._network.run(features).hidden,
        )

    def _strange(
        self,
        features: NDArray[np.int8],
        clips: Clips,
        rows: NDArray[np.int64],
        model: DetectorModel,
    ) -> Answers:
        data = self._configuration.data
        scores = self._strangeness(features)
        threshold = model.threshold_alone * model.detector.unit
        alarms = scores >= threshold
        strange = clips.labels[rows] != normal_class(data)
        spread = float(np.std(scores[~strange])) if (~strange).any() else 0.0
        return Answers(
            truth=[data.labels[at] for at in clips.labels[rows]],
            said=["alarm" if alarm else data.normal_label for alarm in alarms],
            told=[f"score {score:.3g}, threshold {threshold:.3g} {model.unit}" for score in scores],
            wrong=alarms != strange,
            worst=np.abs(scores - threshold) / (spread or 1.0),
            hidden=self._inner.run(features).hidden if self._inner else None,
        )


def _inner_of(quantized: Artefact) -> InnerModel | InnerTrees | None:
    """The network or the trees; None where a detector is all there is."""
    if (quantized.folder / FOREST_FILE).is_file():
        forest = Int8Model(quantized).forest
        assert forest is not None
        return InnerTrees(forest)
    model = quantized.folder / MODEL_FILE
    return InnerModel(model.read_bytes()) if model.is_file() else None


def _lead_of(
    named: int, model: InnerModel | InnerTrees
) -> Callable[[NDArray[np.int8]], NDArray[np.float64]]:
    def lead(features: NDArray[np.int8]) -> NDArray[np.float64]:
        before = model.run(features).before.astype(np.float64) * model.before_scale
        others = np.delete(before, named, axis=1)
        own: NDArray[np.float64] = before[:, named]
        return own - others.max(axis=1) if others.shape[1] else own

    return lead
