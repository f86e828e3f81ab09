"""scores on the held-out test split -> figures with intervals, float and int8 side by side."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from coincell.compiler import oracle_version
from coincell.pipeline.clips import read_clips
from coincell.pipeline.device_model import device_model
from coincell.pipeline.evaluate_classes import evaluate_classes
from coincell.pipeline.evaluate_normality import evaluate_normality
from coincell.pipeline.evaluate_quantity import error_gate, evaluate_quantities
from coincell.pipeline.feature_arrays import read_features
from coincell.pipeline.stage import Stage, StageContext
from coincell.pipeline.stages.compilers import host_compiler
from coincell.pipeline.store import Artefact
from coincell.pipeline.trained import FLOAT_SCORES, trained
from coincell.project import Configuration, GateSettings, Goal, Project
from coincell.report import Gate

SCORES_FILE = "int8-scores.npy"


def _settings(configuration: Configuration) -> dict[str, Any]:
    return {
        "outputs": list(configuration.outputs),
        "goal": configuration.goal,
        "told": [configuration.data.labels, configuration.data.unit],
        "step_ms": configuration.data.window_step_ms if configuration.goal == "normality" else 0,
        "by": configuration.data.split.by,
        "silence": configuration.data.silence_label,
        "rounds": configuration.evaluation.bootstrap_rounds,
        "decision": configuration.decision.model_dump(mode="json"),
        "seed": configuration.project.seed,
        "normal": configuration.data.normal_label if configuration.goal == "normality" else "",
    }


def _run(context: StageContext) -> None:
    clips = read_clips(context.inputs["dataset"])
    rows = clips.rows("test")
    model = device_model(context.inputs["quantize"], context.configuration)
    context.progress(0, len(rows), "int8 scores")
    scores = model.scores(read_features(context.inputs["features"]).clips[rows])
    np.save(context.output / SCORES_FILE, scores)
    float_scores = trained(context.inputs).folder / FLOAT_SCORES
    whole = np.load(float_scores)[rows] if float_scores.is_file() else None
    evaluation = _EVALUATIONS[context.configuration.goal](context, model, scores, whole)
    facts = {"oracle": oracle_version()} | evaluation
    (context.output / "evaluation.json").write_text(json.dumps(facts), encoding="utf-8")


_EVALUATIONS: Mapping[Goal, Callable[[StageContext, Any, Any, Any], dict[str, Any]]] = {
    "classes": evaluate_classes,
    "normality": evaluate_normality,
    "quantity": evaluate_quantities,
}


def _gates(artefact: Artefact, project: Project) -> list[Gate]:
    """What the goal's figures must reach."""
    facts = artefact.read_json("evaluation.json")
    limits = project.configuration.gates
    if project.configuration.goal == "normality":
        return [_auc_gate(facts["int8"]["normality"]["auc"]["value"], limits.min_auc)]
    if project.configuration.goal == "quantity":
        return [error_gate(facts["int8"]["quantity"], limits.max_error)]
    return _class_gates(facts, limits)


def _auc_gate(auc: float | None, limit: float) -> Gate:
    """Of the device's scores; without a strange window in the test split there is none."""
    reached = auc is not None and auc >= limit
    passed = reached or limit == 0
    reason = ""
    if not passed:
        reason = "Other features, or another model.architecture, would help; see the yardsticks."
        if auc is None:
            reason = "No test window is strange: record some, or take gates.min_auc away."
    return Gate(
        name="auc",
        limit=limit,
        value=auc,
        passed=passed,
        bound="at least",
        unit="share",
        reason=reason,
    )


def _class_gates(facts: dict[str, Any], limits: GateSettings) -> list[Gate]:
    """Accuracy of int8, and what it lost against float."""
    accuracy = facts["int8"]["accuracy"]["value"]
    gates = [
        Gate(
            name="accuracy",
            limit=limits.min_accuracy,
            value=accuracy,
            passed=accuracy >= limits.min_accuracy,
            bound="at least",
            unit="share",
            reason=""
            if accuracy >= limits.min_accuracy
            else "More speakers, more augmentation or a larger network would help.",
        )
    ]
    if facts["float"] is not None:
        loss = facts["float"]["accuracy"]["value"] - accuracy
        gates.append(
            Gate(
                name="accuracy_loss",
                limit=limits.max_accuracy_loss,
                value=loss,
                passed=loss <= limits.max_accuracy_loss,
                unit="share",
                reason=""
                if loss <= limits.max_accuracy_loss
                else "Calibrate on more samples (quantization.calibration_samples).",
            )
        )
    return gates


STAGE = Stage(
    name="evaluate",
    title="Evaluate float and int8 on the test split",
    needs=("dataset", "features", "train", "prune", "quantize"),
    settings=_settings,
    modules=(
        "coincell.evaluation",
        "coincell.compiler",
        "coincell.anomaly",
        "coincell.classical",
        "coincell.runtime",
    ),
    packages=("numpy", "tflite-micro"),
    run=_run,
    toolchain=host_compiler,
    gates=_gates,
    gates_stop=False,
)
