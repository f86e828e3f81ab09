"""Wilson's interval against SciPy."""

import pytest
from scipy.stats import binomtest

from coincell.evaluation import Estimate, wilson


@pytest.mark.parametrize(
    ("successes", "trials"), [(0, 1), (1, 1), (0, 50), (50, 50), (3, 7), (90, 100), (1234, 2000)]
)
def test_wilson_is_scipys(successes: int, trials: int) -> None:
    expected = binomtest(successes, trials).proportion_ci(method="wilson")
    estimate = wilson(successes, trials)
    assert estimate.value == successes / trials
    assert estimate.low == pytest.approx(expected.low, abs=1e-9)
    assert estimate.high == pytest.approx(expected.high, abs=1e-9)


def test_the_rate_lies_within_its_interval() -> None:
    for trials in range(1, 60):
        for successes in range(trials + 1):
            estimate = wilson(successes, trials)
            assert estimate.value is not None
            assert estimate.low is not None
            assert estimate.high is not None
            assert 0.0 <= estimate.low <= estimate.value <= estimate.high <= 1.0


def test_no_trials_no_value() -> None:
    assert wilson(0, 0) == Estimate(None)
    assert wilson(0, 0).to_json() == {"value": None, "ci95": None}


def test_json_form() -> None:
    assert Estimate(0.5, 0.25, 0.75).to_json() == {"value": 0.5, "ci95": [0.25, 0.75]}
