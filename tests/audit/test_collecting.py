"""Collecting advice: the advised number of people gives the wished width; SciPy is the oracle."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from audit.judged import LABELS, SOUND, judged
from coincell.audit import (
    ClassMeasure,
    Place,
    audit_people,
    collecting_note,
    judges_advice,
    people_needed,
    people_of,
    training_advice,
)
from coincell.project import AuditSettings

WISHED = 0.1


def audited(truth: np.ndarray, decisions: np.ndarray, groups: list[dict[str, str]]) -> Any:
    settings = AuditSettings(rounds=300)
    files = [f"{at}.wav" for at in range(len(groups))]
    people = people_of(groups, files, settings, split_by="speaker", truth=truth)
    place = Place("int8", ClassMeasure(LABELS, truth, decisions))
    return audit_people(people, [place], settings, SOUND, seed=1)


def binomial(people: int, rate: float, seed: int, each: int = 10) -> Any:
    """Two groups of `people`, each person right in Binomial(each, rate) of their clips."""
    generator = np.random.default_rng(seed)
    who = np.repeat(np.arange(2 * people), each)
    truth = generator.integers(0, 3, len(who))
    decisions = np.where(generator.random(len(who)) < rate, truth, (truth + 1) % 3)
    groups = [{"speaker": f"s{one}", "gender": "fm"[one % 2]} for one in who.tolist()]
    return audited(truth, decisions, groups)


def widths(audit: Any) -> list[float]:
    ends = [
        group["places"]["int8"]["figures"]["accuracy"]["ci95"]
        for group in audit["columns"][0]["groups"]
    ]
    return [high - low for low, high in ends]


@pytest.mark.parametrize(("people", "rate", "each"), [(6, 0.8, 10), (12, 0.9, 4), (25, 0.7, 3)])
def test_the_advised_number_of_people_gives_the_wished_width(
    people: int, rate: float, each: int
) -> None:
    """Over drawn groups: what is advised is what theory needs, and a group of it is as wished."""
    needed = [
        figure["people_needed"]
        for seed in range(40)
        for group in judges_advice(binomial(people, rate, seed, each), WISHED)
        for figure in group["figures"]
        if figure["metric"] == "accuracy"
    ]
    z = stats.norm.ppf(0.975)
    theory = (2 * z / WISHED) ** 2 * stats.binom(each, rate).var() / each**2
    assert np.mean(needed) == pytest.approx(theory, rel=0.15)
    then = [
        width
        for seed in range(10)
        for width in widths(binomial(round(float(np.mean(needed))), rate, 100 + seed, each))
    ]
    assert np.mean(then) == pytest.approx(WISHED, rel=0.12)


def test_numbers_by_hand() -> None:
    """10 x (0.2 / 0.1)^2 = 40, of which the bootstrap's width knows 9 / 10: 44.4."""
    assert people_needed(10, 0.2, 0.1, 5) == 45
    assert people_needed(10, 0.1, 0.1, 5) == 10
    assert people_needed(10, 0.05, 0.1, 5) == 10, "nobody is sent away"
    assert people_needed(3, 0.01, 0.1, 5) == 5, "a claim needs smallest_group"
    assert people_needed(1, None, 0.1, 5) == 5
    assert people_needed(0, None, 0.1, 7) == 7


def test_half_the_width_takes_four_times_the_people() -> None:
    for width in (0.2, 0.37, 0.9):
        one, half = (people_needed(20, width, wished, 5) for wished in (0.1, 0.05))
        assert half == pytest.approx(4 * one, abs=4)


def test_every_group_and_class_is_told_and_silence_is_not_asked_for() -> None:
    clips = judged(people=20, harm=0.2)
    groups = [dict(row) for row in clips.groups]
    groups += [{}] * 5
    truth = np.append(clips.truth, [0] * 5)
    decisions = np.append(clips.decisions, [0] * 5)
    audit = audited(truth, decisions, groups)
    advice = judges_advice(audit, WISHED)
    told = {
        (column["name"], group["value"])
        for column in audit["columns"]
        for group in column["groups"]
        if group["told"]
    }
    assert {(each["column"], each["value"]) for each in advice} == told
    for each in advice:
        labels = [figure["label"] for figure in each["figures"]]
        assert labels == ["", *LABELS]
        for figure in each["figures"]:
            assert figure["people_needed"] - figure["people_lacking"] == figure["people"]
    lacking = [each["people_lacking"] for each in advice]
    assert lacking == sorted(lacking, reverse=True)


def test_the_note_names_who_lacks_and_is_silent_where_nobody_does() -> None:
    few = binomial(6, 0.8, 0)
    assert "the test split lacks people: '" in collecting_note(few)
    enough = binomial(400, 0.9, 0)
    assert collecting_note(enough) == ""


def test_training_lacks_against_the_largest_group_of_a_column() -> None:
    found = training_advice(
        [
            ("gender", {"female": (2, 40), "male": (10, 300), "other": (12, 0)}),
            ("accent", {"en": (3, 9), "fr": (3, 9)}),
            ("age", {}),
        ]
    )
    assert [
        (each["value"], each["clips_lacking"], each["people_lacking"], each["against"])
        for each in found
    ] == [("other", 300, 0, "male"), ("female", 260, 8, "male")]
