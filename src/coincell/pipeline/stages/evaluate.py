"""scores on the held-out test split -> figures with intervals, float and int8 side by side."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from coincell.compiler import oracle_version
from coincell.pipeline.clips import read_clips
from coincell.pipeline.evaluate_classes import evaluate_classes
from coincell.pipeline.feature_arrays import read_features
from coincell.pipeline.int8_model import Int8Model
from coincell.pipeline.stage import Stage, StageContext
from coincell.pipeline.stages.compilers import host_compiler
from coincell.pipeline.store import Artefact
from coincell.project import Configuration, Project
from coincell.report import Gate

SCORES_FILE = "int8-scores.npy"


def _settings(configuration: Configuration) -> dict[str, Any]:
    return {
        "outputs": list(configuration.outputs),
        "goal": configuration.goal,
        "by": configuration.data.split.by,
        "silence": configuration.data.silence_label,
        "rounds": configuration.evaluation.bootstrap_rounds,
        "decision": configuration.decision.model_dump(mode="json"),
        "seed": configuration.project.seed,
    }


def _run(context: StageContext) -> None:
    clips = read_clips(context.inputs["dataset"])
    rows = clips.rows("test")
    model = Int8Model(context.inputs["quantize"])
    context.progress(0, len(rows), "int8 scores")
    scores = model.scores(read_features(context.inputs["features"]).clips[rows])
    np.save(context.output / SCORES_FILE, scores)
    float_scores = context.inputs["train"].folder / "float_scores.npy"
    whole = np.load(float_scores)[rows] if float_scores.is_file() else None
    evaluation = _EVALUATIONS[context.configuration.goal](context, model, scores, whole)
    facts = {"oracle": oracle_version()} | evaluation
    (context.output / "evaluation.json").write_text(json.dumps(facts), encoding="utf-8")


_EVALUATIONS = {"classes": evaluate_classes}


def _gates(artefact: Artefact, project: Project) -> list[Gate]:
    """Accuracy of int8, and what it lost against float."""
    facts = artefact.read_json("evaluation.json")
    limits = project.configuration.gates
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
    needs=("dataset", "features", "train", "quantize"),
    settings=_settings,
    modules=("coincell.evaluation", "coincell.compiler", "coincell.runtime"),
    packages=("numpy", "tflite-micro"),
    run=_run,
    toolchain=host_compiler,
    gates=_gates,
    gates_stop=False,
)
