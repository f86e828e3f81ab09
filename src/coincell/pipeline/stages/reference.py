"""scores and features -> what devices' counts are compared with after deployment."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np

from coincell.monitor import Reference
from coincell.pipeline.clips import (
    Clips,
    held_out_rows,
    read_clips,
    silence_class,
    training_rows,
)
from coincell.pipeline.detector_model import strangeness_of
from coincell.pipeline.device_model import DeviceModel, device_model
from coincell.pipeline.feature_arrays import FeatureArrays, read_features
from coincell.pipeline.int8_model import Int8Model
from coincell.pipeline.reference import (
    SplitWindows,
    count_windows,
    make_plan,
    right_by_score,
    watched_names,
)
from coincell.pipeline.report_parts_features import feature_columns
from coincell.pipeline.stage import Stage, StageContext
from coincell.pipeline.stages.compilers import host_compiler
from coincell.pipeline.stages.features import feature_block
from coincell.pipeline.store import Artefact
from coincell.project import Configuration
from coincell.runtime import ScoreUnit

REFERENCE_FILE = "reference.json"


def read_reference(artefact: Artefact) -> Reference | None:
    """The reference that the stage made; None where the project's devices tell nothing."""
    facts = artefact.read_json(REFERENCE_FILE)
    return Reference.from_json(facts) if facts else None


def _settings(configuration: Configuration) -> dict[str, Any]:
    """Nothing where devices tell nothing: the stage is done at once, and never again."""
    if not configuration.telemetry.enabled:
        return {}
    return {
        "project": configuration.project.name,
        "goal": configuration.goal,
        "outputs": list(configuration.outputs),
        "form": dataclasses.asdict(configuration.data.form),
        "channels": list(configuration.data.channels),
        "features": configuration.features.model_dump(mode="json"),
        "decision": configuration.decision.model_dump(mode="json"),
        "by": configuration.data.split.by,
        "silence": configuration.data.silence_label,
        "normal": configuration.data.normal_label if configuration.goal == "normality" else "",
    }


def _run(context: StageContext) -> None:
    enabled = context.configuration.telemetry.enabled
    facts = _reference(context).to_json() if enabled else {}
    (context.output / REFERENCE_FILE).write_text(json.dumps(facts), encoding="utf-8")


def _reference(context: StageContext) -> Reference:
    configuration = context.configuration
    clips, arrays = read_clips(context.inputs["dataset"]), read_features(context.inputs["features"])
    model = device_model(context.inputs["quantize"], configuration)
    block = feature_block(configuration, context.inputs["features"])
    rows = training_rows(clips, configuration)
    watched, _ = held_out_rows(clips, configuration, trained=False)
    context.progress(0, 3, "scores")
    training = _windows(clips, arrays, model, rows, configuration)
    validation = _windows(clips, arrays, model, watched, configuration)
    form = configuration.data.form
    classes = configuration.goal == "classes"
    unit = _score_unit(model) if classes else None
    buffer_steps = block.frame[0] if block.by_row else form.samples
    plan = make_plan(
        training, validation, form, block.shape, buffer_steps, unit, len(configuration.outputs)
    )
    context.progress(1, 3, "counts")
    right = right_by_score(plan, validation.scores, clips.labels[watched]) if classes else None
    columns = feature_columns(configuration, block.shape)
    return Reference(
        project=configuration.project.name,
        goal=configuration.goal,
        sense=form.sense,
        labels=configuration.outputs,
        channels=tuple(configuration.data.channels),
        watched=watched_names(columns, plan, form.sense == "picture"),
        hop_seconds=configuration.decision.hop_ms / 1000,
        window_seconds=form.seconds,
        plan=plan,
        training=count_windows(plan, training),
        validation=count_windows(plan, validation),
        right=right,
    )


def _score_unit(model: DeviceModel) -> ScoreUnit:
    assert isinstance(model, Int8Model)
    return model.score_unit


def _windows(
    clips: Clips,
    arrays: FeatureArrays,
    model: DeviceModel,
    rows: np.ndarray[Any, np.dtype[np.int64]],
    configuration: Configuration,
) -> SplitWindows:
    features = arrays.clips[rows]
    told = model.scores(features)
    labels, _ = model.decide(told, configuration.decision)
    scores: np.ndarray[Any, Any] = told
    if configuration.goal == "normality":
        scores = strangeness_of(told)
    elif configuration.goal == "quantity":
        scores = told.reshape(-1).astype(np.int32)
    silence = silence_class(configuration.data)
    units = clips.units(rows, configuration.data.split.by, silence)
    return SplitWindows(features, scores, labels, clips.windows[rows], units)


STAGE = Stage(
    name="reference",
    title="Count what devices will be compared with",
    needs=("dataset", "features", "quantize"),
    settings=_settings,
    modules=("coincell.monitor", "coincell.runtime", "coincell.anomaly", "coincell.compiler"),
    packages=("numpy", "tflite-micro"),
    run=_run,
    toolchain=host_compiler,
)
