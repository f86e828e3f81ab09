"""Two models on the same clips."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from coincell.errors import DataError, InternalError
from coincell.evaluation import compare, wilson_by_group
from coincell.evaluation._bootstrap import resample


def test_differences_are_those_of_a_plain_loop() -> None:
    generator = np.random.default_rng(0)
    truth = generator.integers(0, 3, 150)
    first = np.where(generator.random(150) < 0.8, truth, generator.integers(0, 3, 150))
    second = np.where(generator.random(150) < 0.9, first, generator.integers(0, 3, 150))
    groups = generator.integers(0, 20, 150).tolist()
    comparison = compare(truth, first, second, classes=3, seed=5, rounds=100, groups=groups)
    resampling = resample(150, groups, 100, np.random.default_rng(5))
    accuracies, f1s = [], []
    for draw in resampling.draws:
        weight = draw[resampling.unit]
        hits = (second == truth).astype(float) - (first == truth)
        accuracies.append(np.average(hits, weights=weight))
        f1s.append(
            f1_score(truth, second, sample_weight=weight, average="macro")
            - f1_score(truth, first, sample_weight=weight, average="macro")
        )
    for estimate, loop in (
        (comparison.accuracy_difference, accuracies),
        (comparison.f1_macro_difference, f1s),
    ):
        low, high = np.quantile(loop, [0.025, 0.975])
        assert estimate.low == pytest.approx(low, abs=1e-9)
        assert estimate.high == pytest.approx(high, abs=1e-9)
    assert comparison.accuracy_difference.value == pytest.approx(
        (second == truth).mean() - (first == truth).mean()
    )
    assert comparison.agreement.value == (first == second).mean()


def test_equal_models_differ_by_nothing() -> None:
    truth = np.array([0, 1, 1, 0])
    comparison = compare(truth, truth, truth, classes=2, seed=1, rounds=100)
    assert comparison.accuracy_difference.to_json() == {"value": 0.0, "ci95": [0.0, 0.0]}
    assert comparison.to_json()["only_first_right"] == 0
    assert comparison.agreement.value == 1.0


def test_who_was_right_alone_is_counted() -> None:
    truth = np.array([0, 0, 0, 0, 0])
    first = np.array([0, 0, 1, 1, 0])
    second = np.array([0, 1, 0, 1, 1])
    comparison = compare(truth, first, second, classes=2, seed=1, rounds=100)
    assert comparison.only_first_right == 2
    assert comparison.only_second_right == 1


def test_clips_of_one_speaker_are_not_as_many_to_agree_on() -> None:
    truth = np.zeros(200, np.int64)
    first, speakers = np.zeros(200, np.int64), np.repeat(np.arange(20), 10)
    second = np.where(speakers % 4 == 0, 1, 0)  # all clips of a speaker alike
    alone, shared = (
        compare(truth, first, second, classes=2, seed=1, rounds=50, groups=groups).agreement
        for groups in (None, speakers.tolist())
    )
    assert alone.value == shared.value == 0.75
    by_speaker = wilson_by_group(second[::10] == 0, list(range(20)))
    assert by_speaker.low is not None
    assert alone.low is not None
    assert shared.low == pytest.approx(by_speaker.low, abs=0.01)
    assert alone.low - by_speaker.low > 0.1


def test_faults() -> None:
    empty = np.empty(0, np.int64)
    with pytest.raises(DataError):
        compare(empty, empty, empty, classes=2, seed=1)
    with pytest.raises(InternalError):
        compare(np.array([0]), empty, np.array([0]), classes=2, seed=1)
