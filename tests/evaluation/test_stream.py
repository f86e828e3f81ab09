"""Events against intervals: matching, rates with exact intervals, and the operating point."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from coincell.errors import DataError
from coincell.evaluation import (
    Interval,
    Match,
    OperatingPoint,
    Told,
    choose_operating_point,
    match_alarms,
    match_events,
    poisson_rate,
    stream_metrics,
    wilson,
    wilson_by_group,
)


def test_events_meet_intervals_of_their_label() -> None:
    intervals = [Interval(10, 11, "yes"), Interval(20, 21, "no"), Interval(30, 31, "yes")]
    told = [
        Told(9.9, "yes"),  # too early: a false alarm
        Told(10.5, "yes"),
        Told(11.2, "yes"),  # told again
        Told(20.5, "yes"),  # another label's: a false alarm
        Told(31.6, "yes"),  # too late
    ]
    match = match_events(told, intervals, 60.0, tolerance_s=0.5)
    assert match == Match((0.5, None, None), 5, 1, 3, 60.0)
    late = match_events(told, intervals, 60.0, tolerance_s=1.0)
    assert late.delays == (0.5, None, pytest.approx(1.6))


def test_two_intervals_close_together_are_met_one_after_the_other() -> None:
    intervals = [Interval(0, 1, "yes"), Interval(1, 2, "yes")]
    match = match_events([Told(1.5, "yes"), Told(1.8, "yes")], intervals, 3.0, 1.0)
    assert match.delays == (1.5, pytest.approx(0.8))
    assert (match.repeated, match.false_alarms) == (0, 0)


@pytest.mark.parametrize("interval", [Interval(2, 1, "a"), Interval(0, 99, "a")])
def test_intervals_that_cannot_be_are_refused(interval: Interval) -> None:
    with pytest.raises(DataError, match="within its stream"):
        match_events([], [interval], 10.0, 0.5)


def test_what_one_recording_misses_is_missed_together() -> None:
    """Three recordings, of which one misses all of its events and the others none."""
    rows = [((None,) * 6, "a"), ((0.5,) * 6, "b"), ((0.5,) * 6, "c")]
    matches = [Match(delays, 6, 0, 0, 60.0, (name,) * 6) for delays, name in rows]
    missed = np.repeat([True, False, False], 6)
    found = stream_metrics(matches).miss_rate
    assert found == wilson_by_group(missed, np.repeat(["a", "b", "c"], 6).tolist())
    apart = stream_metrics([Match(delays, 6, 0, 0, 60.0) for delays, _ in rows]).miss_rate
    assert apart == wilson(6, 18)
    assert found.high - found.low > apart.high - apart.low
    nothing_there = Match((), 0, 0, 0, 60.0)
    assert stream_metrics([*matches, nothing_there]).miss_rate == found


@pytest.mark.parametrize("count", [0, 1, 3, 20, 400])
def test_the_interval_of_a_rate_is_garwoods(count: int) -> None:
    found = poisson_rate(count, 2.0)
    low = stats.chi2.ppf(0.025, 2 * count) / 2 if count else 0.0
    high = stats.chi2.ppf(0.975, 2 * count + 2) / 2
    assert found.value == count / 2
    assert (found.low, found.high) == pytest.approx((low / 2, high / 2), rel=1e-6)
    assert poisson_rate(3, 0.0).value is None


def test_figures_over_streams() -> None:
    delays = tuple(float(d) for d in np.linspace(0.1, 1.0, 50))
    metrics = stream_metrics([Match((*delays, None), 60, 4, 6, 1800.0), Match((), 0, 0, 0, 1800.0)])
    assert (metrics.intervals, metrics.missed, metrics.false_alarms) == (51, 1, 6)
    assert metrics.false_alarms_an_hour.value == 6.0
    assert metrics.miss_rate.value == pytest.approx(1 / 51)
    assert metrics.delay_s.value == pytest.approx(0.55)
    assert metrics.delay_s.low is not None
    assert metrics.delay_s.high is not None
    assert 0.35 < metrics.delay_s.low < 0.55 < metrics.delay_s.high < 0.75
    assert metrics.late_s is not None
    assert 0.93 < metrics.late_s < 1.0
    nothing = stream_metrics([Match((), 0, 0, 0, 3600.0)])
    assert nothing.delay_s.value is None
    assert nothing.late_s is None


def test_the_operating_point_is_the_lowest_that_stays_within_the_wish() -> None:
    def point(threshold: float, alarms: int) -> OperatingPoint:
        return OperatingPoint(threshold, stream_metrics([Match((), alarms, 0, alarms, 3600.0)]))

    points = [point(0.1, 9), point(0.2, 1), point(0.3, 4), point(0.4, 2), point(0.5, 0)]
    assert choose_operating_point(points, 2.0) == points[3], "0.2 is luck: 0.3 has more"
    assert choose_operating_point(points, 0.0) == points[4]
    assert choose_operating_point(points[:4], 1.0) is None
    assert choose_operating_point([], 1.0) is None


def strange(*spans: tuple[float, float]) -> list[Interval]:
    return [Interval(begin, end, "anomaly") for begin, end in spans]


EVENTS = strange((100, 110), (200, 210))


@pytest.mark.parametrize(
    ("alarms", "delays", "repeated", "false"),
    [
        ([], (None, None), 0, 0),
        ([(102, 106), (205, 211)], (2, 5), 0, 0),
        ([(0, 300)], (0, 0), 0, 3),  # always on: nothing missed, and false wherever nothing is
        ([(112, 114), (50, 60)][::-1], (12, None), 0, 1),  # within the tolerance, and elsewhere
        ([(102, 104), (106, 108)], (2, None), 1, 0),
        ([(105, 117)], (5, None), 0, 0),  # it lingers, no longer than twice the tolerance
        ([(105, 150)], (5, None), 0, 1),
        ([(90, 104)], (0, None), 0, 1),  # too early is false, and notices all the same
        ([(105, 205)], (5, 0), 0, 1),
        ([(20, 21), (30, 31), (250, 251)], (None, None), 0, 3),
    ],
)
def test_an_alarm_that_is_on_notices(
    alarms: list[tuple[float, float]],
    delays: tuple[float | None, ...],
    repeated: int,
    false: int,
) -> None:
    match = match_alarms(strange(*alarms), EVENTS, 300.0, 5.0)
    assert (match.delays, match.repeated, match.false_alarms) == (delays, repeated, false)
    assert match.told == len(alarms)


def test_raising_the_threshold_never_notices_more() -> None:
    """What low thresholds tell is on for longer: misses rise with the threshold."""
    generator = np.random.default_rng(4)
    level = generator.normal(0, 1, 3000).cumsum() % 7
    missed = []
    for threshold in np.linspace(0, 7.1, 40):
        on = np.concatenate([[0], level >= threshold, [0]]).astype(int)
        edges = np.flatnonzero(np.diff(on)).reshape(-1, 2) / 10
        found = match_alarms(strange(*edges.tolist()), EVENTS, 300.0, 5.0)
        missed.append(sum(delay is None for delay in found.delays))
    assert missed[0] == 0
    assert missed[-1] == 2
    assert missed == sorted(missed)
