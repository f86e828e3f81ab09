"""What a candidate of the search is worth: its cost before training, its figure on validation.

Both come from the project's own stages. The cost is that of an untrained network, since integers
take their time and room whatever they are: every stage up to the measured image runs on a few
windows of the training split. The test split is not judged by.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from coincell.errors import MissingExtraError, UserError
from coincell.models import load_tensorflow
from coincell.pipeline.clips import normal_class, read_clips, watched_rows
from coincell.pipeline.detector_model import DetectorModel
from coincell.pipeline.feature_arrays import read_features
from coincell.pipeline.int8_model import MODEL_FILE
from coincell.pipeline.quantizing import int8_losses
from coincell.pipeline.runner import Demand, Listener, Outcome, alone, run_stages, unheard
from coincell.pipeline.stage import Stage, StageContext
from coincell.pipeline.stages.inputs import ready_made_tflite
from coincell.pipeline.stages.table import STAGES
from coincell.pipeline.stages.train import examples, new_network
from coincell.pipeline.store import Artefact
from coincell.pipeline.variation import dealt_out, run_variation, with_settings
from coincell.project import Configuration, Project, TrainingSettings
from coincell.tuning import Candidate, Plan, Study, Verdict, binding, space_of

_PLACE = "tune"
_WINDOWS_OF_A_CLASS = 12
_QUALITY = {"classes": "accuracy", "normality": "auc", "quantity": "mae"}
_GATES = {"flash": "flash_bytes", "ram": "ram_bytes", "latency": "latency_ms", "stack": "stack"}


def quality_of(configuration: Configuration) -> str:
    """The figure that the task is judged by."""
    return _QUALITY[configuration.goal]


def open_study(project: Project, *, join: bool = False) -> Study:
    """The project's study, begun if there is none (and `join` does not want one).

    Raises:
        UserError: the project cannot be searched, or the study is another's.
        MissingExtraError: Optuna is not installed.
    """
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
    space = space_of(configuration)
    if not space:
        raise UserError("There is nothing to search here.", "Name settings in [tune.space].")
    for key in space:
        _check_key(project, key, space[key])
    plan = Plan(
        objectives, space, configuration.project.seed, settings.early_rivals, _about(project, space)
    )
    return Study(project.build_directory / _PLACE, plan, settings.storage, join=join)


def _check_key(project: Project, key: str, values: Any) -> None:
    """Refuse a setting that the project does not have; what values go together, trials tell."""
    first = values[0] if isinstance(values, tuple) else values.low
    try:
        with_settings(project, {key: first})
    except UserError as error:
        if "Extra inputs" in error.message or "valid" in error.message:
            raise UserError(f"tune.space: {error.message}", "See docs/configuration.md.") from error


def _about(project: Project, space: Mapping[str, Any]) -> dict[str, Any]:
    """All else that a candidate's figures depend on: every setting that is not searched."""
    table = project.configuration.model_dump(mode="json", exclude={"tune"})
    for key in space:
        section, *_, name = key.split(".")
        table.get(section, {}).pop(name, None)
    return table | {"limits": dict(project.configuration.tune.limits)}


@dataclass(frozen=True)
class Judge:
    """Says what candidates of a project are worth.

    Attributes:
        project: whose settings candidates change.
        dataset: the artefact of its first stage.
        listener: hears the stages.
    """

    project: Project
    dataset: Artefact
    listener: Listener = unheard

    @classmethod
    def of(cls, project: Project, listener: Listener = unheard) -> Judge:
        """A judge with the project's recordings at hand."""
        with alone(project, STAGES, listener):
            outcome = run_stages(project, STAGES, Demand(until="dataset", keep_all=True), listener)
        return cls(project, outcome.artefacts["dataset"], listener)

    def __call__(self, candidate: Candidate) -> Verdict:
        """Measured untrained, refused if a limit breaks; then trained for a while, then whole."""
        try:
            project = with_settings(self.project, candidate.settings)
        except UserError as error:
            return Verdict({}, f"cannot be: {error.message}", "settings", 1.0)
        cost = self.cost(project)
        if cost.refused:
            return cost
        share = project.configuration.tune.early_epochs
        epochs = project.configuration.training.epochs
        if 0 < share < 1 and epochs > 1 and project.configuration.has_network:
            few = max(1, math.ceil(share * epochs))
            short = with_settings(project, {"training.epochs": few, "quantization.mode": "ptq"})
            figures = {**cost.figures, **self.quality(short)}
            if reason := candidate.early(figures):
                return Verdict(figures, reason)
        return Verdict({**cost.figures, **self.quality(project)})

    def cost(self, project: Project) -> Verdict:
        """What a candidate takes on the board, and which limit that breaks."""
        plain, stages = _plain(project), self._few_windows()
        figures = _figures(run_variation(plain, stages, "compile", place=_PLACE))
        outcome = run_variation(plain, stages, "measure", place=_PLACE, listener=self.listener)
        figures |= _figures(outcome)
        for name, limit in project.configuration.tune.limits.items():
            if figures.get(name, 0.0) > limit:
                return _refusal(figures, name, figures[name], limit)
        for gate in outcome.gates:
            if gate.passed is False and gate.name in _GATES:
                value = math.nan if gate.value is None else float(gate.value)
                return _refusal(figures, _GATES[gate.name], value, float(gate.limit or 0))
        return Verdict(figures)

    def quality(self, project: Project) -> dict[str, float]:
        """The int8 model's figure on the validation split, once it is trained."""
        made = run_variation(project, STAGES, "quantize", place=_PLACE, listener=self.listener)
        artefacts, configuration = made.artefacts, project.configuration
        if configuration.goal == "normality":
            return {"auc": _validation_auc(artefacts, configuration)}
        if not len(watched_rows(read_clips(artefacts["dataset"]), configuration)):
            raise UserError(_NO_VALIDATION, "Raise data.split.validation.")
        context = StageContext(project, artefacts, artefacts["quantize"].folder)
        _, watching = examples(context)
        tflite = (artefacts["quantize"].folder / MODEL_FILE).read_bytes()
        loss = float(int8_losses(tflite, watching, configuration.goal).mean())
        return {"mae": loss} if configuration.goal == "quantity" else {"accuracy": 1 - loss}

    def _few_windows(self) -> tuple[Stage, ...]:
        """The stages on a few windows of the training split, a network left untrained."""
        clips = read_clips(self.dataset)
        splits = np.full(len(clips.files), "", "<U10")
        for label in np.unique(clips.labels):
            rows = np.flatnonzero((clips.splits == "train") & (clips.labels == label))
            for place, row in enumerate(rows[:_WINDOWS_OF_A_CLASS]):
                splits[row] = ("train", "train", "validation", "test")[place % 4]
        stages = dealt_out(STAGES, self.dataset, splits)
        return tuple(
            replace(stage, settings=_structure, run=_untrained(stage.run))
            if stage.name == "train" and self.project.configuration.has_network
            else stage
            for stage in stages
        )


