"""What a candidate of the search is worth: its cost before training, its figure on validation.

Both come from the project's own stages. The cost is that of an untrained network, since integers
take their time and room whatever they are: every stage up to the measured image runs on a few
windows of the training split. Trees are as large as their data make them: they are fitted first,
and measured as they are. The test split is not judged by.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from coincell.errors import MissingExtraError, UserError
from coincell.models import load_tensorflow
from coincell.pipeline.auto_space import auto_space
from coincell.pipeline.clips import Clips, normal_class, read_clips, watched_rows
from coincell.pipeline.cost import few_windows, figures_of, plain
from coincell.pipeline.detector_model import DetectorModel
from coincell.pipeline.feature_arrays import read_features
from coincell.pipeline.int8_model import Int8Model
from coincell.pipeline.runner import Demand, Listener, alone, run_stages, unheard
from coincell.pipeline.stage import Stage, StageContext
from coincell.pipeline.stages.inputs import ready_made_tflite
from coincell.pipeline.stages.table import STAGES
from coincell.pipeline.stages.train import examples, new_network
from coincell.pipeline.store import Artefact
from coincell.pipeline.variation import handed_on, run_variation, with_settings
from coincell.project import PEOPLE_SECTIONS, Configuration, Project, PruningSettings, Span
from coincell.tuning import (
    Branch,
    Candidate,
    Plan,
    Space,
    Study,
    Verdict,
    binding,
    kept_plan,
    searched,
    space_of,
)

_PLACE = "tune"
_QUALITY = {"classes": "accuracy", "normality": "auc", "quantity": "mae"}
_GATES = {"flash": "flash_bytes", "ram": "ram_bytes", "latency": "latency_ms", "stack": "stack"}


def quality_of(configuration: Configuration) -> str:
    """The figure that the task is judged by."""
    return _QUALITY[configuration.goal]


def open_study(
    project: Project, *, join: bool = False, auto: bool = False, listener: Listener = unheard
) -> Study:
    """The project's study, begun if there is none (and `join` does not want one).

    Args:
        project: what is searched.
        join: a study must be there already.
        auto: search features and families by the data, whatever [tune.space] says; a study that
            was begun so goes on so.
        listener: hears of the dataset stage, which `auto` looks at.

    Raises:
        UserError: the project cannot be searched, or the study is another's.
        MissingExtraError: Optuna is not installed.
    """
    settings = project.configuration.tune
    folder = project.build_directory / _PLACE
    kept = kept_plan(folder, settings.storage)
    if auto or "auto" in kept.get("about", {}):
        space, first, seen = _auto(project, kept, listener)
        plan = _plan(project, space, first, {"auto": seen})
    else:
        plan = plan_of(project)
    return Study(folder, plan, settings.storage, join=join)


def plan_of(project: Project) -> Plan:
    """What a search of the project's own space is, which begins with what stands.

    Raises:
        UserError: the project cannot be searched, or a setting of the space is unknown.
    """
    configuration = project.configuration
    space = space_of(configuration)
    for key, value in searched(space):
        _check_key(project, key, value)
    for key, values in space.items():
        _check_some_value(project, key, values)
    return _plan(project, space, (_standing(configuration, space),), {})


def _plan(
    project: Project,
    space: Space,
    first: tuple[Mapping[str, Any], ...],
    about: Mapping[str, Any],
) -> Plan:
    configuration = project.configuration
    if ready_made_tflite(configuration):
        raise UserError(
            "A ready-made .tflite has nothing to search.", "Name a model.architecture instead."
        )
    settings, quality = configuration.tune, quality_of(configuration)
    objectives = settings.objectives or (quality, "latency_ms", "ram_bytes")
    for name in objectives:
        if name in _QUALITY.values() and name != quality:
            raise UserError(f"tune.objectives: {name} is of another task; here it is {quality}.")
    if not space:
        raise UserError("There is nothing to search here.", "Name settings in [tune.space].")
    told = {**_about(project, space), **about}
    seed, rivals = configuration.project.seed, settings.early_rivals
    return Plan(objectives, space, seed, rivals, told, first)


def read_study(project: Project) -> Study:
    """The project's study as it was begun, whatever the settings say by now.

    Raises:
        UserError: there is none, or it cannot be read.
    """
    folder, storage = project.build_directory / _PLACE, project.configuration.tune.storage
    kept = kept_plan(folder, storage)
    if not kept:
        raise UserError("There is no study here.", "coincell tune --trials 30")
    return Study(folder, Plan.kept(kept), storage, join=True)


def changed_since(project: Project, study: Study) -> bool:
    """Whether a study began with other limits, or other settings of what is not searched."""
    now = json.loads(json.dumps(_about(project, study.plan.space)))
    then = {name: value for name, value in study.plan.about.items() if name != "auto"}
    return bool(now != then)


def _auto(
    project: Project, kept: Mapping[str, Any], listener: Listener
) -> tuple[Space, tuple[Mapping[str, Any], ...], str]:
    """The space of a study over families, what it begins with, and what was seen of the data."""
    if kept:
        plan = Plan.kept(kept)
        return plan.space, (), str(plan.about.get("auto", ""))
    found = auto_space(project, listener=listener)
    return found.space, found.first, found.told


def _standing(configuration: Configuration, space: Space) -> dict[str, Any]:
    """The project's own settings, as far as the space holds them: what is to be beaten."""
    table, found = configuration.model_dump(mode="python"), {}
    for key, values in space.items():
        value: Any = table
        for part in key.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if isinstance(values, Span):
            known = isinstance(value, int | float) and values.low <= value <= values.high
        else:
            known = not isinstance(values, Branch) and value in values
        if known:
            found[key] = value
    return found


