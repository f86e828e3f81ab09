"""a plain fully connected network on the same features: what the architecture must beat."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from coincell.evaluation import wilson
from coincell.models import count_parameters, predict_float
from coincell.pipeline.clips import read_clips
from coincell.pipeline.feature_arrays import read_features
from coincell.pipeline.stage import Stage, StageContext
from coincell.pipeline.stages.inputs import ready_made_tflite
from coincell.pipeline.stages.train import examples, fit, new_network, training_settings
from coincell.project import Configuration

ARCHITECTURE = "fully-connected"


def _wanted(configuration: Configuration) -> bool:
    """Not asked for, not trained at all, or the very same network: then there is no yardstick."""
    return (
        configuration.goal == "classes"
        and configuration.model.yardstick
        and not ready_made_tflite(configuration)
        and (bool(configuration.model.file) or configuration.model.architecture != ARCHITECTURE)
    )


def _settings(configuration: Configuration) -> dict[str, Any]:
    if not _wanted(configuration):
        return {"wanted": False}
    return {"wanted": True, "dropout": configuration.model.dropout} | training_settings(
        configuration
    )


def _run(context: StageContext) -> None:
    path = context.output / "yardstick.json"
    configuration = context.configuration
    if not _wanted(configuration):
        path.write_text("null", encoding="utf-8")
        return
    learning, watching = examples(context)
    model = configuration.model.model_copy(update={"architecture": ARCHITECTURE})
    network = new_network(model, configuration, learning)
    fit(context, network, learning, watching)
    clips = read_clips(context.inputs["dataset"])
    features = read_features(context.inputs["features"])
    rows = clips.rows("test")
    scores = predict_float(network, features.clips[rows], features.quantization)
    right = int(np.count_nonzero(scores.argmax(axis=1) == clips.labels[rows]))
    parameters = count_parameters(network)
    facts = {
        "architecture": ARCHITECTURE,
        "parameters": parameters,
        "accuracy": wilson(right, len(rows)).to_json(),
    }
    path.write_text(json.dumps(facts), encoding="utf-8")


STAGE = Stage(
    name="yardstick",
    title="Train the yardstick, fully connected",
    needs=("dataset", "features"),
    settings=_settings,
    modules=("coincell.models", "coincell.evaluation", "coincell.data"),
    packages=("keras", "numpy", "tensorflow-cpu"),
    run=_run,
)
