"""Do you need a network: simpler models on the same features and folds, beside its own figures.

They are judged on the very folds of cross-validation (folds.py): whole units together, the test
split taken out before anything begins. Each is judged as scikit-learn fitted it, and again in the
integers that a device would run; what those cost is measured on the virtual board.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.classical import Fitted, Lessons, Method, find_methods, fit_classical
from coincell.data import Progress
from coincell.errors import GateError, UserError
from coincell.evaluation import Estimate, evaluate, evaluate_quantity, over_folds
from coincell.features import InputQuantization
from coincell.firmware import load_board
from coincell.pipeline.baseline_device import Cost, OnDevice, cost_of, on_device
from coincell.pipeline.classical_model import lessons_from
from coincell.pipeline.clips import Clips, read_clips
from coincell.pipeline.device_model import device_model
from coincell.pipeline.feature_arrays import read_features
from coincell.pipeline.folds import (
    Dealt,
    check_count,
    cross_validate,
    deal,
    remembered_folds,
)
from coincell.pipeline.report_parts_maps import spread_rows
from coincell.pipeline.runner import Demand, Outcome, alone, find_stages, run_stages
from coincell.pipeline.stage import StageContext
from coincell.pipeline.stages.compile import compiled_model
from coincell.pipeline.stages.table import STAGES
from coincell.pipeline.stages.train import examples
from coincell.pipeline.store import Artefact
from coincell.pipeline.variation import dealt_out, run_variation
from coincell.project import Configuration, Project

_PLACE = "baselines"
_MOST_LESSONS = 12_000
_SHOWN = {"classes": ("recall_macro", "f1_macro", "accuracy"), "quantity": ("mae", "r2", "rmse")}
"""Figures of a goal, the one that decides first."""
NETWORK = "network"
_Folds = Sequence[Mapping[str, Mapping[str, float]]]


@dataclass(frozen=True)
class Baseline:
    """One model.

    Attributes:
        name, title: of it; "network" is the project's own.
        folds: of each fold "float" and, where a device can have it, "int8" -> name -> figure.
        figures: the same over all folds, with intervals.
        cost: of the model alone, as it learns from the project's training split; None where it
            could not be measured.
        refused: why it is not for the device, or was not measured; "" where it is and was.
    """

    name: str
    title: str
    folds: _Folds
    figures: Mapping[str, Mapping[str, Estimate]]
    cost: Cost | None = None
    refused: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "name": self.name,
            "title": self.title,
            **{
                model: {name: each.to_json() for name, each in figures.items()}
                for model, figures in self.figures.items()
            },
            "folds": [{model: dict(f) for model, f in fold.items()} for fold in self.folds],
            "cost": None if self.cost is None else asdict(self.cost),
            "refused": self.refused,
        }


@dataclass(frozen=True)
class Baselines:
    """All that were tried.

    Attributes:
        goal: classes or quantity.
        shown: names of the figures, the one that decides first.
        folds: how many.
        units, by: how many of what were dealt out; "" where each window stands alone.
        windows: that judged, each once.
        methods: in the table's order; the project's network last, where its folds are known.
        board: that costs are of.
        notes: what the figures do not say.
    """

    goal: str
    shown: tuple[str, ...]
    folds: int
    units: int
    by: str
    windows: int
    methods: tuple[Baseline, ...]
    board: str
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        simple = {"figure": self.shown[0], "methods": [each.to_json() for each in self.methods]}
        return {**vars(self), **simple, "notes": list(self.notes), "shown": list(self.shown)}


def compare_baselines(
    project: Project,
    names: tuple[str, ...] = (),
    count: int = 5,
    progress: Progress | None = None,
    *,
    network: bool = False,
) -> Baselines:
    """Each method on `count` folds of what is not in the test split.

    Args:
        project: whose features.
        names: of methods; none: all of the goal.
        count: of folds.
        progress: hears of each fit.
        network: also train the project's network on each fold, where that was not done before.

    Raises:
        UserError: a method is unknown, or there are fewer units than folds.
        MissingExtraError: scikit-learn is not installed.
    """
    configuration, told = project.configuration, progress or _unheard
    methods = _methods(names, count, configuration)
    total = (count + 1) * (1 + len(methods))
    told(0, total, "dataset")
    with alone(project, STAGES):
        outcome = run_stages(project, STAGES, Demand(until="features"))
        dataset = outcome.artefacts["dataset"]
        dealt = deal(read_clips(dataset), configuration, count)
        known = remembered_folds(project, dataset, count)
        found = _on_folds(project, dataset, dealt, methods, told)
        whole = _Learned.of(project, outcome.artefacts)
        rows = []
        for place, method in enumerate(methods):
            told(count * (1 + len(methods)) + 1 + place, total, f"on the board: {method.title}")
            rows.append(_row(method, found[method.name], dealt, whole))
    if configuration.classical:
        known = None  # it stands among the others
    elif known is None and network:
        told(total - 1, total, "the network, fold by fold")
        cross_validate(project, count)
        known = remembered_folds(project, dataset, count)
    if known is not None:
        rows.append(_network(project, known, dealt))
    told(total, total, "")
    return _result(configuration, dealt, count, rows, _notes(configuration, dealt, whole))


def _on_folds(
    project: Project,
    dataset: Artefact,
    dealt: Dealt,
    methods: Sequence[Method],
    told: Progress,
) -> dict[str, list[dict[str, dict[str, float]]]]:
    """Of each method by its name the figures of every fold."""
    found: dict[str, list[dict[str, dict[str, float]]]] = {each.name: [] for each in methods}
    steps, count = 1 + len(methods), dealt.count
    try:
        for number in range(count):
            fold = _Fold.made(project, dataset, dealt, number)
            for place, method in enumerate(methods):
                title = f"fold {number + 1} of {count}: {method.title}"
                told(number * steps + 1 + place, (count + 1) * steps, title)
                found[method.name].append(fold.judged(method))
    finally:
        shutil.rmtree(project.build_directory / _PLACE, ignore_errors=True)
    return found


def _methods(
    names: tuple[str, ...], count: int, configuration: Configuration
) -> tuple[Method, ...]:
    if configuration.goal == "normality":
        raise UserError(
            "Baselines are of classes and numbers; anomaly detection compares its own.",
            hint="`coincell run` puts every detector side by side: see docs/detectors.md.",
        )
    check_count(count)
    return find_methods(names, configuration.goal)


def _result(
    configuration: Configuration,
    dealt: Dealt,
    count: int,
    rows: Sequence[Baseline],
    notes: tuple[str, ...],
) -> Baselines:
    shown = tuple(name for name in _SHOWN[configuration.goal] if name in rows[0].figures["float"])
    return Baselines(
        goal=configuration.goal,
        shown=shown,
        folds=count,
        units=dealt.units,
        by=dealt.by,
        windows=int((dealt.fold >= 0).sum()),
        methods=tuple(rows),
        board=load_board(configuration.board.source).board.title,
        notes=notes,
    )


def _unheard(done: int, total: int, message: str = "") -> None:
    del done, total, message


@dataclass(frozen=True)
class _Learned:
    """What is learned from, and in which unit.

    Attributes:
        configuration: of the project.
        lessons: windows of the training side, altered copies among them.
        cut: how many of those were left out.
        quantization: of the features.
    """

    configuration: Configuration
    lessons: Lessons
    cut: int
    quantization: InputQuantization

    @classmethod
    def of(cls, project: Project, artefacts: Mapping[str, Artefact]) -> _Learned:
        """The training split's, an even share where there are very many."""
        context = StageContext(project, artefacts, Path(), _unheard)
        learning, _ = examples(context)
        kept = spread_rows(len(learning), _MOST_LESSONS)
        chosen, configuration = learning.take(kept), project.configuration
        lessons = lessons_from(chosen, configuration)
        cut = len(learning) - len(kept)
        return cls(configuration, lessons, cut, learning.quantization)

    def fit(self, method: Method) -> Fitted:
        """What `method` learns."""
        settings, seed = self.configuration.model.classical, self.configuration.project.seed
        return fit_classical(method, self.lessons, settings, seed)

    def integers(self, method: Method, fitted: Fitted) -> OnDevice | None:
        """The same for the device; None where none is made."""
        return on_device(method, fitted, self.lessons, self.quantization, self.configuration)


