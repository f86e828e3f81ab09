"""The page "Performance and fairness": figures, curves and thresholds against others' libraries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import httpx
import numpy as np
import pytest
from fairlearn import metrics as fair
from sklearn import metrics as sk

from coincell.pipeline import LastJudged, find_judged
from coincell.pipeline.judged import read_told
from coincell.project import Project, load_project
from coincell.studio import Opened
from studio.conftest import new_tab
from studio.reading import count, figure, percent, points, settled, shown
from studio_project import opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

LABEL = "slow"
RATES = {
    "accuracy": sk.accuracy_score,
    "precision": lambda truth, said: sk.precision_score(truth, said, zero_division=0),
    "recall": fair.true_positive_rate,
    "f1": sk.f1_score,
    "fpr": fair.false_positive_rate,
    "fnr": fair.false_negative_rate,
    "selection_rate": fair.selection_rate,
}


@pytest.fixture(scope="module")
def judged(leant: Project) -> LastJudged:
    found = find_judged(leant)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def looked_at(leant: Project) -> Iterator[Opened]:
    with opened(leant) as studio:
        yield studio


@pytest.fixture
def page(browser: Browser, looked_at: Opened) -> Iterator[Page]:
    yield from new_tab(browser, looked_at)


@pytest.fixture(scope="module")
def asking(looked_at: Opened) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=looked_at.door.address, timeout=60) as client:
        yield client


def _positive(judged: LastJudged) -> np.ndarray:
    return np.equal(judged.truth, judged.configuration.data.labels.index(LABEL))


def _scores(judged: LastJudged, place: str) -> np.ndarray:
    return judged.told[place].scores[:, judged.configuration.data.labels.index(LABEL)]


def _groups(judged: LastJudged, column: str) -> np.ndarray:
    return np.array([row.get(column, "not told") for row in judged.groups])


def test_figures_by_group_are_fairlearns(page: Page, judged: LastJudged) -> None:
    page.goto(f"/performance?first=hand&label={LABEL}")
    at = judged.configuration.data.labels.index(LABEL)
    for place, told in judged.told.items():
        frame = fair.MetricFrame(
            metrics=RATES, y_true=_positive(judged), y_pred=told.decisions == at,
            sensitive_features=_groups(judged, "hand"),
        )  # fmt: skip
        for metric in RATES:
            assert figure(page, "all", place, metric) == percent(frame.overall[metric])
            for group in ("left", "right"):
                expected = percent(frame.by_group[metric][group])
                assert figure(page, group, place, metric) == expected, (metric, group, place)


def test_two_columns_make_intersections(page: Page, judged: LastJudged) -> None:
    page.goto(f"/performance?first=hand&second=age&label={LABEL}&threshold=0.4")
    pairs = zip(_groups(judged, "hand"), _groups(judged, "age"), strict=True)
    both = [", ".join(pair) for pair in pairs]
    both = ["not told" if "not told" in name else name for name in both]
    frame = fair.MetricFrame(
        metrics=fair.true_positive_rate, y_true=_positive(judged),
        y_pred=_scores(judged, "int8") >= 0.4, sensitive_features=both,
    )  # fmt: skip
    names = page.locator('#slices tr[data-place="int8"]').evaluate_all(
        "(rows) => rows.map((row) => row.dataset.group)"
    )
    assert set(names) - {"all"} == set(both)
    for name in set(both):
        assert figure(page, name, "int8", "recall") == percent(frame.by_group[name])


def test_the_slider_moves_counts_and_confusion_at_once(page: Page, judged: LastJudged) -> None:
    page.goto(f"/performance?first=hand&label={LABEL}")
    decided = page.locator("#figures").inner_text()
    settled(page)
    page.locator("#slide").focus()
    page.locator("#slide").press("PageUp")
    shown(page)
    threshold = float(page.locator("#threshold").input_value())
    assert threshold == pytest.approx(0.5), "ten steps above the device's"
    assert page.locator("#figures").inner_text() != decided
    said = _scores(judged, "int8") >= threshold
    truth = _positive(judged)
    for group in ("left", "right"):
        own = _groups(judged, "hand") == group
        tn, fp, fn, tp = sk.confusion_matrix(truth[own], said[own]).ravel().tolist()
        found = [count(page, group, "int8", name) for name in ("tn", "fp", "fn", "tp")]
        assert found == [tn, fp, fn, tp]
        words = page.locator(f'.cells[aria-label^="Confusion of {group},"]')
        assert f"{LABEL}: {tp} {LABEL}, {fn} the rest." in (words.get_attribute("aria-label") or "")
    settled(page)
    page.locator("#decided").press("Enter")
    shown(page)
    assert page.locator("#figures").inner_text() == decided


def test_curves_run_through_scikit_learns_points(page: Page, judged: LastJudged) -> None:
    page.goto(f"/performance?first=hand&label={LABEL}")
    page.locator("#areas-table").wait_for()
    truth, scores = _positive(judged), _scores(judged, "int8")
    for group in ("left", "right"):
        own = _groups(judged, "hand") == group
        fpr, tpr, _ = sk.roc_curve(truth[own], scores[own], drop_intermediate=False)
        assert points(page, 0, group) == pytest.approx(np.stack([fpr, tpr], axis=1), abs=1e-4)
        precision, recall, _ = sk.precision_recall_curve(truth[own], scores[own])
        expected = np.stack([recall, precision], axis=1)[:-1][::-1]  # without the point of nobody
        assert points(page, 1, group) == pytest.approx(expected, abs=1e-4)
        cell = page.locator(f'#areas-table tr[data-group="{group}"] [data-place="int8"]')
        area = sk.roc_auc_score(truth[own], scores[own])
        assert cell.inner_text().split("\n")[0] == f"{area:.4f}"


def test_the_matrix_of_all_classes_is_scikit_learns(page: Page, judged: LastJudged) -> None:
    page.goto("/performance")
    told = judged.told["int8"].decisions
    labels = list(judged.configuration.data.labels)
    expected = sk.confusion_matrix(judged.truth, told, labels=[0, 1, 2, -1])
    words = page.locator(".whole svg").get_attribute("aria-label") or ""
    for at, label in enumerate(labels):
        row = ", ".join(f"{expected[at][n]} {other}" for n, other in enumerate(labels))
        assert f"{label}: {row}" in words


def test_thresholds_are_chosen_on_validation_and_judged_on_test(
    page: Page, judged: LastJudged
) -> None:
    page.goto(f"/performance?first=hand&label={LABEL}&ratio=2")
    page.get_by_role("button", name="Look for thresholds").press("Enter")
    row = page.locator('table.strategies[data-column="hand"] tr[data-strategy="one"]')
    row.wait_for()
    assert page.locator("tr[data-strategy]").count() == 6
    told = float(row.locator('[data-group="left"]').get_attribute("title") or "nan")
    rows, at = judged.clips.rows("validation"), judged.configuration.data.labels.index(LABEL)
    real = judged.clips.labels[rows] == at
    scores = read_told(judged.outcome.artefacts["evaluate"], "validation")["int8"].scores[:, at]
    costs = {
        cut: 2 * ((scores >= cut) & ~real).sum() + (~(scores >= cut) & real).sum()
        for cut in (*np.unique(scores), 2.0)
    }
    own = 2 * ((scores >= told) & ~real).sum() + (~(scores >= told) & real).sum()
    assert own == min(costs.values())
    said, truth = _scores(judged, "int8") >= told, _positive(judged)
    cost = 2 * (said & ~truth).sum() + (~said & truth).sum()
    assert row.locator('[data-figure="cost"]').inner_text().split("\n")[0].split(" ")[0] == (
        f"{cost:,.6g}"
    )


def test_of_two_who_write_the_threshold_the_later_is_told(
    browser: Browser, looked_at: Opened, leant: Project
) -> None:
    before = (leant.directory / "coincell.toml").read_text()
    tabs = [new_tab(browser, looked_at) for _ in range(2)]
    first, second = (next(tab) for tab in tabs)
    try:
        for tab in (first, second):
            tab.goto("/performance")
        first.locator("#setting-value").fill("0.45")
        first.get_by_role("button", name="Write it to coincell.toml").press("Enter")
        first.locator("#written").wait_for()
        assert load_project(leant.directory).configuration.decision.threshold == 0.45
        second.locator("#setting-value").fill("0.6")
        second.get_by_role("button", name="Write it to coincell.toml").press("Enter")
        second.locator("#notice .told").wait_for()
        assert "somebody else changed it" in second.locator("#notice").inner_text()
        assert load_project(leant.directory).configuration.decision.threshold == 0.45
        second.goto("/performance")
        assert "Run the project again" in second.locator("#stale").inner_text()
    finally:
        (leant.directory / "coincell.toml").write_text(before)
        for tab in tabs:
            for _ in tab:
                pass


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("first=nobody", "cannot be a group"),
        ("label=other", "There is no class"),
        ("place=cloud", "There is no place"),
        ("threshold=nan", "must be a number from 0 to 1"),
        ("threshold=-0.1", "must be a number from 0 to 1"),
        ("ratio=0", "The ratio must be"),
        ("tolerance=2", "The tolerance must be"),
    ],
)
def test_a_question_that_cannot_be_is_refused_in_words(
    asking: httpx.Client, asked: str, words: str
) -> None:
    for part in ("", "/figures", "/curves", "/areas"):
        answer = asking.get(f"/performance{part}?{asked}")
        assert answer.status_code == 400
        assert words in answer.text


@pytest.mark.parametrize("value", ["", "much", "nan", "1.5", "-1"])
def test_no_strange_threshold_is_written(asking: httpx.Client, leant: Project, value: str) -> None:
    before = (leant.directory / "coincell.toml").read_bytes()
    answer = asking.post("/performance/threshold", data={"value": value, "expected": "0.4"})
    assert answer.status_code == 400
    assert (leant.directory / "coincell.toml").read_bytes() == before


def test_a_refusal_is_told_until_there_is_an_answer(page: Page) -> None:
    page.goto("/performance")
    page.locator("#areas-table").wait_for()
    for value, told in (("7", 1), ("0.6", 0)):
        with page.expect_response("**/performance/areas**"):
            page.locator("#threshold").fill(value)
            page.locator("#threshold").press("Tab")
        page.locator("#notice .told").nth(0).wait_for(state="visible" if told else "detached")
    assert "from a score of 0.6" in page.locator("#figures h2").inner_text()


@pytest.mark.parametrize("expected", ["nan", "inf", "0.123"])
def test_nobody_gets_around_being_told_of_another_writer(
    asking: httpx.Client, leant: Project, expected: str
) -> None:
    before = (leant.directory / "coincell.toml").read_bytes()
    answer = asking.post("/performance/threshold", data={"value": "0.9", "expected": expected})
    assert answer.status_code == 409
    assert (leant.directory / "coincell.toml").read_bytes() == before


def test_without_a_run_the_page_says_what_to_do(client: httpx.Client) -> None:
    answer = client.get("/performance")
    assert answer.status_code == 200
    assert "Run the project" in answer.text