_NO_VALIDATION = "The search chooses by the validation split; it has no window."


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
        if configuration.model.file or not configuration.has_network:
            run(context)
            return
        load_tensorflow()
        learning, _ = examples(context)
        network = new_network(configuration.model, configuration, learning)
        network.save(context.output / "model.keras")
        (context.output / "training.json").write_text('{"trained": false}', encoding="utf-8")

    build.__module__ = run.__module__
    return build


def _plain(project: Project) -> Project:
    """`project` without what leaves cost alone, so that candidates of one structure share it."""
    configuration = project.configuration
    plain = configuration.model_copy(
        update={
            "training": TrainingSettings(epochs=1),
            "quantization": configuration.quantization.model_copy(
                update={"mode": "ptq", "calibration": "min-max", "calibration_samples": 16,
                        "equalize": False, "correct_bias": False}
            ),
            "model": configuration.model.model_copy(update={"dropout": 0.0, "weights": ""}),
            "augmentation": configuration.augmentation.model_copy(update={"copies": 0}),
            "gates": configuration.gates.model_copy(
                update={"min_accuracy": 0.0, "min_auc": 0.0, "max_error": 0.0,
                        "max_accuracy_loss": 1.0}
            ),
        }
    )  # fmt: skip
    return replace(project, configuration=plain)


def _figures(outcome: Outcome) -> dict[str, float]:
    """What is known of the image, as far as the stages came."""
    found: dict[str, float] = {}
    for stage, file, names in _WHERE:
        if stage not in outcome.artefacts:
            continue
        facts = outcome.artefacts[stage].read_json(file)
        for name, key in names.items():
            value = facts.get(key)
            if value is not None:
                found[name] = float(value)
        energy = facts.get("energy")
        if energy:
            found["energy_uj"] = float(energy["inference"]["energy_uj"])
    return found


_WHERE: tuple[tuple[str, str, Mapping[str, str]], ...] = (
    ("compile", "compile.json", {"macs": "macs", "parameters": "parameters"}),
    (
        "firmware",
        "firmware.json",
        {"flash_bytes": "image_flash_bytes", "ram_bytes": "image_ram_bytes"},
    ),
    ("measure", "measurement.json", {"latency_ms": "latency_ms", "cycles": "cycles"}),
)


def _refusal(figures: Mapping[str, float], name: str, value: float, limit: float) -> Verdict:
    over = value / limit - 1 if limit and math.isfinite(value) else 1.0
    told = f"{name} {value:,.6g} of {limit:,.6g}, {100 * over:.0f} % over; not trained"
    return Verdict(figures, told, name, over)


def _validation_auc(artefacts: Mapping[str, Artefact], configuration: Configuration) -> float:
    try:
        from sklearn.metrics import roc_auc_score
    except ImportError as error:
        raise MissingExtraError("tune", "scikit-learn", "The search") from error
    clips = read_clips(artefacts["dataset"])
    rows = clips.rows("validation")
    strange = clips.labels[rows] != normal_class(configuration.data)
    if not strange.any() or strange.all():
        raise UserError(
            "The search chooses by the area under the ROC curve on validation, which needs normal "
            f"windows and strange ones; received {len(rows)} windows, {int(strange.sum())} strange."
        )
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
