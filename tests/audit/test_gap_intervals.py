"""Intervals of gaps: what they cover where the truth is known, and that they hold their figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from audit.judged import LABELS, SOUND, judged
from coincell.audit import audit_people
from coincell.audit.counts import draw_people
from coincell.audit.gap_intervals import pairs_of, symmetric_estimate
from coincell.project import AuditSettings

RUNS, ROUNDS, CLIPS = 150, 200, 10


def _drawn(
    generator: np.random.Generator, rates: Sequence[float], people: Sequence[int], seed: int
) -> NDArray[np.float64]:
    """Shares of right clips by group and round, [groups, 1 + rounds, 1]: people are right more or
    less often, by a beta distribution about their group's rate."""
    group = np.repeat(np.arange(len(rates)), people)
    mean = np.array(rates)[group]
    right = generator.binomial(CLIPS, generator.beta(10 * mean, 10 * (1 - mean))).astype(float)
    draws = draw_people(len(group), ROUNDS, seed)
    found = []
    for at in range(len(rates)):
        own = draws[:, group == at]
        drawn = own.sum(axis=1)
        found.append(np.where(drawn > 0, own @ right[group == at], np.nan) / np.maximum(drawn, 1))
    return np.stack(found)[:, :, None] / CLIPS


@pytest.mark.parametrize(
    ("rates", "people"),
    [
        ((0.9, 0.9), (20, 20)),
        ((0.9,) * 6, (12,) * 6),
        ((0.95, 0.8), (15, 15)),
        ((0.95, 0.9, 0.8), (30, 20, 10)),
        ((0.95, 0.9, 0.8, 0.6), (8, 8, 8, 8)),
    ],
)
def test_how_often_the_true_gap_is_held(rates: Sequence[float], people: Sequence[int]) -> None:
    """Of 150 audits; 95 % are meant. Plain percentiles of the largest gap: hardly any where groups
    are equal, since no round finds them equal."""
    generator = np.random.default_rng(7)
    true, held, plain, from_zero = max(rates) - min(rates), 0, 0, 0
    usable = np.ones((len(rates), 1), bool)
    for run in range(RUNS):
        figures = _drawn(generator, rates, people, run)
        pairs = pairs_of(figures, usable, np.array(people)[:, None], ["accuracy"])
        ends = pairs.interval([0])
        assert ends is not None
        gap = float(np.ptp(figures[:, 0, 0]))
        assert ends[0] <= gap <= ends[1]
        held += ends[0] <= true <= ends[1]
        from_zero += ends[0] == 0
        rounds = np.nanmax(figures[:, 1:, 0], axis=0) - np.nanmin(figures[:, 1:, 0], axis=0)
        low, high = np.quantile(rounds, [0.025, 0.975])
        plain += low <= true <= high
    assert held >= 0.9 * RUNS
    if true == 0:
        assert from_zero >= 0.9 * RUNS
        assert plain < 0.1 * RUNS


def test_a_large_gap_is_told_from_none() -> None:
    figures = _drawn(np.random.default_rng(3), (0.95, 0.5), (40, 40), 1)
    pairs = pairs_of(figures, np.ones((2, 1), bool), np.full((2, 1), 40), ["accuracy"])
    ends = pairs.interval([0])
    assert ends is not None
    low, high = ends
    assert 0.2 < low < 0.45 < high < 0.7


def test_several_figures_widen_the_interval_of_the_largest() -> None:
    generator = np.random.default_rng(4)
    figures = np.concatenate(
        [_drawn(generator, (0.9,) * 3, (20,) * 3, 1) for _ in range(6)], axis=2
    )
    pairs = pairs_of(figures, np.ones((3, 6), bool), np.full((3, 6), 20), ["recall"] * 6)
    alone = [pairs.interval([at]) for at in range(6)]
    together = pairs.interval(range(6))
    assert together is not None
    assert together[1] > 1.05 * max(ends[1] for ends in alone if ends)


def test_groups_that_may_not_be_compared_have_no_gap() -> None:
    figures = _drawn(np.random.default_rng(5), (0.9, 0.5), (20, 3), 1)
    usable = np.array([[True], [False]])
    assert pairs_of(figures, usable, np.array([[20], [3]]), ["accuracy"]).interval([0]) is None


def test_all_right_is_not_certain() -> None:
    """Rounds that are all alike know no spread; the interval is one all the same."""
    figures = np.ones((2, 101, 1))
    ends = pairs_of(figures, np.ones((2, 1), bool), np.full((2, 1), 8), ["accuracy"]).interval([0])
    assert ends is not None
    assert ends[0] == 0
    # 9 of 10 right, and 8 people: 1.96 standard errors of two such groups
    assert ends[1] == pytest.approx(1.96 * np.sqrt(2 * 0.09 / 8 * 8 / 7), rel=0.001)


def _intervals(facts: dict[str, Any]) -> list[dict[str, Any]]:
    gaps = [
        each["difference"]
        for column in facts["columns"]
        for place in column["criteria"].values()
        for each in place
    ]
    return gaps + [each["added"] for each in facts["widening"]]


@pytest.mark.parametrize("seed", range(4))
def test_an_audits_gaps_lie_in_their_intervals(seed: int) -> None:
    """Small groups that are equal: percentiles left their own figure out."""
    clips = judged(seed, people=24, each=4)
    settings = AuditSettings(rounds=200, smallest_group=2)
    hurt = np.random.default_rng(seed).random(len(clips.decisions)) < 0.1
    places = [clips.place("float"), clips.place("int8", np.where(hurt, -1, clips.decisions))]
    facts = audit_people(clips.people(settings), places, settings, SOUND, seed=1, labels=LABELS)
    found = _intervals(facts)
    assert len(found) > 20
    for each in found:
        low, high = each["ci95"]
        assert low - 1e-12 <= each["value"] <= high + 1e-12


def test_a_symmetric_interval_goes_as_far_as_the_rounds_move() -> None:
    rounds = np.concatenate([[1.0], 1.0 + np.linspace(-2, 2, 401), [np.nan]])
    told = symmetric_estimate(rounds)
    assert told.low is not None
    assert told.high is not None
    assert (told.low, told.high) == pytest.approx((1 - 1.9, 1 + 1.9), abs=0.01)
    assert symmetric_estimate(np.array([np.nan, 1.0])).value is None
    assert symmetric_estimate(np.array([1.0, np.nan])).low is None
