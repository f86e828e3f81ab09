"""The confusion matrix and the rates that follow from it.

Everything works on a stack of matrices [..., classes, classes], rows the truth, columns the
prediction: one matrix of the test split, or one of each round of the bootstrap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Rates:
    """Per class, each [..., classes]; NaN where the denominator is zero."""

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    f1: NDArray[np.float64]
    false_positive_rate: NDArray[np.float64]
    false_negative_rate: NDArray[np.float64]


@dataclass(frozen=True)
class Counts:
    """One against the rest, each [..., classes]."""

    true_positives: NDArray[np.float64]
    false_positives: NDArray[np.float64]
    false_negatives: NDArray[np.float64]
    true_negatives: NDArray[np.float64]


def one_hot_pairs(
    truth: NDArray[np.int64], predicted: NDArray[np.int64], classes: int
) -> NDArray[np.float64]:
    """Each clip's own confusion matrix, flat: [n] and [n] -> [n, classes * classes]."""
    pairs = np.zeros((len(truth), classes * classes))
    pairs[np.arange(len(truth)), truth * classes + predicted] = 1.0
    return pairs


def confusion_matrix(
    truth: NDArray[np.int64], predicted: NDArray[np.int64], classes: int
) -> NDArray[np.int64]:
    """Counts [classes, classes]: rows the truth, columns the prediction."""
    cells = np.bincount(truth * classes + predicted, minlength=classes * classes)
    return np.asarray(cells.reshape(classes, classes), np.int64)


def count(confusion: NDArray[np.float64]) -> Counts:
    """Each class against the rest."""
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    false_positives = confusion.sum(axis=-2) - hits
    false_negatives = confusion.sum(axis=-1) - hits
    total = confusion.sum(axis=(-2, -1))[..., None]
    return Counts(
        hits, false_positives, false_negatives, total - hits - false_positives - false_negatives
    )


def rates(confusion: NDArray[np.float64]) -> Rates:
    """Each class's rates; F1 is undefined for a class that is absent from the truth."""
    counts = count(confusion)
    hits, misses, wrong = counts.true_positives, counts.false_negatives, counts.false_positives
    f1 = _ratio(2 * hits, 2 * hits + wrong + misses)
    return Rates(
        precision=_ratio(hits, hits + wrong),
        recall=_ratio(hits, hits + misses),
        f1=np.where(hits + misses > 0, f1, np.nan),
        false_positive_rate=_ratio(wrong, wrong + counts.true_negatives),
        false_negative_rate=_ratio(misses, hits + misses),
    )


def macro(confusion: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Means over the classes present in the truth, each [...]; NaN when there are none.

    The precision of a present class that was never predicted counts as 0, as scikit-learn's.
    """
    values = rates(confusion)
    present = confusion.sum(axis=-1) > 0
    return {
        "precision_macro": _mean(np.nan_to_num(values.precision), present),
        "recall_macro": _mean(values.recall, present),
        "f1_macro": _mean(values.f1, present),
        "fpr_macro": _mean(values.false_positive_rate, present),
        "fnr_macro": _mean(values.false_negative_rate, present),
    }


def _mean(values: NDArray[np.float64], present: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Over the last axis, where `present`; what is NaN there too is left out."""
    known = present & ~np.isnan(values)
    return _ratio(np.where(known, values, 0.0).sum(axis=-1), known.sum(axis=-1))


def _ratio(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    ratio = np.full(part.shape, np.nan)
    np.divide(part, whole, out=ratio, where=whole > 0)
    return ratio
