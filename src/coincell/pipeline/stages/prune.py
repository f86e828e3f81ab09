"""a trained network -> the same with fewer channels, within the limits of [pruning]."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from coincell.models import (
    History,
    channels_of,
    count_parameters,
    load_network,
)
from coincell.pipeline.cost import few_windows, figures_of, plain
from coincell.pipeline.distilling import taught_by, teacher_of
from coincell.pipeline.feature_arrays import read_features
from coincell.pipeline.pruning import PRUNING_FILE, Figures, Pruned, PruningWork, prune
from coincell.pipeline.stage import Stage, StageContext
from coincell.pipeline.stages import (
    compile,  # noqa: A004 - the stage's name
    dataset,
    evaluate,
    features,
    firmware,
    measure,
    quantize,
    reference,
    train,
)
from coincell.pipeline.stages.compilers import both_compilers
from coincell.pipeline.stages.inputs import teacher_file
from coincell.pipeline.trained import FLOAT_SCORES, NETWORK_FILE
from coincell.pipeline.variation import run_variation
from coincell.project import PEOPLE_SECTIONS, Configuration, Project, TrainingSettings

_PLACE = "prune"


def _settings(configuration: Configuration) -> dict[str, Any]:
    if not configuration.pruning.wanted:
        return {"wanted": False}
    untold = {"tune", "evaluation", "gates", "synthesis", "quantization", *PEOPLE_SECTIONS}
    table = configuration.model_dump(mode="json", exclude=untold)
    return {"wanted": True, "configuration": table}


def _toolchain(project: Project) -> Mapping[str, str]:
    return both_compilers(project) if project.configuration.pruning.wanted else {}


def _run(context: StageContext) -> None:
    told: dict[str, Any] | None = None
    if context.configuration.pruning.wanted:
        told = _prune(context)
    (context.output / PRUNING_FILE).write_text(json.dumps(told), encoding="utf-8")


def _prune(context: StageContext) -> dict[str, Any]:
    configuration = context.configuration
    arrays = read_features(context.inputs["features"])
    learning, watching = train.examples(context)
    path = context.inputs["train"].folder / NETWORK_FILE
    outputs = len(configuration.outputs)
    network = load_network(path, arrays.clips.shape[1:], outputs, configuration.goal)

    told = configuration.pruning.teacher
    teacher = taught_by(context, network) if told == "unpruned" else None
    if told == "training":
        teacher = teacher_of(context, learning)

    def fit(smaller: Any, settings: TrainingSettings, word: str) -> History:
        return train.fit(
            context, smaller, learning, watching, settings=settings, word=word, teacher=teacher
        )

    work = PruningWork(
        learning, configuration.training, configuration.goal, configuration.project.seed,
        _cost_of(context), fit, context.progress,
    )  # fmt: skip
    made = prune(network, work, configuration.pruning)
    if made.history is not None:
        made.network.save(context.output / NETWORK_FILE)
        scores = train.float_scores(made.network, arrays, configuration.goal)
        np.save(context.output / FLOAT_SCORES, scores)
    shutil.rmtree(context.project.build_directory / _PLACE, ignore_errors=True)
    return _told(context, network, made)


def _told(context: StageContext, whole: Any, made: Pruned) -> dict[str, Any]:
    """As report.json has it."""
    history = context.inputs["train"].read_json("training.json")["history"]
    best = history["best_epoch"] - 1
    before: dict[str, Any] = {
        name: history[name][best] if len(history[name]) > best else None
        for name in ("validation_loss", "validation_accuracy")
    }
    return {
        "teacher": context.configuration.pruning.teacher,
        "limits": dict(made.limits),
        "before": before | {"figures": dict(made.before), "parameters": count_parameters(whole)},
        "steps": list(made.steps),
        "history": None if made.history is None else made.history.to_json(),
    }


def _cost_of(context: StageContext) -> Callable[[Any], Figures]:
    """What measures a network on the virtual board, in the stages that measure a run's."""
    untrained = plain(context.project)
    stages = few_windows(
        (dataset.STAGE, features.STAGE, train.STAGE, STAGE, quantize.STAGE, evaluate.STAGE,
         reference.STAGE, compile.STAGE, firmware.STAGE, measure.STAGE),
        context.inputs["dataset"],
        context.configuration,
    )  # fmt: skip

    def cost(network: Any) -> Figures:
        widths = {name: len(ids) for name, ids in channels_of(network).given.items()}
        told = {"of": context.inputs["train"].content, "widths": widths}

        def settings(configuration: Configuration) -> dict[str, Any]:
            del configuration
            return {"network": hashlib.sha256(json.dumps(told).encode()).hexdigest()}

        def run(inner: StageContext) -> None:
            network.save(inner.output / NETWORK_FILE)
            (inner.output / "training.json").write_text('{"trained": false}', encoding="utf-8")

        run.__module__ = _run.__module__
        given = tuple(
            replace(stage, settings=settings, run=run) if stage.name == "train" else stage
            for stage in stages
        )
        compiled = run_variation(untrained, given, "compile", place=_PLACE)
        return figures_of(compiled) | figures_of(
            run_variation(untrained, given, "measure", place=_PLACE)
        )

    return cost


STAGE = Stage(
    name="prune",
    title="Prune the network",
    needs=("dataset", "features", "train"),
    settings=_settings,
    modules=("coincell.models", "coincell.board", "coincell.firmware", "coincell.compiler"),
    packages=("capstone", "keras", "numpy", "pyelftools", "tensorflow-cpu", "unicorn"),
    files=lambda project: teacher_file(project) if project.configuration.pruning.wanted else [],
    run=_run,
    toolchain=_toolchain,
)
