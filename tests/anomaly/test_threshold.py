"""The threshold keeps its promise on windows that were not there when it was chosen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincell.anomaly import threshold_for
from coincell.errors import ConfigurationError, DataError


def test_the_order_statistic() -> None:
    scores = np.arange(100, 199, dtype=np.int32)  # 99 of them
    assert threshold_for(scores, 0.01) == 199, "the 99th: above all"
    assert threshold_for(scores, 0.1) == 190, "the 90th, and above it"
    assert threshold_for(scores[::-1], 0.1) == 190


@given(
    scores=st.lists(st.integers(-1000, 1000), min_size=20, max_size=200),
    rate=st.floats(0.05, 0.95),
)
def test_left_out_in_turn_windows_alarm_no_more_often_than_wished(
    scores: list[int], rate: float
) -> None:
    """Exchangeability by enumeration: each of n + 1 windows in turn is the new one."""
    everything = np.array(scores, np.int32)
    alarms = sum(
        everything[place] >= threshold_for(np.delete(everything, place), rate)
        for place in range(len(everything))
        if len(everything) - 1 >= 1 / rate - 1
    )
    assert alarms <= rate * len(everything) + 1e-6


def test_too_few_windows_are_told_how_many() -> None:
    with pytest.raises(DataError, match="at least 99 held-out normal windows"):
        threshold_for(np.arange(98, dtype=np.int32), 0.01)


@pytest.mark.parametrize("rate", [0.0, 1.0, -0.1, float("nan")])
def test_a_rate_that_is_none(rate: float) -> None:
    with pytest.raises(ConfigurationError, match="between 0 and 1"):
        threshold_for(np.arange(9, dtype=np.int32), rate)