@dataclass(frozen=True)
class _Fold:
    """One fold: what is learned from, and what judges.

    Attributes:
        learned: of the training side.
        clips: of the fold.
        rows: which judge, [n].
        features: int8 [n, ...], theirs.
    """

    learned: _Learned
    clips: Clips
    rows: NDArray[np.int64]
    features: NDArray[np.int8]

    @classmethod
    def made(cls, project: Project, dataset: Artefact, dealt: Dealt, number: int) -> _Fold:
        """Fold `number`, its features computed as training on it would have them."""
        stages = dealt_out(STAGES, dataset, dealt.splits(number))
        made = run_variation(project, stages, "features", place=_PLACE).artefacts
        clips = read_clips(made["dataset"])
        rows = clips.rows("test")
        features = read_features(made["features"]).clips[rows]
        return cls(_Learned.of(project, made), clips, rows, features)

    def judged(self, method: Method) -> dict[str, dict[str, float]]:
        """Figures of `method`, float and, where a device can have it, int8."""
        fitted = self.learned.fit(method)
        found = {"float": self._figures(fitted.scores(self.features))}
        try:
            device = self.learned.integers(method, fitted)
        except (UserError, GateError):
            return found  # the row says why
        if device is not None:
            found["int8"] = self._figures(device.numbers(self.features))
        return found

    def _figures(self, scores: NDArray[np.float64]) -> dict[str, float]:
        """Of scores [n, classes], or numbers [n, 1]."""
        configuration, truth = self.learned.configuration, self.clips.targets
        seed = configuration.project.seed
        if configuration.goal == "quantity":
            mean = float(truth[self.clips.rows("train")].mean())
            metrics = evaluate_quantity(
                truth[self.rows], scores[:, 0], training_mean=mean, seed=seed, rounds=1
            ).metrics
        else:
            labels, truths = configuration.data.labels, self.clips.labels[self.rows]
            metrics = evaluate(truths, scores, labels, seed=seed, rounds=1).metrics
        return {name: each.value for name, each in metrics.items() if each.value is not None}


