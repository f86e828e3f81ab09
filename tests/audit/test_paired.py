"""Two models on the same clips: changes by group, with intervals over people."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from audit.judged import LABELS, judged
from coincell.audit import ClassMeasure, People, paired_changes
from coincell.project import AuditSettings

SETTINGS = AuditSettings(rounds=400)


def measures(
    seed: int, repaired: float, people: int = 60
) -> tuple[People, ClassMeasure, ClassMeasure, np.ndarray]:
    """Women's clips go wrong more often; the second model mends a share of the wrong ones."""
    clips = judged(seed, people, harm=0.3)
    generator = np.random.default_rng(seed + 1)
    women = np.array([row["gender"] == "female" for row in clips.groups])
    mend = women & (generator.random(len(women)) < repaired)
    after = np.where(mend, clips.truth, clips.decisions)
    first, second = (ClassMeasure(LABELS, clips.truth, each) for each in (clips.decisions, after))
    return clips.people(), first, second, women


def test_the_same_answers_changed_nothing() -> None:
    people, first, _, _ = measures(0, 0.5)
    changes = paired_changes(people, first, first, SETTINGS, seed=1)
    for column in changes["columns"]:
        told = [group[name] for group in column["groups"] for name in ("accuracy", "recall")]
        told += [column[name] for name in ("worst_recall", "accuracy_parity", "equalized_odds")]
        for change in told:
            assert (change["value"], *change["ci95"]) == (0, 0, 0)


def test_changes_are_the_differences_and_their_intervals_are_of_paired_people() -> None:
    """The interval is beside that of a paired t-test over people of equally many clips."""
    people, first, second, women = measures(3, 0.6)
    changes = paired_changes(people, first, second, SETTINGS, seed=1)
    gender = next(column for column in changes["columns"] if column["name"] == "gender")
    told = {group["value"]: group["accuracy"] for group in gender["groups"]}
    right = [(each.decisions == each.truth).astype(float) for each in (first, second)]
    gain = right[1] - right[0]
    assert told["female"]["value"] == pytest.approx(gain[women].mean(), abs=1e-12)
    assert told["male"]["value"] == 0
    assert changes["accuracy"]["value"] == pytest.approx(gain.mean(), abs=1e-12)
    each = gain[women].reshape(30, -1).mean(axis=1)
    t = stats.ttest_1samp(each, 0).confidence_interval(0.95)
    assert told["female"]["ci95"] == pytest.approx((t.low, t.high), abs=0.012)
    gap = [abs(r[women].mean() - r[~women].mean()) for r in right]
    assert gender["accuracy_parity"]["value"] == pytest.approx(gap[1] - gap[0], abs=1e-12)


def test_chance_alone_is_seldom_called_a_change() -> None:
    """Two models that err alike: about one interval in twenty leaves 0 out."""
    wrong = 0
    for seed in range(60):
        clips = judged(seed, 40)
        again = judged(seed + 1000, 40)
        right = again.decisions == again.truth
        other = np.where(right, clips.truth, (clips.truth + 1) % 3)
        first, second = (
            ClassMeasure(LABELS, clips.truth, each) for each in (clips.decisions, other)
        )
        settings = AuditSettings(rounds=100)
        changes = paired_changes(clips.people(), first, second, settings, seed=seed)
        low, high = changes["accuracy"]["ci95"]
        wrong += low > 0 or high < 0
    assert wrong <= 8, "binomial(60, 0.05) is above 8 in 0.3 of 100"


def test_a_group_of_few_people_is_not_told() -> None:
    people, first, second, _ = measures(0, 0.5, people=8)
    changes = paired_changes(people, first, second, SETTINGS, seed=1)
    gender = next(column for column in changes["columns"] if column["name"] == "gender")
    assert gender["groups"] == []
    assert gender["worst_recall"] is None
    assert gender["accuracy_parity"] is None