def _check_key(project: Project, key: str, value: Any) -> None:
    """Refuse a setting that the project does not have; what values go together, trials tell."""
    try:
        with_settings(project, {key: value})
    except UserError as error:
        if "Extra inputs" in error.message:
            raise UserError(
                f"tune.space: this project has no setting {key!r}.", "See docs/configuration.md."
            ) from error
        if "valid" in error.message:
            raise UserError(f"tune.space: {error.message}", "See docs/configuration.md.") from error


def _check_some_value(project: Project, key: str, values: Any) -> None:
    """Refuse a setting of whose values (of a range, its ends) none can be; what goes with other
    settings alone, a branch tells."""
    if isinstance(values, Branch):
        return
    ends = (values.low, values.high) if isinstance(values, Span) else values
    faults = []
    for value in ends:
        try:
            with_settings(project, {key: value})
        except UserError as error:
            faults.append(error.message)
    if len(faults) == len(ends):
        raise UserError(
            f"tune.space: no value of {key} can be. {faults[0]}", "See docs/configuration.md."
        )


def _about(project: Project, space: Mapping[str, Any]) -> dict[str, Any]:
    """All else that a candidate's figures depend on: every setting that is not searched."""
    table = project.configuration.model_dump(mode="json", exclude={"tune", *PEOPLE_SECTIONS})
    for key, _ in searched(space):
        *sections, name = key.split(".")
        place = table
        for section in sections:
            place = place.get(section, {})
        place.pop(name, None)
    return table | {"limits": dict(project.configuration.tune.limits)}


