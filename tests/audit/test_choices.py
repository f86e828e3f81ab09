"""Threshold strategies against every choice there is, a greedy rule, and Fairlearn's optimizer."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from fairlearn.postprocessing import ThresholdOptimizer
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from coincell.audit import (
    NEVER,
    STRATEGIES,
    Choice,
    GroupCurve,
    cheapest_cuts,
    choose,
    group_curves,
)
from coincell.audit.choices import EQUAL_IN
from coincell.audit.group_curves import Scored, curve_of
from coincell.audit.people import Column
from coincell.errors import DataError

PARITIES = [name for name in STRATEGIES if EQUAL_IN[name]]


def _scored(seed: int, sizes: tuple[int, ...], levels: int = 0, shift: float = 0.1) -> Scored:
    """Groups of `sizes`, whose scores tell more or less; with `levels` many are equal."""
    generator = np.random.default_rng(seed)
    codes = np.repeat(np.arange(len(sizes)), sizes)
    positive = generator.random(len(codes)) < 0.3 + 0.1 * (codes % 3)
    told = (0.25 - 0.05 * codes) * positive + shift * codes
    scores = np.clip(0.4 + told + generator.normal(0, 0.15, len(codes)), 0, 1)
    if levels:
        scores = np.round(scores * levels) / levels
    values = tuple(f"g{at}" for at in range(len(sizes)))
    return Scored(positive, scores, np.arange(len(codes)), Column(("group",), values, codes))


def _apart(curves: tuple[GroupCurve, ...], cuts: tuple[int, ...], strategy: str) -> float:
    found = [0.0]
    for metric in EQUAL_IN[strategy]:
        rates = [curve.rates()[metric][cut] for curve, cut in zip(curves, cuts, strict=True)]
        known = [rate for rate in rates if not np.isnan(rate)]
        found += [max(known) - min(known)] if known else []
    return max(found)


def _cheapest_of_all(
    curves: tuple[GroupCurve, ...], strategy: str, ratio: float, tolerance: float
) -> tuple[float, float]:
    """The least cost of all cuts within the tolerance, and the least difference of all."""
    every = list(product(*(range(len(curve.found)) for curve in curves)))
    apart = np.array([_apart(curves, cuts, strategy) for cuts in every])
    costs = np.array(
        [sum(curve.cost(ratio)[cut] for curve, cut in zip(curves, cuts, strict=True))
         for cuts in every]
    )  # fmt: skip
    within = apart <= max(tolerance, apart.min()) + 1e-12
    return float(costs[within].min()), float(apart.min())


@pytest.mark.parametrize("strategy", [name for name in STRATEGIES if name != "one"])
@pytest.mark.parametrize("seed", range(12))
def test_nothing_is_cheaper(strategy: str, seed: int) -> None:
    generator = np.random.default_rng(100 + seed)
    sizes = tuple(generator.integers(2, 11, 3).tolist())
    curves = group_curves(_scored(seed, sizes, levels=int(generator.integers(0, 2)) * 8))
    for ratio, tolerance in ((1.0, 0.0), (0.3, 0.1), (2.5, 0.25)):
        choice = choose(curves, strategy, ratio=ratio, tolerance=tolerance)
        cost, least = _cheapest_of_all(curves, strategy, ratio, tolerance)
        assert choice.cost == pytest.approx(cost, abs=1e-9)
        assert choice.difference <= max(tolerance, least) + 1e-12
        assert choice.reached == (least <= tolerance + 1e-12)
        assert choice.difference == pytest.approx(_apart(curves, tuple(choice.cuts), strategy))


@pytest.mark.parametrize(("tolerance", "seed"), [(0.1, 11), (0.2, 241), (0.3, 29), (0.3, 101)])
def test_windows_tried_one_by_one(
    tolerance: float, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cases, found by trying many, whose cheapest is not in the window of the lowest bound."""
    monkeypatch.setattr(cheapest_cuts, "_FEW", 1)
    monkeypatch.setattr(cheapest_cuts, "_PAIRS", 1)
    generator = np.random.default_rng(seed)
    column = Column(("group",), ("a", "b", "c"), np.arange(24) % 3)
    positive, scores = generator.random(24) < 0.5, generator.random(24)
    curves = group_curves(Scored(positive, scores, np.arange(24), column))
    choice = choose(curves, "equalized_odds", tolerance=tolerance)
    assert choice.cost == _cheapest_of_all(curves, "equalized_odds", 1.0, tolerance)[0]


@pytest.mark.parametrize("seed", range(5))
def test_one_threshold_is_the_best_of_all_scores(seed: int) -> None:
    scored = _scored(seed, (30, 20, 7))
    choice = choose(group_curves(scored), "one", ratio=1.5)
    costs = []
    for threshold in (*scored.scores, 2.0):
        told = scored.scores >= threshold
        false = int((told & ~scored.positive).sum())
        costs.append(1.5 * false + int((~told & scored.positive).sum()))
    assert choice.cost == min(costs)
    assert len(set(choice.thresholds)) == 1


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_thresholds_do_what_their_cuts_say(strategy: str) -> None:
    scored = _scored(3, (40, 31, 22), levels=20)
    choice = choose(group_curves(scored), strategy, ratio=2.0)
    told = scored.scores >= choice.thresholds[scored.column.codes]
    cost = 2.0 * (told & ~scored.positive).sum() + (~told & scored.positive).sum()
    assert choice.cost == pytest.approx(cost)


