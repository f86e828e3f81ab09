"""Decisions: a class, or none when no score is high enough."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincell.errors import DataError, InternalError
from coincell.evaluation._estimate import Estimate, wilson

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


def evaluate_decisions(truth: NDArray[np.int64], decisions: NDArray[np.integer]) -> DecisionMetrics:
    """Rates of decisions, int [n], -1 for none, against true classes, int [n].

    Raises:
        DataError: there are no clips.
    """
    if len(truth) != len(decisions):
        raise InternalError(f"lengths differ: {len(truth)} and {len(decisions)}")
    if len(truth) == 0:
        raise DataError("There are no clips to judge decisions on.")
    decided = int((decisions != NO_DECISION).sum())
    right = int((decisions == truth).sum())
    return DecisionMetrics(
        no_decision_rate=wilson(len(truth) - decided, len(truth)),
        decided_accuracy=wilson(right, decided),
        right_rate=wilson(right, len(truth)),
        wrong_rate=wilson(decided - right, len(truth)),
    )
