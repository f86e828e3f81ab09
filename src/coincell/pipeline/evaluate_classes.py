"""Figures of a classifier on the test split: float and int8 side by side, and its decisions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.evaluation import Evaluation, compare, decide, evaluate, evaluate_decisions
from coincell.pipeline.clips import Clips, read_clips, silence_class
from coincell.pipeline.feature_arrays import read_features
from coincell.pipeline.int8_model import Int8Model
from coincell.pipeline.judged import write_told
from coincell.pipeline.stage import StageContext
from coincell.pipeline.trained import FLOAT_SCORES, trained
from coincell.project import DecisionSettings


def evaluate_classes(
    context: StageContext, model: Int8Model, scores: NDArray[np.int8], whole: Any
) -> dict[str, Any]:
    """What evaluation.json holds.

    Args:
        context: of the stage.
        model: the int8 model.
        scores: int8 [n, classes] of the test split.
        whole: float32 [n, classes] of the network before quantization, or None.
    """
    clips = read_clips(context.inputs["dataset"])
    rows = clips.rows("test")
    int8 = _evaluation(context, clips, rows, scores)
    decision = context.configuration.decision
    decided, _ = model.decide(scores, decision)
    write_told(context.output, "int8", model.shares(scores), decided)
    facts: dict[str, Any] = {
        "float": None,
        "comparison": None,
        "int8": int8.to_json(),
        "notes": list(int8.notes),
        "decisions": _decisions(context, clips, rows, decided),
    }
    _keep_validation(context, model, clips, decision)
    if whole is not None:
        write_told(context.output, "float", whole, decide(whole, decision.threshold))
        facts["float"] = _evaluation(context, clips, rows, whole).to_json()
        facts["comparison"] = _comparison(context, clips, rows, whole, scores)
    return facts


def _keep_validation(
    context: StageContext, model: Int8Model, clips: Clips, decision: DecisionSettings
) -> None:
    """What the models say of the validation split, by which thresholds may be chosen."""
    rows = clips.rows("validation")
    if not len(rows):
        return
    scores = model.scores(read_features(context.inputs["features"]).clips[rows])
    decided, _ = model.decide(scores, decision)
    write_told(context.output, "int8", model.shares(scores), decided, "validation")
    float_scores = trained(context.inputs).folder / FLOAT_SCORES
    if float_scores.is_file():
        whole = np.load(float_scores)[rows]
        told = decide(whole, decision.threshold)
        write_told(context.output, "float", whole, told, "validation")


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
    clips: Clips,
    rows: NDArray[np.int64],
    decided: NDArray[np.integer],
) -> dict[str, Any]:
    """What a user of the device meets: right, wrong and no decisions, a window at a time."""
    whose = _speakers(context, clips, rows)
    metrics = evaluate_decisions(clips.labels[rows], decided, whose).metrics()
    return {name: estimate.to_json() for name, estimate in metrics.items()}