@dataclass(frozen=True)
class Judge:
    """Says what candidates of a project are worth.

    Attributes:
        project: whose settings candidates change.
        dataset: the artefact of its first stage.
        listener: hears the stages.
        stages: the pipeline's, or those of a fold.
        place: the folder below build/ for what is made.
    """

    project: Project
    dataset: Artefact
    listener: Listener = unheard
    stages: tuple[Stage, ...] = STAGES
    place: str = _PLACE

    @classmethod
    def of(cls, project: Project, listener: Listener = unheard) -> Judge:
        """A judge with the project's recordings at hand, of networks that are not pruned: what is
        promoted can be."""
        with alone(project, STAGES, listener):
            outcome = run_stages(project, STAGES, Demand(until="dataset", keep_all=True), listener)
        dataset = outcome.artefacts["dataset"]
        _check_validation(read_clips(dataset), project.configuration)
        return cls(_unpruned(project), dataset, listener)

    @classmethod
    def of_fold(
        cls, project: Project, dataset: Artefact, stages: tuple[Stage, ...], place: str
    ) -> Judge:
        """A judge by the sides of one fold, whose stages these are."""
        return cls(_unpruned(project), dataset, stages=stages, place=place)

    def __call__(self, candidate: Candidate) -> Verdict:
        """Measured untrained, refused if a limit breaks; then trained for a while, then whole.
        Trees are fitted and measured."""
        try:
            project = with_settings(self.project, candidate.settings)
        except UserError as error:
            return Verdict({}, f"cannot be: {error.message}", "settings", 1.0)
        if project.configuration.has_trees:
            return self._grown(project)
        cost = self.cost(project)
        if cost.refused:
            return cost
        share = project.configuration.tune.early_epochs
        epochs = project.configuration.training.epochs
        learns = project.configuration.has_network and not project.configuration.classical
        if 0 < share < 1 and epochs > 1 and learns:
            few = max(1, math.ceil(share * epochs))
            short = with_settings(project, {"training.epochs": few, "quantization.mode": "ptq"})
            figures = {**cost.figures, **self.quality(short)}
            if reason := candidate.early(figures):
                return Verdict(figures, reason)
        return _good_enough({**cost.figures, **self.quality(project)}, project.configuration)

    def cost(self, project: Project) -> Verdict:
        """What a candidate takes on the board, untrained, and which limit that breaks."""
        return self._measured(plain(project), self._few_windows(), "; not trained")

    def _grown(self, project: Project) -> Verdict:
        """What trees are worth and take, fitted to the training split."""
        place, heard = self.place, self.listener
        made = run_variation(project, self.stages, "quantize", place=place, listener=heard)
        few = few_windows(STAGES, self.dataset, project.configuration)
        stages = handed_on(few, made.artefacts, ("features", "train", "quantize"))
        cost = self._measured(project, stages)
        figures = {**cost.figures, **_quality(project, made.artefacts)}
        if cost.refused:
            return replace(cost, figures=figures)
        return _good_enough(figures, project.configuration)

    def _measured(self, project: Project, stages: Sequence[Stage], end: str = "") -> Verdict:
        """The figures of the image; a refusal, with `end` behind it, where a limit breaks."""
        figures = figures_of(run_variation(project, stages, "compile", place=self.place))
        place, heard = self.place, self.listener
        outcome = run_variation(project, stages, "measure", place=place, listener=heard)
        figures |= figures_of(outcome)
        for name, limit in project.configuration.tune.limits.items():
            if figures.get(name, 0.0) > limit:
                return _refusal(figures, name, figures[name], limit, end)
        for gate in outcome.gates:
            if gate.passed is False and gate.name in _GATES:
                value = math.nan if gate.value is None else float(gate.value)
                limit = float(gate.limit or 0)
                return _refusal(figures, _GATES[gate.name], value, limit, end)
        return Verdict(figures)

    def quality(self, project: Project) -> dict[str, float]:
        """The int8 model's figure on the validation split, once it is trained."""
        place, heard = self.place, self.listener
        made = run_variation(project, self.stages, "quantize", place=place, listener=heard)
        return _quality(project, made.artefacts)

    def _few_windows(self) -> tuple[Stage, ...]:
        """The stages on a few windows of the training split, a network left untrained."""
        return tuple(
            replace(stage, settings=_structure, run=_untrained(stage.run))
            if stage.name == "train" and self.project.configuration.has_network
            else stage
            for stage in few_windows(STAGES, self.dataset, self.project.configuration)
        )


def _unpruned(project: Project) -> Project:
    unpruned = project.configuration.model_copy(update={"pruning": PruningSettings()})
    return replace(project, configuration=unpruned)


def _check_validation(clips: Clips, configuration: Configuration) -> None:
    """Refuse a search that nothing can be judged by, before anything is made."""
    if not len(watched_rows(clips, configuration)):
        raise UserError(
            "The search chooses by the validation split; it has no window.",
            "Raise data.split.validation.",
        )
    if configuration.goal != "normality":
        return
    rows = clips.rows("validation")
    if not (clips.labels[rows] != normal_class(configuration.data)).any():
        raise UserError(
            "The search chooses by the area under the ROC curve on validation, which needs strange "
            f"windows too; of its {len(rows)} windows none is.",
            "Set data.split.strange_validation = 0.3, say, and import (or synthesize) into an "
            "empty data folder.",
        )


