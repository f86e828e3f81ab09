"""Every figure of every group, and every gap, against Fairlearn's and scikit-learn's, to 1e-9."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from fairlearn import metrics as fair
from sklearn import metrics as sk

from audit.judged import LABELS, SOUND, Judged, judged
from coincell.audit import audit_people
from coincell.project import AuditSettings

Figure = Callable[..., Any]
ONE_AGAINST_REST: dict[str, Figure] = {
    "recall": fair.true_positive_rate,
    "fpr": fair.false_positive_rate,
    "fnr": fair.false_negative_rate,
    "selection_rate": fair.selection_rate,
    "precision": lambda truth, said: sk.precision_score(truth, said, zero_division=np.nan),
    "f1": lambda truth, said: sk.f1_score(truth, said, zero_division=np.nan),
}
SETTINGS = AuditSettings(rounds=100, smallest_group=2)


@pytest.fixture(scope="module", params=[0, 1], ids=["fair", "unfair"])
def clips(request: pytest.FixtureRequest) -> Judged:
    return judged(request.param, harm=0.3 * request.param)


@pytest.fixture(scope="module")
def facts(clips: Judged) -> dict[str, Any]:
    return audit_people(
        clips.people(SETTINGS), [clips.place()], SETTINGS, SOUND, seed=1, labels=LABELS
    )


def _sensitive(clips: Judged, column: str) -> list[str]:
    parts = column.split(" and ")
    return [", ".join(row[part] for part in parts) for row in clips.groups]


def _criteria(column: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["criterion"]: each for each in column["criteria"]["int8"]}


def test_there_is_every_column_and_their_intersection(facts: dict[str, Any]) -> None:
    assert [column["name"] for column in facts["columns"]] == [
        "accent",
        "gender",
        "accent and gender",
    ]


@pytest.mark.parametrize("at", range(3))
def test_rates_by_group(clips: Judged, facts: dict[str, Any], at: int) -> None:
    column = facts["columns"][at]
    of = _sensitive(clips, column["name"])
    whole = fair.MetricFrame(
        metrics={"accuracy": sk.accuracy_score, "clips": fair.count},
        y_true=clips.truth,
        y_pred=clips.decisions,
        sensitive_features=of,
    ).by_group
    for group in column["groups"]:
        figures = group["places"]["int8"]["figures"]
        expected = whole.loc[group["value"]]
        assert figures["accuracy"]["value"] == pytest.approx(expected["accuracy"], abs=1e-9)
        assert group["clips"] == expected["clips"]
    for label, name in enumerate(LABELS):
        frame = fair.MetricFrame(
            metrics=ONE_AGAINST_REST,
            y_true=(clips.truth == label).astype(int),
            y_pred=(clips.decisions == label).astype(int),
            sensitive_features=of,
        ).by_group
        for group in column["groups"]:
            told = group["places"]["int8"]["labels"][name]
            for metric in ONE_AGAINST_REST:
                value = frame.loc[group["value"], metric]
                assert told[metric]["value"] == pytest.approx(value, abs=1e-9), (metric, group)


@pytest.mark.parametrize("at", range(3))
def test_areas_by_group(clips: Judged, facts: dict[str, Any], at: int) -> None:
    column = facts["columns"][at]
    of = np.array(_sensitive(clips, column["name"]))
    for group in column["groups"]:
        own = of == group["value"]
        for label, name in enumerate(LABELS):
            expected = sk.roc_auc_score(clips.truth[own] == label, clips.scores[own, label])
            told = group["places"]["int8"]["labels"][name]["auc"]
            assert told["value"] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("at", range(3))
def test_the_named_criteria(clips: Judged, facts: dict[str, Any], at: int) -> None:
    column = facts["columns"][at]
    of = _sensitive(clips, column["name"])
    told = _criteria(column)
    for name, difference, ratio in (
        (
            "demographic_parity",
            fair.demographic_parity_difference,
            fair.demographic_parity_ratio,
        ),
        ("equalized_odds", fair.equalized_odds_difference, fair.equalized_odds_ratio),
        ("equal_opportunity", fair.equal_opportunity_difference, fair.equal_opportunity_ratio),
    ):
        each = [
            {
                "y_true": (clips.truth == label).astype(int),
                "y_pred": (clips.decisions == label).astype(int),
                "sensitive_features": of,
            }
            for label in range(len(LABELS))
        ]
        largest = max(difference(**one) for one in each)
        smallest = min(ratio(**one) for one in each)
        assert told[name]["difference"]["value"] == pytest.approx(largest, abs=1e-9)
        assert told[name]["ratio"] == pytest.approx(smallest, abs=1e-9)
    frame = fair.MetricFrame(
        metrics=sk.accuracy_score,
        y_true=clips.truth,
        y_pred=clips.decisions,
        sensitive_features=of,
    )
    parity = told["accuracy_parity"]
    assert parity["difference"]["value"] == pytest.approx(frame.difference(), abs=1e-9)
    assert parity["ratio"] == pytest.approx(frame.ratio(), abs=1e-9)
    assert parity["worst_value"] == pytest.approx(frame.group_min(), abs=1e-9)
    assert frame.by_group[parity["worst"]] == frame.group_min()