def _greedy(scored: Scored, metric: str, ratio: float) -> tuple[float, float]:
    """The What-If Tool's rule, as its page has it: 101 thresholds; to each of the first slice the
    other slice takes the one whose rate is closest. Its cost, and how far apart the slices are."""
    thresholds = np.arange(101) / 100
    curves = group_curves(scored)
    cuts = [curve.cuts_of(thresholds) for curve in curves]
    rates = [curve.rates()[metric][own] for curve, own in zip(curves, cuts, strict=True)]
    costs = [curve.cost(ratio)[own] for curve, own in zip(curves, cuts, strict=True)]
    nearest = np.abs(rates[0][:, None] - rates[1]).argmin(axis=1)
    total = costs[0] + costs[1][nearest]
    best = int(total.argmin())
    return float(total[best]), float(abs(rates[0][best] - rates[1][nearest[best]]))


@pytest.mark.parametrize("strategy", ["demographic_parity", "equal_opportunity", "equal_accuracy"])
@pytest.mark.parametrize("seed", range(4))
def test_never_dearer_than_the_greedy_rule(strategy: str, seed: int) -> None:
    scored = _scored(seed, (400, 150), shift=0.15)
    curves = group_curves(scored)
    for ratio in (0.5, 1.0, 4.0):
        cost, apart = _greedy(scored, EQUAL_IN[strategy][0], ratio)
        assert choose(curves, strategy, ratio=ratio, tolerance=apart).cost <= cost + 1e-9


class _Given(BaseEstimator):  # type: ignore[misc]
    """Its only feature is the score."""

    def fit(self, _rows: object, _truth: object) -> _Given:
        self.fitted_ = True
        return self

    def predict(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        return rows[:, 0]


@pytest.mark.parametrize(
    ("strategy", "constraint"),
    [
        ("demographic_parity", "demographic_parity"),
        ("equal_opportunity", "true_positive_rate_parity"),
        ("equalized_odds", "equalized_odds"),
    ],
)
def test_beside_fairlearns_randomized_thresholds(strategy: str, constraint: str) -> None:
    """Fairlearn makes rates equal in the mean by randomizing: no fixed thresholds that are as
    equal are cheaper, and within a tolerance they come close."""
    scored = _scored(8, (6000, 3000), shift=0.02)
    rows, groups = scored.scores[:, None], scored.column.codes
    optimizer = ThresholdOptimizer(
        estimator=_Given(), constraints=constraint, objective="accuracy_score", grid_size=3000,
        prefit=False, predict_method="predict",
    )  # fmt: skip
    optimizer.fit(rows, scored.positive.astype(int), sensitive_features=groups)
    likely = optimizer._pmf_predict(rows, sensitive_features=groups)[:, 1]
    errors = float(np.where(scored.positive, 1 - likely, likely).sum())
    curves = group_curves(scored)
    strict, loose = (choose(curves, strategy, tolerance=each) for each in (0.0005, 0.02))
    slack = 2 * 0.0005 * len(groups)
    assert strict.cost >= errors - slack
    assert loose.cost <= errors * 1.01
    assert loose.cost <= strict.cost


def test_curves_count_what_a_threshold_tells() -> None:
    scored = _scored(5, (60, 40), levels=12)
    for at, curve in enumerate(group_curves(scored)):
        own = scored.column.codes == at
        told = scored.scores[own][:, None] >= curve.thresholds
        assert (curve.found == (told & scored.positive[own][:, None]).sum(axis=0)).all()
        assert (curve.false == (told & ~scored.positive[own][:, None]).sum(axis=0)).all()
        assert (curve.cuts_of(curve.thresholds) == np.arange(len(curve.thresholds))).all()
        assert curve.thresholds[0] == NEVER
        assert curve.thresholds[-1] <= 0


def test_a_threshold_parts_neighbours_that_nothing_lies_between() -> None:
    low = 0.3
    high = np.nextafter(low, 1)
    curve = curve_of(np.array([True, False]), np.array([high, low]))
    assert curve.thresholds[1] == high
    assert (curve.cuts_of(np.array([low, high, NEVER])) == [2, 1, 0]).all()


def test_small_groups_take_the_one_threshold() -> None:
    curves = group_curves(_scored(2, (50, 40, 4)))
    own = np.array([True, True, False])
    one = choose(curves, "one")
    for strategy in STRATEGIES[1:]:
        choice = choose(curves, strategy, own=own, tolerance=0.05)
        assert choice.thresholds[2] == one.thresholds[2]
        alone: Choice = choose(curves[:2], strategy, tolerance=0.05)
        assert (choice.cuts[:2] == alone.cuts).all()


@pytest.mark.parametrize("strategy", PARITIES)
def test_a_group_without_the_rate_binds_nobody(strategy: str) -> None:
    scored = _scored(4, (40, 30, 20))
    positive = np.where(scored.column.codes == 2, False, scored.positive)
    curves = group_curves(Scored(positive, scored.scores, scored.person, scored.column))
    choice = choose(curves, strategy, tolerance=0.05)
    assert choice.reached
    if strategy == "equal_opportunity":
        assert choice.cuts[2] == curves[2].cost(1.0).argmin()


def test_all_of_one_kind_and_one_score() -> None:
    column = Column(("group",), ("a", "b"), np.array([0, 0, 1, 1]))
    for positive in (np.ones(4, bool), np.zeros(4, bool)):
        curves = group_curves(Scored(positive, np.full(4, 0.5), np.arange(4), column))
        for strategy in STRATEGIES:
            assert choose(curves, strategy).cost == 0


def test_scores_that_are_no_numbers_are_refused() -> None:
    column = Column(("group",), ("a",), np.zeros(2, np.int64))
    with pytest.raises(DataError, match="1 of 2"):
        Scored(np.array([True, False]), np.array([0.1, np.nan]), np.arange(2), column)
