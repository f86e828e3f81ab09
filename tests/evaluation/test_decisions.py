"""Decisions with a threshold."""

import numpy as np
import pytest

from coincell.errors import DataError, InternalError
from coincell.evaluation import NO_DECISION, decide, evaluate_decisions, wilson, wilson_by_group


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


def test_clips_of_one_speaker_are_worth_less_than_as_many_speakers() -> None:
    """Each speaker is right throughout, or wrong or undecided throughout."""
    truth = np.ones(40, np.int64)
    decisions = np.repeat([1, 1, 0, -1], 10)
    speakers = [str(at // 10) for at in range(40)]
    apart = evaluate_decisions(truth, decisions).metrics()
    together = evaluate_decisions(truth, decisions, speakers).metrics()
    for name, alone in apart.items():
        found = together[name]
        assert found.value == alone.value
        assert found.low < alone.low < alone.high < found.high, name
    right = decisions == truth
    assert together["right_decision_rate"] == wilson_by_group(right, speakers)
    assert together["decided_accuracy"] == wilson_by_group(right[:30], speakers[:30])


def test_no_decision_at_all() -> None:
    metrics = evaluate_decisions(np.array([0, 1]), np.array([-1, -1]))
    assert metrics.no_decision_rate.value == 1.0
    assert metrics.decided_accuracy.value is None


def test_faults() -> None:
    with pytest.raises(DataError):
        evaluate_decisions(np.empty(0, np.int64), np.empty(0, np.int64))
    with pytest.raises(InternalError):
        evaluate_decisions(np.array([1]), np.array([1, 2]))
