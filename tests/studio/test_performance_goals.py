"""Detectors and numbers on the page, and decisions without scores: what applies, and no more."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import numpy as np
import pytest
from sklearn import metrics as sk

from coincell.audit import AlarmMeasure, ClassMeasure, QuantityMeasure
from coincell.project import AuditSettings
from coincell.studio.performance.curves import curves_of
from coincell.studio.performance.examples import STRANGE, Answers, Examples
from coincell.studio.performance.figures import areas_of, figures_of
from coincell.studio.performance.wish import wish_of
from coincell.studio.serving import open_session
from coincell.studio.table_session import TableSession
from studio_project import answering

COUNT = 120
GENERATOR = np.random.default_rng(3)
STRANGER = np.arange(COUNT) % 4 == 0
SCORES = GENERATOR.normal(3.0, 1.0, COUNT) + 2 * STRANGER
GROUPS = [{"machine": f"m{at % 3}"} for at in range(COUNT)]
FILES = [f"{at}.npy" for at in range(COUNT)]


def detector() -> Examples:
    """Windows of 36 s; every two strange ones are an event."""
    alarms = SCORES >= 5
    measure = AlarmMeasure(STRANGER, alarms, np.arange(COUNT) // 8, 0.01)
    answers = Answers(np.stack([-SCORES, SCORES], axis=1), alarms.astype(np.int64), measure)
    return Examples(
        "windows", "normality", ("normal", STRANGE), (STRANGE,), STRANGER.astype(np.int64),
        {"int8": answers}, GROUPS, FILES, AuditSettings(rounds=100),
    )  # fmt: skip


def quantity() -> Examples:
    answers = Answers(None, np.zeros(COUNT, np.int64), QuantityMeasure(SCORES - 3.0))
    return Examples(
        "windows", "quantity", (), (), np.zeros(COUNT, np.int64), {"float": answers,
        "int8": answers}, GROUPS, FILES, AuditSettings(rounds=100), unit="mm",
    )  # fmt: skip


def decisions_alone() -> Examples:
    said = (SCORES >= 4).astype(np.int64)
    truth = STRANGER.astype(np.int64)
    answers = Answers(None, said, ClassMeasure(("no", "yes"), truth, said))
    return Examples(
        "rows", "classes", ("no", "yes"), ("yes", "no"), truth, {"decided": answers},
        GROUPS, FILES, AuditSettings(rounds=100),
    )  # fmt: skip


MADE = {"normality": detector, "quantity": quantity, "decisions": decisions_alone}


@pytest.fixture(scope="module", params=MADE)
def asking(request: pytest.FixtureRequest) -> Iterator[tuple[str, httpx.Client]]:
    session = TableSession("goal", MADE[request.param]())
    with (
        answering(open_session(session, port=0)) as studio,
        httpx.Client(base_url=studio.door.address, timeout=60) as client,
    ):
        yield request.param, client


def test_a_page_shows_what_applies(asking: tuple[str, httpx.Client]) -> None:
    goal, client = asking
    for query in ("", "?first=machine"):
        answer = client.get(f"/performance{query}")
        assert answer.status_code == 200
        assert ('class="cells"' in answer.text) == (goal != "quantity")
        assert ('id="curves"' in answer.text) == (goal == "normality")
        assert 'id="strategies"' not in answer.text
        assert client.get(f"/performance/figures{query}").status_code == 200
    refused = client.post("/performance/strategies", data={})
    assert refused.status_code == 400
    assert "there are none" in refused.text
    for part in ("curves", "areas"):
        assert client.get(f"/performance/{part}").status_code == (
            200 if goal == "normality" else 400
        )


def test_a_detectors_threshold_moves_alarms_and_events() -> None:
    examples = detector()
    wish = wish_of({"threshold": "4.2", "first": "machine"}, examples)
    told = figures_of(examples, wish)
    tn, fp, fn, tp = sk.confusion_matrix(STRANGER, SCORES >= 4.2).ravel().tolist()
    assert told["rows"]["int8"][0]["counts"] == {"tp": tp, "fp": fp, "fn": fn, "tn": tn}
    events = np.unique(np.arange(COUNT)[STRANGER] // 8)
    missed = [
        e for e in events if not (SCORES[(np.arange(COUNT) // 8 == e) & STRANGER] >= 4.2).any()
    ]
    assert told["alarms"]["int8"]["events"] == len(events)
    assert told["alarms"]["int8"]["missed"] == len(missed)
    assert told["alarms"]["int8"]["hourly"] == pytest.approx(fp / (0.01 * (~STRANGER).sum()))
    area = areas_of(examples, wish)["areas"]["int8"]
    assert area["all"]["value"] == pytest.approx(sk.roc_auc_score(STRANGER, SCORES))
    assert curves_of(examples, wish)["legend"] == ["m0", "m1", "m2"]


def test_errors_of_a_number_by_group_are_scikit_learns() -> None:
    facts = quantity().audited(("machine",))
    for group in facts["columns"][0]["groups"]:
        own = np.array([row["machine"] == group["value"] for row in GROUPS])
        told = group["places"]["int8"]["figures"]
        expected = sk.mean_absolute_error(np.full(own.sum(), 3.0), SCORES[own])
        assert told["mae"]["value"] == pytest.approx(expected)
