"""Figures of strange against normal windows, held against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from coincell.errors import DataError, InternalError
from coincell.evaluation import Estimate, evaluate_anomaly, wilson

_TIGHT = 1e-12


def _windows(seed: int, ties: bool) -> tuple[NDArray[np.bool_], NDArray[np.int32], list[str]]:
    """Labels, scores that overlap, and 20 recordings."""
    generator = np.random.default_rng(seed)
    strange = generator.random(400) < 0.3
    scores = generator.normal(strange * 1.5) * (3 if ties else 100000)
    return strange, scores.astype(np.int32), [f"r{i}" for i in generator.integers(0, 20, 400)]


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_areas_are_scikit_learns(seed: int, ties: bool) -> None:
    strange, scores, _ = _windows(seed, ties)
    found = evaluate_anomaly(strange, scores, 0, seed=1, rounds=10)
    assert found.auc.value == pytest.approx(roc_auc_score(strange, scores), abs=_TIGHT)
    partial = roc_auc_score(strange, scores, max_fpr=0.1)
    assert found.partial_auc.value == pytest.approx(partial, abs=_TIGHT)


def test_intervals_are_those_of_rounds_drawn_by_recording() -> None:
    strange, scores, recordings = _windows(3, ties=True)
    found = evaluate_anomaly(strange, scores, 0, seed=1, rounds=400, groups=recordings)
    generator = np.random.default_rng(7)
    names = np.array(recordings)
    drawn = []
    for _ in range(400):
        chosen = generator.choice(np.unique(names), 20)
        rows = np.concatenate([np.flatnonzero(names == name) for name in chosen])
        drawn.append(
            [roc_auc_score(strange[rows], scores[rows], max_fpr=most) for most in (None, 0.1)]
        )
    ends = np.quantile(drawn, [0.025, 0.975], axis=0)
    for place, estimate in enumerate((found.auc, found.partial_auc)):
        assert [estimate.low, estimate.high] == pytest.approx(ends[:, place].tolist(), abs=0.015)
    assert found.notes == ()


def test_rates_count_alarms_at_the_threshold() -> None:
    strange = np.array([True, True, True, False, False])
    scores = np.array([5, 7, 9, 7, 6], np.int32)
    found = evaluate_anomaly(strange, scores, 7, seed=1, rounds=10)
    assert found.detection_rate == wilson(2, 3)
    assert found.false_alarm_rate == wilson(1, 2)
    assert (found.normal, found.strange) == (2, 3)
    assert found.to_json()["detection_rate"]["value"] == pytest.approx(2 / 3)
    assert "Recordings are unknown" in found.notes[0]


def _holds(told: Estimate, rate: float) -> bool:
    assert told.low is not None
    assert told.high is not None
    return told.low <= rate <= told.high


def test_rates_hold_their_interval_on_new_machines_whose_windows_are_alike() -> None:
    generator = np.random.default_rng(4)
    machines, windows, rate = 25, 20, 0.2
    groups = [machine for machine in range(machines) for _ in range(windows)]
    held = apart = 0
    for _ in range(400):
        own = generator.beta(rate * 4, (1 - rate) * 4, machines)
        alarms = generator.random((machines, windows)) < own[:, np.newaxis]
        scores = alarms.reshape(-1).astype(np.int32)
        normal = np.zeros(len(scores), np.bool_)
        told = evaluate_anomaly(normal, scores, 1, seed=1, rounds=2, groups=groups)
        by_group, alone = told.false_alarm_rate, wilson(int(alarms.sum()), alarms.size)
        held += _holds(by_group, rate)
        apart += _holds(alone, rate)
    assert held > 0.92 * 400
    assert apart < 0.75 * 400, "what windows taken as independent would promise"


def test_a_rate_that_no_machine_shows_is_told_by_machines() -> None:
    scores, normal = np.zeros(60, np.int32), np.zeros(60, np.bool_)
    by_machine = evaluate_anomaly(normal, scores, 1, seed=1, rounds=2, groups=[0, 1, 2] * 20)
    assert by_machine.false_alarm_rate == wilson(0, 3)
    one = evaluate_anomaly(normal, scores, 1, seed=1, rounds=2, groups=[0] * 60)
    assert one.false_alarm_rate == Estimate(0.0)
    apart = evaluate_anomaly(normal, scores, 0, seed=1, rounds=2, groups=list(range(60)))
    assert apart.false_alarm_rate == wilson(60, 60)


def test_a_perfect_and_a_useless_score() -> None:
    strange = np.arange(40) % 2 == 1
    perfect = evaluate_anomaly(strange, strange.astype(np.int32), 1, seed=1, rounds=20)
    assert (perfect.auc.value, perfect.partial_auc.value) == (1.0, 1.0)
    useless = evaluate_anomaly(strange, np.zeros(40, np.int32), 1, seed=1, rounds=20)
    assert useless.auc.value == 0.5
    assert useless.partial_auc.value == pytest.approx(0.5)


def test_without_strange_windows_areas_are_unknown_and_false_alarms_are_known() -> None:
    found = evaluate_anomaly(np.zeros(10, bool), np.arange(10), 9, seed=1, rounds=20)
    assert found.auc.value is None
    assert found.partial_auc.to_json() == {"value": None, "ci95": None}
    assert found.detection_rate.value is None
    assert found.false_alarm_rate.value == 0.1
    assert found.notes[0] == "No test window is strange: areas are undefined."


def test_one_recording_has_no_interval() -> None:
    strange = np.arange(10) > 4
    found = evaluate_anomaly(strange, np.arange(10), 5, seed=1, rounds=20, groups=["a"] * 10)
    assert found.auc.low is None
    assert "one recording" in found.notes[0]


def test_what_cannot_be_judged_is_refused() -> None:
    with pytest.raises(DataError, match="no windows"):
        evaluate_anomaly(np.zeros(0, bool), np.zeros(0), 0, seed=1)
    with pytest.raises(InternalError, match="finite"):
        evaluate_anomaly(np.zeros(2, bool), np.array([0.0, np.nan]), 0, seed=1)
    with pytest.raises(InternalError, match="labels"):
        evaluate_anomaly(np.zeros(3, bool), np.zeros(2), 0, seed=1)
