"""Two models on the same clips: their difference, with intervals that use the pairing."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.errors import DataError, InternalError
from coincell.evaluation import _confusion
from coincell.evaluation._bootstrap import resample
from coincell.evaluation._estimate import Estimate, wilson_by_group


@dataclass(frozen=True)
class Comparison:
    """The second model against the first, differences second - first.

    agreement: share of clips on which both say the same class, with an interval of as many as the
    groups are worth. only_first_right, only_second_right: clips that decide between the two.
    """

    accuracy_difference: Estimate
    f1_macro_difference: Estimate
    agreement: Estimate
    only_first_right: int
    only_second_right: int

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "accuracy_difference": self.accuracy_difference.to_json(),
            "f1_macro_difference": self.f1_macro_difference.to_json(),
            "agreement": self.agreement.to_json(),
            "only_first_right": self.only_first_right,
            "only_second_right": self.only_second_right,
        }


def mean_difference(
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    *,
    seed: int,
    rounds: int = 1000,
    groups: Sequence[Hashable] | None = None,
) -> Estimate:
    """How far two models' mean losses are apart, second - first, with the interval of a bootstrap
    that draws the same samples for both.

    Args:
        first, second: [n], what each loses on each sample.
        seed: of the bootstrap.
        rounds: of it.
        groups: whose each sample is, [n]; None: each stands alone.
    """
    resampling = resample(len(first), groups, rounds, np.random.default_rng(seed))
    ones = np.ones(len(first))

    def mean(totals: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        return {"mean": totals[:, 0] / totals[:, 1]}

    before, after = (np.column_stack([losses, ones]) for losses in (first, second))
    return resampling.differences(mean, before, after)["mean"]


def compare(
    truth: NDArray[np.int64],
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    *,
    classes: int,
    seed: int,
    rounds: int = 1000,
    groups: Sequence[Hashable] | None = None,
) -> Comparison:
    """Compare predictions int [n] of two models (float and int8, say) with the truth, int [n].

    Raises:
        DataError: there are no clips.
    """
    if not len(truth) == len(first) == len(second):
        raise InternalError(f"lengths differ: {len(truth)}, {len(first)}, {len(second)}")
    if len(truth) == 0:
        raise DataError("There are no clips to compare two models on.")
    resampling = resample(len(truth), groups, rounds, np.random.default_rng(seed))

    def accuracy_and_f1(totals: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Sums of pairs [m, classes * classes] -> [m] each."""
        confusion = totals.reshape(-1, classes, classes)
        hits = np.trace(confusion, axis1=-2, axis2=-1)
        f1 = _confusion.macro(confusion)["f1_macro"]
        return {"accuracy": hits / totals.sum(axis=1), "f1_macro": f1}

    pairs = (_confusion.one_hot_pairs(truth, said, classes) for said in (first, second))
    differences = resampling.differences(accuracy_and_f1, *pairs)
    right_first, right_second = first == truth, second == truth
    return Comparison(
        accuracy_difference=differences["accuracy"],
        f1_macro_difference=differences["f1_macro"],
        agreement=wilson_by_group(first == second, groups),
        only_first_right=int((right_first & ~right_second).sum()),
        only_second_right=int((right_second & ~right_first).sum()),
    )
