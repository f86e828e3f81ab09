"""How good a classifier is on held-out clips: every figure with its interval."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.errors import DataError, InternalError
from coincell.evaluation import _confusion
from coincell.evaluation._bootstrap import Resampling, resample
from coincell.evaluation._estimate import Estimate, wilson_by_group
from coincell.evaluation._roc import RocCurve, roc_curves


@dataclass(frozen=True)
class ClassMetrics:
    """One class against the rest. A figure without a value is undefined on these clips.

    precision = TP / (TP + FP), recall = TP / (TP + FN), f1 = 2 TP / (2 TP + FP + FN),
    fpr = FP / (FP + TN), fnr = FN / (FN + TP).
    """

    label: str
    samples: int
    precision: Estimate
    recall: Estimate
    f1: Estimate
    fpr: Estimate
    fnr: Estimate
    roc: RocCurve

    def to_json(self) -> dict[str, Any]:
        """As report.json has it, the curve apart."""
        figures = ("precision", "recall", "f1", "fpr", "fnr")
        return {
            "label": self.label,
            "samples": self.samples,
            **{name: getattr(self, name).to_json() for name in figures},
            "auc": self.roc.auc.to_json(),
        }


@dataclass(frozen=True)
class Evaluation:
    """All figures of one model.

    metrics: accuracy, and the means over classes precision_macro, recall_macro, f1_macro,
    fpr_macro, fnr_macro, auc_macro. confusion: clips, [true class][predicted class].
    intervals: in words, how the intervals came about. notes: what the figures do not say.
    """

    samples: int
    metrics: dict[str, Estimate]
    per_class: tuple[ClassMetrics, ...]
    confusion: tuple[tuple[int, ...], ...]
    intervals: str
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As report.json has it; `notes` belong among its warnings."""
        return {
            "samples": self.samples,
            **{name: estimate.to_json() for name, estimate in self.metrics.items()},
            "per_class": [each.to_json() for each in self.per_class],
            "confusion": [list(row) for row in self.confusion],
            "roc": [
                {
                    "label": each.label,
                    "fpr": list(each.roc.false_positive_rate),
                    "tpr": list(each.roc.true_positive_rate),
                    "auc": each.roc.auc.value,
                }
                for each in self.per_class
            ],
            "intervals": self.intervals,
        }


def evaluate(
    truth: NDArray[np.int64],
    scores: NDArray[np.floating | np.integer],
    labels: Sequence[str],
    *,
    seed: int,
    rounds: int = 1000,
    groups: Sequence[Hashable] | None = None,
) -> Evaluation:
    """Figures from true classes and scores; the prediction is the highest score, ties the first.

    Args:
        truth: int [n], positions in `labels`.
        scores: [n, classes], float or int8; only their order matters.
        labels: the classes' names.
        seed: of the bootstrap.
        rounds: of the bootstrap.
        groups: each clip's speaker (or other unit that clips share), [n]; None: unknown.

    Raises:
        DataError: there are no clips.
    """
    truth, scores = _checked(truth, scores, labels)
    predicted = scores.argmax(axis=1)
    classes = len(labels)
    resampling = resample(len(truth), groups, rounds, np.random.default_rng(seed))
    confusion = _confusion.confusion_matrix(truth, predicted, classes)
    pairs = _confusion.one_hot_pairs(truth, predicted, classes)
    drawn = resampling.totals(pairs).reshape(-1, classes, classes)
    curves, auc_macro = roc_curves(truth, scores, resampling)
    metrics = {"accuracy": wilson_by_group(predicted == truth, groups)}
    means = _confusion.macro(confusion.astype(np.float64))
    for name, values in _confusion.macro(drawn).items():
        metrics[name] = resampling.interval(means[name].item(), values)
    metrics["auc_macro"] = auc_macro
    return Evaluation(
        samples=len(truth),
        metrics=metrics,
        per_class=_per_class(labels, (truth, predicted), groups, drawn, curves, resampling),
        confusion=tuple(tuple(row) for row in confusion.tolist()),
        intervals=_in_words(resampling, rounds, groups),
        notes=_notes(labels, confusion, resampling, groups is not None),
    )


def _checked(
    truth: NDArray[np.int64], scores: NDArray[Any], labels: Sequence[str]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    truth, scores = np.asarray(truth, np.int64), np.asarray(scores, np.float64)
    if scores.shape != (len(truth), len(labels)):
        raise InternalError(
            f"scores must be [{len(truth)}, {len(labels)}]; received {list(scores.shape)}"
        )
    if len(truth) == 0:
        raise DataError(
            "There are no clips to evaluate.",
            hint="Raise data.split.test, or add recordings of more speakers.",
        )
    if truth.min() < 0 or truth.max() >= len(labels):
        raise InternalError("truth has a class that labels do not have")
    if not np.isfinite(scores).all():
        raise InternalError("scores must be finite")
    return truth, scores


def _per_class(
    labels: Sequence[str],
    pairs: tuple[NDArray[np.int64], NDArray[np.int64]],
    groups: Sequence[Hashable] | None,
    drawn: NDArray[np.float64],
    curves: Sequence[RocCurve],
    resampling: Resampling,
) -> tuple[ClassMetrics, ...]:
    truth, predicted = pairs
    confusion = _confusion.confusion_matrix(truth, predicted, len(labels))
    f1 = _confusion.rates(confusion.astype(np.float64)).f1
    f1_rounds = _confusion.rates(drawn).f1

    def rate(hits: NDArray[np.bool_], among: NDArray[np.bool_]) -> Estimate:
        """The share of `hits` among some clips."""
        chosen = np.flatnonzero(among).tolist()
        whose = None if groups is None else [groups[row] for row in chosen]
        return wilson_by_group(hits[chosen], whose)

    result = []
    for each, label in enumerate(labels):
        true, said = truth == each, predicted == each
        result.append(
            ClassMetrics(
                label=label,
                samples=int(true.sum()),
                precision=rate(true, said),
                recall=rate(said, true),
                f1=resampling.interval(f1[each], f1_rounds[:, each]),
                fpr=rate(said, ~true),
                fnr=rate(~said, true),
                roc=curves[each],
            )
        )
    return tuple(result)


def _in_words(resampling: Resampling, rounds: int, groups: Sequence[Hashable] | None) -> str:
    drawn = f"{resampling.units} clips"
    if groups is not None:
        alone = sum(clips == 1 for clips in Counter(groups).values())
        parts = (
            (resampling.units - alone, "speakers"),
            (alone, "clips that stand alone"),
        )
        drawn = " and ".join(f"{count} {what}" for count, what in parts if count)
    worth = ", of as many independent clips as theirs are worth" if groups is not None else ""
    return (
        "95 %: Wilson's score interval for rates (accuracy; per class: precision, recall, "
        f"false-positive and false-negative rate){worth}; for all else the percentiles of "
        f"{rounds} bootstrap rounds over {drawn}."
    )


def _notes(
    labels: Sequence[str], confusion: NDArray[np.int64], resampling: Resampling, grouped: bool
) -> tuple[str, ...]:
    notes = [
        f'No test clip is of class "{label}": its recall, F1 and AUC are undefined, '
        "and it is left out of the means over classes."
        for label, samples in zip(labels, confusion.sum(axis=1), strict=True)
        if samples == 0
    ]
    if not grouped:
        notes.append(
            "Speakers are unknown: clips of one speaker may be in training and test alike, and "
            "the intervals take clips as independent. On new speakers expect less."
        )
    elif resampling.units < 2:
        notes.append("All test clips are of one speaker: a bootstrap interval is undefined.")
    return tuple(notes)
