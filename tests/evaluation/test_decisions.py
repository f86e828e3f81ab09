"""Decisions with a threshold."""

import numpy as np
import pytest

from coincell.errors import DataError, InternalError
from coincell.evaluation import NO_DECISION, decide, evaluate_decisions, wilson


def test_a_score_that_reaches_the_threshold_decides() -> None:
    scores = np.array([[0.5, 0.3, 0.2], [0.49, 0.48, 0.03], [0.1, 0.1, 0.8], [0.5, 0.5, 0.0]])
    assert decide(scores, 0.5).tolist() == [0, NO_DECISION, 2, 0]
    assert decide(scores, 0.0).tolist() == [0, 0, 2, 0]


def test_rates() -> None:
    truth = np.array([0, 1, 2, 0, 1])
    metrics = evaluate_decisions(truth, np.array([0, -1, 1, 0, -1]))
    assert metrics.no_decision_rate == wilson(2, 5)
    assert metrics.decided_accuracy == wilson(2, 3)
    assert metrics.right_rate == wilson(2, 5)
    assert metrics.wrong_rate == wilson(1, 5)
    assert set(metrics.metrics()) == {
        "no_decision_rate",
        "decided_accuracy",
        "right_decision_rate",
        "wrong_decision_rate",
    }


def test_no_decision_at_all() -> None:
    metrics = evaluate_decisions(np.array([0, 1]), np.array([-1, -1]))
    assert metrics.no_decision_rate.value == 1.0
    assert metrics.decided_accuracy.value is None


def test_faults() -> None:
    with pytest.raises(DataError):
        evaluate_decisions(np.empty(0, np.int64), np.empty(0, np.int64))
    with pytest.raises(InternalError):
        evaluate_decisions(np.array([1]), np.array([1, 2]))
