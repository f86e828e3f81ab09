"""Figures of a predicted number on the test split: float and int8 side by side."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.evaluation import QuantityMetrics, compare_quantities, evaluate_quantity
from coincell.pipeline.clips import Clips, read_clips
from coincell.pipeline.judged import write_told
from coincell.pipeline.quantity_model import QuantityModel
from coincell.pipeline.stage import StageContext
from coincell.report import Gate

_MOST_VALUES = 50_000  # that a report holds of each; of more each n-th is taken


def evaluate_quantities(
    context: StageContext, model: QuantityModel, scores: NDArray[np.int8], whole: Any
) -> dict[str, Any]:
    """What evaluation.json holds.

    Args:
        context: of the stage.
        model: the int8 model.
        scores: int8 [n, 1] of the test split.
        whole: float32 [n, 1] of the network before quantization, or None.
    """
    clips = read_clips(context.inputs["dataset"])
    rows = clips.rows("test")
    predicted = model.values(scores)
    write_told(context.output, "int8", predicted, np.zeros(len(rows), np.int64))
    int8 = _evaluation(context, clips, rows, predicted)
    facts: dict[str, Any] = {
        "float": None,
        "comparison": None,
        "int8": _told(context, int8, clips.targets[rows], predicted),
        "notes": [*int8.notes, *_out_of_reach(context, model, clips.targets[rows])],
        "decisions": None,
    }
    if whole is not None:
        before = np.asarray(whole, np.float64).reshape(-1)
        write_told(context.output, "float", before, np.zeros(len(rows), np.int64))
        evaluation = _evaluation(context, clips, rows, before)
        facts["float"] = _told(context, evaluation, clips.targets[rows], before)
        configuration = context.configuration
        facts["comparison"] = compare_quantities(
            clips.targets[rows],
            before,
            predicted,
            seed=configuration.project.seed,
            rounds=configuration.evaluation.bootstrap_rounds,
            groups=clips.units(rows, configuration.data.split.by, None),
        ).to_json()
    return facts


def error_gate(quantity: dict[str, Any], limit: float) -> Gate:
    """The int8 model's mean absolute error, in the number's unit; 0: no limit."""
    error = quantity["mae"]["value"]
    passed = limit == 0 or error <= limit
    return Gate(
        name="mae",
        limit=limit or None,
        value=error,
        passed=passed,
        unit=quantity["unit"],
        reason=""
        if passed
        else "More machines, longer windows, other features or a larger network would help.",
    )


def _evaluation(
    context: StageContext, clips: Clips, rows: NDArray[np.int64], predicted: NDArray[np.float64]
) -> QuantityMetrics:
    configuration = context.configuration
    return evaluate_quantity(
        clips.targets[rows],
        predicted,
        training_mean=float(clips.targets[clips.rows("train")].mean()),
        seed=configuration.project.seed,
        rounds=configuration.evaluation.bootstrap_rounds,
        groups=clips.units(rows, configuration.data.split.by, None),
    )


def _told(
    context: StageContext,
    evaluation: QuantityMetrics,
    truth: NDArray[np.float64],
    predicted: NDArray[np.float64],
) -> dict[str, Any]:
    data, step = context.configuration.data, -(-len(truth) // _MOST_VALUES)
    quantity = {
        "target": data.target,
        "unit": data.unit,
        "truth": truth[::step].tolist(),
        "predicted": predicted[::step].tolist(),
    }
    return {
        "samples": evaluation.samples,
        "quantity": quantity | evaluation.to_json(),
        "intervals": evaluation.intervals,
    }


def _out_of_reach(
    context: StageContext, model: QuantityModel, truth: NDArray[np.float64]
) -> list[str]:
    """Numbers that no int8 output stands for: the network's range was set by the training split."""
    low, high = model.reach
    beyond = int(np.count_nonzero((truth < low) | (truth > high)))
    if not beyond:
        return []
    unit = context.configuration.data.unit
    told = (
        f"{beyond} of {len(truth)} test numbers lie beyond what the int8 output reaches, "
        f"{low:.4g} to {high:.4g} {unit}: record training data of the whole range."
    )
    return [told]
