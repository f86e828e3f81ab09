"""a plain fully connected network on the same features: what the architecture must beat; of
normality, every other method."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from coincell.evaluation import wilson_by_group
from coincell.models import count_parameters, predict_float
from coincell.pipeline.clips import read_clips, silence_class
from coincell.pipeline.feature_arrays import read_features
from coincell.pipeline.normality_yardsticks import try_other_methods
from coincell.pipeline.stage import Stage, StageContext
from coincell.pipeline.stages.compilers import host_compiler
from coincell.pipeline.stages.inputs import ready_made_tflite
from coincell.pipeline.stages.train import examples, fit, new_network, training_settings
from coincell.project import Configuration

ARCHITECTURE = "fully-connected"


def _wanted(configuration: Configuration) -> bool:
    """Not asked for, not trained at all, or the very same network: then there is no yardstick."""
    if configuration.goal == "normality":
        return configuration.model.yardstick
    return (
        configuration.goal == "classes"
        and configuration.model.yardstick
        and not ready_made_tflite(configuration)
        and (bool(configuration.model.file) or configuration.model.architecture != ARCHITECTURE)
    )


def _settings(configuration: Configuration) -> dict[str, Any]:
    if not _wanted(configuration):
        return {"wanted": False}
    settings: dict[str, Any] = {
        "wanted": True,
        "dropout": configuration.model.dropout,
        "by": configuration.data.split.by,
        "silence": configuration.data.silence_label,
    }
    if configuration.goal == "normality":
        settings |= _normality_settings(configuration)
    return settings | training_settings(configuration)


def _normality_settings(configuration: Configuration) -> dict[str, Any]:
    model, decision = configuration.model, configuration.decision
    return {
        "used": "" if model.file else model.architecture,
        "detector": model.detector.model_dump(mode="json"),
        "quantization": configuration.quantization.model_dump(mode="json"),
        "rounds": configuration.evaluation.bootstrap_rounds,
        "false_alarm_rate": decision.false_alarm_rate,
        "smoothing_windows": decision.smoothing_windows,
    }


def _run(context: StageContext) -> None:
    path = context.output / "yardstick.json"
    configuration = context.configuration
    if not _wanted(configuration):
        path.write_text("null", encoding="utf-8")
        return
    if configuration.goal == "normality":
        path.write_text(json.dumps(try_other_methods(context)), encoding="utf-8")
        return
    learning, watching = examples(context)
    model = configuration.model.model_copy(update={"architecture": ARCHITECTURE})
    network = new_network(model, configuration, learning)
    fit(context, network, learning, watching)
    clips = read_clips(context.inputs["dataset"])
    features = read_features(context.inputs["features"])
    rows = clips.rows("test")
    scores = predict_float(network, features.clips[rows], features.quantization)
    right = np.asarray(scores.argmax(axis=1) == clips.labels[rows])
    units = clips.units(rows, configuration.data.split.by, silence_class(configuration.data))
    parameters = count_parameters(network)
    facts = {
        "architecture": ARCHITECTURE,
        "parameters": parameters,
        "accuracy": wilson_by_group(right, units).to_json(),
    }
    path.write_text(json.dumps(facts), encoding="utf-8")


STAGE = Stage(
    name="yardstick",
    title="Train the yardsticks",
    needs=("dataset", "features"),
    settings=_settings,
    modules=(
        "coincell.models",
        "coincell.evaluation",
        "coincell.data",
        "coincell.anomaly",
        "coincell.compiler",
        "coincell.runtime",
    ),
    packages=("keras", "numpy", "tensorflow-cpu", "tflite-micro"),
    run=_run,
    toolchain=host_compiler,
)