def _row(method: Method, folds: _Folds, dealt: Dealt, whole: _Learned) -> Baseline:
    """A method's figures, and what it costs as it learns from the whole training split."""
    figures = _over_folds(folds, dealt)
    if method.family == "neighbours":
        return Baseline(method.name, method.title, folds, figures, None, _kept_windows(whole))
    try:
        device = whole.integers(method, whole.fit(method))
        assert device is not None
        cost = cost_of(device, whole.lessons.features, whole.configuration)
    except (UserError, GateError) as error:
        return Baseline(method.name, method.title, folds, figures, None, error.message)
    return Baseline(method.name, method.title, folds, figures, cost)


def _kept_windows(whole: _Learned) -> str:
    """Why neighbours are not for a device."""
    lessons, board = whole.lessons, load_board(whole.configuration.board.source)
    columns = math.prod(lessons.features.shape[1:])
    answer = 4 if lessons.goal == "quantity" else 1
    held, room = len(lessons) * (columns + answer), board.flash.bytes
    told = (
        f"its {len(lessons):,} windows of {columns:,} features are {held:,} bytes, each compared "
        f"with every new one: {len(lessons) * columns:,} multiplications a window"
    )
    if held > room:
        return f"does not fit: {told}; {board.board.title} has {room:,} bytes of flash"
    return f"no C is made of it: {told}; and a device would carry what it learned from"


def _network(
    project: Project, known: Mapping[str, Sequence[Mapping[str, float]]], dealt: Dealt
) -> Baseline:
    """The project's own model, by its folds, and its cost where it is compiled as it stands."""
    count = len(known["float"] if "float" in known else known["int8"])
    folds = [{model: dict(known[model][at]) for model in known} for at in range(count)]
    title = project.configuration.model.file or project.configuration.model.architecture
    figures = _over_folds(folds, dealt)
    outcome = find_stages(project, STAGES)
    if "quantize" not in outcome.artefacts:
        return Baseline(
            NETWORK, title, folds, figures, None, "`coincell run` compiles and measures it"
        )
    try:
        return Baseline(NETWORK, title, folds, figures, _network_cost(project, outcome))
    except (UserError, GateError) as error:
        return Baseline(NETWORK, title, folds, figures, None, error.message)


def _network_cost(project: Project, outcome: Outcome) -> Cost:
    configuration, quantized = project.configuration, outcome.artefacts["quantize"]
    code = compiled_model(quantized, configuration)
    out = code.outputs[0]
    model = device_model(quantized, configuration)
    features = read_features(outcome.artefacts["features"]).clips
    clips = read_clips(outcome.artefacts["dataset"])
    device = OnDevice(code, model.scores, out.scale, out.zero_point)
    return cost_of(device, features[clips.rows("train")], configuration)


def _over_folds(folds: _Folds, dealt: Dealt) -> dict[str, dict[str, Estimate]]:
    """Means over folds, of figures that every fold has."""
    figures: dict[str, dict[str, Estimate]] = {}
    for model in ("float", "int8"):
        if not all(model in fold for fold in folds):
            continue
        names = [name for name in folds[0][model] if all(name in fold[model] for fold in folds)]
        figures[model] = {
            name: over_folds([fold[model][name] for fold in folds], share=dealt.shares)
            for name in names
        }
    return figures


def _notes(configuration: Configuration, dealt: Dealt, whole: _Learned) -> tuple[str, ...]:
    notes = ["Simple models have the settings of [model.classical]; none was searched for."]
    if whole.cut:
        notes.append(
            f"Simple models learn from {_MOST_LESSONS:,} windows of {whole.cut + _MOST_LESSONS:,}, "
            "altered copies among them, evenly taken."
        )
    if not dealt.by:
        notes.append(
            f"No window tells its {configuration.data.split.by!r}: windows that belong together "
            "may be on both sides of a fold, and all figures are too good for new ones."
        )
    return tuple(notes)
