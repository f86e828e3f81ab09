"""Decisions: a class, or none when no score is high enough."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincell.errors import DataError, InternalError
from coincell.evaluation._estimate import Estimate, wilson_by_group

NO_DECISION = -1


@dataclass(frozen=True)
class DecisionMetrics:
    """What a user of the device meets.

    no_decision_rate: share of clips without a decision. decided_accuracy: share of right ones
    among the decisions (no value without any). right_rate: right decisions among all clips;
    wrong_rate: wrong decisions among all clips. The three rates sum to 1.
    """

    no_decision_rate: Estimate
    decided_accuracy: Estimate
    right_rate: Estimate
    wrong_rate: Estimate

    def metrics(self) -> dict[str, Estimate]:
        """By the names that report.json has them under."""
        return {
            "no_decision_rate": self.no_decision_rate,
            "decided_accuracy": self.decided_accuracy,
            "right_decision_rate": self.right_rate,
            "wrong_decision_rate": self.wrong_rate,
        }


def decide(scores: NDArray[np.floating], threshold: float) -> NDArray[np.int64]:
    """The class of the highest score, [n, classes] -> int [n]; -1 where it is below `threshold`."""
    return np.where(scores.max(axis=1) >= threshold, scores.argmax(axis=1), NO_DECISION)


def evaluate_decisions(
    truth: NDArray[np.int64],
    decisions: NDArray[np.integer],
    groups: Sequence[Hashable] | None = None,
) -> DecisionMetrics:
    """Rates of decisions, int [n], -1 for none, against true classes, int [n].

    Args:
        truth: the classes.
        decisions: what was decided.
        groups: whose each clip is, [n]; None: clips are independent.

    Raises:
        DataError: there are no clips.
    """
    if len(truth) != len(decisions):
        raise InternalError(f"lengths differ: {len(truth)} and {len(decisions)}")
    if len(truth) == 0:
        raise DataError("There are no clips to judge decisions on.")
    decided = decisions != NO_DECISION
    right = decisions == truth
    own = None if groups is None else [groups[at] for at in np.flatnonzero(decided).tolist()]
    return DecisionMetrics(
        no_decision_rate=wilson_by_group(~decided, groups),
        decided_accuracy=wilson_by_group(right[decided], own),
        right_rate=wilson_by_group(right, groups),
        wrong_rate=wilson_by_group(decided & ~right, groups),
    )