def _structure(configuration: Configuration) -> dict[str, Any]:
    """What an untrained network depends on."""
    model = configuration.model.model_dump(mode="json", exclude={"yardstick", "weights"})
    return {
        "untrained": True,
        "model": model,
        "outputs": list(configuration.outputs),
        "goal": configuration.goal,
    }


def _untrained(run: Callable[[StageContext], None]) -> Callable[[StageContext], None]:
    """The train stage's function without training; a user's own network is trained for an epoch."""

    def build(context: StageContext) -> None:
        configuration = context.configuration
        if configuration.model.file or configuration.classical or not configuration.has_network:
            run(context)
            return
        load_tensorflow()
        learning, _ = examples(context)
        network = new_network(configuration.model, configuration, learning)
        network.save(context.output / "model.keras")
        (context.output / "training.json").write_text('{"trained": false}', encoding="utf-8")

    build.__module__ = run.__module__
    return build


def _good_enough(figures: dict[str, float], configuration: Configuration) -> Verdict:
    """Of a trained candidate: refused where the project's gate would refuse its quality."""
    gates = configuration.gates
    wished = {"accuracy": gates.min_accuracy, "auc": gates.min_auc, "mae": gates.max_error}
    name = quality_of(configuration)
    value, limit = figures[name], wished[name]
    short = value - limit if name == "mae" else limit - value
    if not limit or not short > 0:
        return Verdict(figures)
    return Verdict(figures, f"{name} {value:.4g}; the gate wants {limit:.4g}", name, short / limit)


def _refusal(
    figures: Mapping[str, float], name: str, value: float, limit: float, end: str
) -> Verdict:
    over = value / limit - 1 if limit and math.isfinite(value) else 1.0
    told = f"{name} {value:,.6g} of {limit:,.6g}, {100 * over:.0f} % over{end}"
    return Verdict(figures, told, name, over)


def _quality(project: Project, artefacts: Mapping[str, Artefact]) -> dict[str, float]:
    """The int8 model's figure on the validation split."""
    configuration = project.configuration
    if configuration.goal == "normality":
        return {"auc": _validation_auc(artefacts, configuration)}
    _, watching = examples(StageContext(project, artefacts, artefacts["quantize"].folder))
    model = Int8Model(artefacts["quantize"])
    values = model.shares(model.scores(watching.features))
    if configuration.goal == "quantity":
        return {"mae": float(np.abs(values[:, 0] - watching.targets).mean())}
    return {"accuracy": float((values.argmax(axis=1) == watching.labels).mean())}


def _validation_auc(artefacts: Mapping[str, Artefact], configuration: Configuration) -> float:
    try:
        from sklearn.metrics import roc_auc_score
    except ImportError as error:
        raise MissingExtraError("tune", "scikit-learn", "The search") from error
    clips = read_clips(artefacts["dataset"])
    rows = clips.rows("validation")
    strange = clips.labels[rows] != normal_class(configuration.data)
    features = read_features(artefacts["features"]).clips[rows]
    strangeness = DetectorModel(artefacts["quantize"]).strangeness(features)
    return float(roc_auc_score(strange, strangeness))


def about_limits(study: Study) -> str:
    """Where no candidate is feasible: which limit binds, and by how much; "" where one is."""
    trials = study.trials()
    if any(trial.state == "complete" for trial in trials) or not trials:
        return ""
    refused = binding(trials)
    if not refused:
        failed = next((t.reason for t in trials if t.state == "failed" and t.reason), "")
        return f"No candidate was whole. {failed}".strip()
    told = [
        f"{name} refused {count}, the nearest {100 * least:.0f} % over"
        for name, (count, least) in sorted(refused.items(), key=lambda item: -item[1][0])
    ]
    return f"No candidate of {len(trials)} fits: {'; '.join(told)}."
