"""Figures for a slider: intervals against the binomial's, areas against scikit-learn; a stop."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as sk

from coincell.audit import (
    Column,
    Scored,
    StrategySettings,
    slice_areas,
    slice_figures,
    strategies_of,
)
from coincell.audit.cheapest_cuts import no_step
from coincell.audit.said_counts import _draws, _places

COUNT = 3000


@pytest.fixture(scope="module")
def scored() -> Scored:
    """Each example of another person, in two groups."""
    generator = np.random.default_rng(2)
    positive = generator.random(COUNT) < 0.4
    scores = 1 / (1 + np.exp(-generator.normal(1.5 * positive - 0.7, 1.0)))
    codes = (np.arange(COUNT) % 3 == 0).astype(np.int64)
    column = Column(("hand",), ("left", "right"), codes)
    return Scored(positive, scores, np.arange(COUNT), column)


def test_intervals_of_lone_examples_are_the_binomials(scored: Scored) -> None:
    said = scored.scores >= 0.5
    rows = slice_figures(scored, said, 1000, 7)
    for at, row in enumerate(rows[:-1]):
        own = (scored.column.codes == at) & scored.positive
        hits, trials = int((said & own).sum()), int(own.sum())
        expected = stats.binomtest(hits, trials).proportion_ci(method="wilson")
        low, high = row["figures"]["recall"]["ci95"]
        assert row["figures"]["recall"]["value"] == pytest.approx(hits / trials)
        assert [low, high] == pytest.approx([expected.low, expected.high], abs=0.01)
        assert row["people"] == (scored.column.codes == at).sum()


def test_people_of_many_examples_widen_intervals(scored: Scored) -> None:
    """Ten examples alike of each person are worth one."""
    many = [np.repeat(values, 10) for values in (scored.positive, scored.scores, scored.person)]
    column = Column(("hand",), ("left", "right"), np.repeat(scored.column.codes, 10))
    copied = Scored(*many, column)
    lone = slice_figures(scored, scored.scores >= 0.5, 1000, 7)
    told = slice_figures(copied, copied.scores >= 0.5, 1000, 7)
    for one, other in zip(lone, told, strict=True):
        expected = one["figures"]["accuracy"]["ci95"]
        assert other["figures"]["accuracy"]["ci95"] == pytest.approx(expected, abs=0.012)


def test_areas_are_scikit_learns(scored: Scored) -> None:
    areas = slice_areas(scored, 100, 1)
    for at, value in enumerate(("left", "right")):
        own = scored.column.codes == at
        area = sk.roc_auc_score(scored.positive[own], scored.scores[own])
        assert areas[value]["value"] == pytest.approx(area)
        assert areas[value]["ci95"][0] < area < areas[value]["ci95"][1]
    assert areas[""]["value"] == pytest.approx(sk.roc_auc_score(scored.positive, scored.scores))


def test_places_are_numpys_inverse() -> None:
    rows = np.random.default_rng(3).integers(-1, 3, (400, 4)).astype(np.float64)
    _, inverse = np.unique(rows, axis=0, return_inverse=True)
    assert _places(rows).tolist() == inverse.reshape(-1).tolist()


def test_strategies_can_be_stopped(scored: Scored) -> None:
    told: list[tuple[int, int]] = []

    def stop(done: int, total: int, message: str = "") -> None:
        told.append((done, total))
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        strategies_of(scored, StrategySettings(rounds=100), seed=1, progress=stop)
    assert told == [(0, 7), (1, 7), (2, 7)]


def test_strategies_can_be_stopped_within_one_and_within_intervals(scored: Scored) -> None:
    calls: list[str] = []

    def noted(done: int, total: int, message: str = "") -> None:
        calls.append(message)

    strategies_of(scored, StrategySettings(rounds=100), seed=1, progress=noted)
    groups = len(scored.column.values)
    for phase in ("demographic parity", "equal accuracy", "equalized odds", "intervals"):
        within = sum(message.startswith(phase) for message in calls) - 1
        assert within >= groups, f"asked often while it looks for {phase}"


def test_rounds_drawn_in_lots_are_those_drawn_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    counts, rounds = np.array([4, 1, 9, 2]), 37
    monkeypatch.setattr("coincell.audit.said_counts._DRAWN_AT_ONCE", 20)
    lots = _draws(counts, rounds, 3, no_step)
    at_once = np.random.default_rng(3).multinomial(16, counts / 16, size=rounds)
    assert lots.tolist() == [counts.tolist(), *at_once.tolist()]
