"""Strategies as facts: counts and rates against Fairlearn, intervals against a plain bootstrap."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from fairlearn import metrics as fair
from sklearn import metrics as sk

from audit.judged import Judged, judged
from coincell.audit import RATES, STRATEGIES, Column, Scored, StrategySettings, strategies_of
from coincell.errors import DataError

SETTINGS = StrategySettings(ratio=2.0, tolerance=0.05, rounds=400)
METRICS = {
    "accuracy": sk.accuracy_score,
    "selection_rate": fair.selection_rate,
    "recall": fair.true_positive_rate,
    "fpr": fair.false_positive_rate,
    "precision": lambda truth, said: sk.precision_score(truth, said, zero_division=np.nan),
}


def _scored(clips: Judged, label: int = 0, column: int = 0) -> Scored:
    people = clips.people()
    return Scored(
        clips.truth == label, clips.scores[:, label], people.person, people.columns[column]
    )


@pytest.fixture(scope="module")
def scored() -> Scored:
    return _scored(judged(3, people=45))


@pytest.fixture(scope="module")
def facts(scored: Scored) -> dict[str, Any]:
    return strategies_of(scored, SETTINGS, seed=1)


def _told(scored: Scored, strategy: dict[str, Any]) -> np.ndarray[Any, Any]:
    """Who is told by the thresholds that the facts name."""
    of = {group["value"]: group["threshold"] for group in strategy["groups"]}
    thresholds = [np.inf if of[value] is None else of[value] for value in scored.column.values]
    return scored.scores >= np.array(thresholds)[scored.column.codes]


@pytest.mark.parametrize("name", STRATEGIES)
def test_rates_costs_and_differences(scored: Scored, facts: dict[str, Any], name: str) -> None:
    strategy = next(each for each in facts["strategies"] if each["strategy"] == name)
    said = _told(scored, strategy)
    groups = np.array(scored.column.values)[scored.column.codes]
    given = {"y_true": scored.positive, "y_pred": said, "sensitive_features": groups}
    frame = fair.MetricFrame(metrics=METRICS, **given)
    for group in strategy["groups"]:
        for metric in RATES:
            expected = frame.by_group.loc[group["value"], metric]
            value = group["figures"][metric]["value"]
            if np.isnan(expected):
                assert value is None
            else:
                assert value == pytest.approx(expected, abs=1e-9)
    odds = fair.equalized_odds_difference(**given)
    assert strategy["differences"]["equalized_odds"]["value"] == pytest.approx(odds, abs=1e-9)
    for metric in ("accuracy", "selection_rate", "recall", "fpr"):
        expected = frame.difference()[metric]
        assert strategy["differences"][metric]["value"] == pytest.approx(expected, abs=1e-9)
    false, missed = (said & ~scored.positive).sum(), (~said & scored.positive).sum()
    assert strategy["cost"]["value"] == pytest.approx(2.0 * false + missed)
    assert strategy["difference"] <= SETTINGS.tolerance


def test_intervals_are_of_people_drawn(scored: Scored, facts: dict[str, Any]) -> None:
    """Beside 2,000 draws of people, one after the other."""
    said = _told(scored, facts["strategies"][0])
    generator = np.random.default_rng(5)
    clips = [np.flatnonzero(scored.person == who) for who in np.unique(scored.person)]
    costs, recalls = [], []
    for _ in range(2000):
        drawn = np.concatenate([clips[at] for at in generator.integers(0, len(clips), len(clips))])
        real, told = scored.positive[drawn], said[drawn]
        costs.append(2.0 * (told & ~real).sum() + (~told & real).sum())
        own = scored.column.codes[drawn] == 0
        recalls.append((told & real)[own].sum() / real[own].sum())
    strategy = facts["strategies"][0]
    for found, plain in (
        (strategy["cost"], costs),
        (strategy["groups"][0]["figures"]["recall"], recalls),
    ):
        low, high = np.quantile(plain, [0.025, 0.975])
        width = high - low
        assert found["ci95"] == pytest.approx([low, high], abs=0.15 * width)


def _in_two_rooms(persons: int) -> Scored:
    """Half of the people with an example in each room, all alike to the last; others in one."""
    generator = np.random.default_rng(6)
    person = np.concatenate([np.arange(persons), np.arange(persons // 2)])
    codes = np.concatenate([np.arange(persons) % 2, 1 - np.arange(persons // 2) % 2])
    positive, scores = generator.random(persons) < 0.5, generator.random(persons)
    column = Column(("room",), ("attic", "hall"), codes)
    return Scored(positive[person], scores[person], person, column)


def test_people_in_several_groups_are_drawn_as_one() -> None:
    """What is drawn of the two rooms moves together, beside 4,000 draws one after the other."""
    scored = _in_two_rooms(60)
    facts = strategies_of(scored, replace(SETTINGS, rounds=2000), seed=1)
    strategy = facts["strategies"][0]
    said = _told(scored, strategy)
    wrong = np.where(said, ~scored.positive * 2.0, scored.positive * 1.0)
    each = np.bincount(scored.person, weights=wrong)
    generator = np.random.default_rng(1)
    drawn = each[generator.integers(0, 60, (4000, 60))].sum(axis=1)
    assert (facts["people"], strategy["groups"][0]["people"]) == (60, 45)
    assert strategy["cost"]["value"] == wrong.sum()
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert strategy["cost"]["ci95"] == pytest.approx([low, high], abs=0.06 * (high - low))


def test_examples_that_do_not_tell_and_small_groups_are_named() -> None:
    clips = judged(1, people=40)
    groups = tuple(
        row | {"accent": "" if row["speaker"] == "s0" else row["accent"]}
        | ({"accent": "rare"} if row["speaker"] == "s1" else {})
        for row in clips.groups
    )  # fmt: skip
    scored = _scored(Judged(clips.truth, clips.decisions, clips.scores, groups, clips.files))
    facts = strategies_of(scored, SETTINGS, seed=1)
    assert facts["examples"] == len(clips.truth) - 12
    assert any("12 examples do not tell their accent" in note for note in facts["notes"])
    assert any("'rare' have the one threshold" in note for note in facts["notes"])
    own = {group["value"]: group["own"] for group in facts["strategies"][1]["groups"]}
    assert own == {"a0": True, "a1": True, "a2": True, "rare": False}


def test_thresholds_chosen_here_and_judged_there(scored: Scored) -> None:
    other = _scored(judged(9, people=30, accents=4))
    facts = strategies_of(scored, SETTINGS, seed=1, judged=other)
    chosen = strategies_of(scored, SETTINGS, seed=1)
    values = np.array(other.column.values)[other.column.codes]
    known = np.isin(values, scored.column.values)
    assert facts["examples"] == known.sum() < len(values)
    for there, here in zip(facts["strategies"], chosen["strategies"], strict=True):
        assert [group["threshold"] for group in there["groups"]] == [
            group["threshold"] for group in here["groups"]
        ]
        group = there["groups"][0]
        own = values == group["value"]
        threshold = np.inf if group["threshold"] is None else group["threshold"]
        said = other.scores[own] >= threshold
        assert group["counts"]["tp"] == (said & other.positive[own]).sum()


def test_facts_are_json(facts: dict[str, Any]) -> None:
    assert json.loads(json.dumps(facts, allow_nan=False)) == facts


def test_what_is_refused(scored: Scored) -> None:
    for ratio in (0.0, -1.0, 1e-300, 1e300, float("inf"), float("nan")):
        with pytest.raises(DataError, match=r"1e-12 to 1e\+12, and so above 0; received"):
            StrategySettings(ratio=ratio)
    with pytest.raises(DataError, match="0 to 1; received 2"):
        StrategySettings(tolerance=2.0)
    nobody = replace(scored.column, values=("not told",), codes=scored.column.codes * 0)
    with pytest.raises(DataError, match="No example tells its accent"):
        strategies_of(replace(scored, column=nobody), SETTINGS, seed=1)
    others = replace(scored.column, values=tuple(f"new {each}" for each in scored.column.values))
    with pytest.raises(DataError, match="of accent no example is of a group"):
        strategies_of(scored, SETTINGS, seed=1, judged=replace(scored, column=others))
