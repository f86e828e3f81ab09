"""scores on the held-out test split -> figures with intervals, float and int8 side by side."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.compiler import oracle_version
from coincell.evaluation import Evaluation, compare, evaluate, evaluate_decisions
from coincell.pipeline.clips import Clips, read_clips, silence_class
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
        "labels": list(configuration.data.labels),
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
    facts: dict[str, Any] = {"oracle": oracle_version(), "float": None, "comparison": None}
    int8 = _evaluation(context, clips, rows, scores)
    facts["int8"] = int8.to_json()
    facts["notes"] = list(int8.notes)
    facts["decisions"] = _decisions(context, clips.labels[rows], model, scores)
    float_scores = context.inputs["train"].folder / "float_scores.npy"
    if float_scores.is_file():
        whole = np.load(float_scores)[rows]
        facts["float"] = _evaluation(context, clips, rows, whole).to_json()
        facts["comparison"] = _comparison(context, clips, rows, whole, scores)
    (context.output / "evaluation.json").write_text(json.dumps(facts), encoding="utf-8")


def _evaluation(
    context: StageContext, clips: Clips, rows: NDArray[np.int64], scores: NDArray[Any]
) -> Evaluation:
    configuration = context.configuration
    return evaluate(
        clips.labels[rows],
        scores,
        configuration.data.labels,
        seed=configuration.project.seed,
        rounds=configuration.evaluation.bootstrap_rounds,
        groups=_speakers(context, clips, rows),
    )


def _speakers(context: StageContext, clips: Clips, rows: NDArray[np.int64]) -> list[str] | None:
    data = context.configuration.data
    return clips.units(rows, data.split.by, silence_class(data))


def _comparison(
    context: StageContext,
    clips: Clips,
    rows: NDArray[np.int64],
    whole: NDArray[np.float32],
    scores: NDArray[np.int8],
) -> dict[str, Any]:
    configuration = context.configuration
    return compare(
        clips.labels[rows],
        whole.argmax(axis=1),
        scores.argmax(axis=1),
        classes=len(configuration.data.labels),
        seed=configuration.project.seed,
        rounds=configuration.evaluation.bootstrap_rounds,
        groups=_speakers(context, clips, rows),
    ).to_json()


def _decisions(
    context: StageContext,
    truth: NDArray[np.int64],
    model: Int8Model,
    scores: NDArray[np.int8],
) -> dict[str, Any]:
    """What a user of the device meets: right, wrong and no decisions, a window at a time."""
    decided, _ = model.decide(scores, context.configuration.decision)
    metrics = evaluate_decisions(truth, decided).metrics()
    return {name: estimate.to_json() for name, estimate in metrics.items()}


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
