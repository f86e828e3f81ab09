"""A studio of a table alone: its figures against Fairlearn, its points, what it refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest
from click.testing import CliRunner
from fairlearn import metrics as fair
from sklearn import metrics as sk

import coincell.studio
from coincell.audit import TableColumns, read_table
from coincell.cli.main import cli
from coincell.errors import UserError
from coincell.project import AuditSettings
from coincell.studio import Opened, open_table
from studio.conftest import new_tab
from studio.people import ROWS, people_rows, write_table
from studio.reading import count, figure, percent, settled, shown
from studio_project import answering

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    return people_rows()


@pytest.fixture(scope="module")
def path(rows: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("table") / "people.csv"
    write_table(path, rows)
    return path


@pytest.fixture(scope="module")
def table(path: Path) -> Iterator[Opened]:
    judged = read_table(path, TableColumns("hired", {"": "score"}))
    with answering(open_table(judged, path.name, AuditSettings(), port=0)) as studio:
        yield studio


@pytest.fixture(scope="module")
def asking(table: Opened) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=table.door.address, timeout=60) as client:
        yield client


@pytest.fixture
def page(browser: Browser, table: Opened) -> Iterator[Page]:
    yield from new_tab(browser, table)


def _arrays(rows: list[dict[str, Any]]) -> tuple[np.ndarray, np.ndarray]:
    truth = np.array([row["hired"] for row in rows])
    return truth, np.array([float(row["score"]) for row in rows])


def test_figures_of_the_rows_are_fairlearns(page: Page, rows: list[dict[str, Any]]) -> None:
    page.goto("/")
    page.locator("[name=first]").select_option("origin")
    page.locator('#slices tr[data-group="north"]').wait_for()
    settled(page)
    page.locator("#threshold").fill("0.35")
    shown(page)
    truth, scores = _arrays(rows)
    frame = fair.MetricFrame(
        metrics={"recall": fair.true_positive_rate, "selection_rate": fair.selection_rate,
                 "f1": sk.f1_score, "accuracy": sk.accuracy_score},
        y_true=truth, y_pred=scores >= 0.35,
        sensitive_features=[row["origin"] or "not told" for row in rows],
    )  # fmt: skip
    for metric in ("recall", "selection_rate", "f1", "accuracy"):
        assert figure(page, "all", "scored", metric) == percent(frame.overall[metric])
        for group in ("north", "south", "not told"):
            assert figure(page, group, "scored", metric) == percent(frame.by_group[metric][group])


def test_a_group_of_one_has_no_interval_and_an_id_is_no_group(page: Page) -> None:
    page.goto("/performance?first=lone")
    one = page.locator('#slices tr[data-group="she"]')
    assert "few" in (one.get_attribute("class") or "")
    assert "to" not in one.locator('[data-metric="accuracy"]').inner_text()
    assert count(page, "she", "scored", "tp") + count(page, "she", "scored", "fn") <= 1
    assert page.locator("[name=first] option", has_text="id").count() == 0
    page.get_by_text("What to know of these groups").press("Enter")
    assert "'id' is no group: it has 600 values" in page.locator("ul.notes").inner_text()


def test_every_row_is_a_point_that_can_be_opened(page: Page, rows: list[dict[str, Any]]) -> None:
    page.goto("/points")
    page.locator("html[data-drawn]").wait_for()
    assert page.locator("#scatter").get_attribute("data-points") == str(ROWS)
    page.locator("#preset").select_option("confusion")
    page.get_by_text("The same as a table of counts").press("Enter")
    truth, scores = _arrays(rows)
    right = (truth == (scores >= 0.5)).sum()
    cells = page.locator("#counts tbody tr", has_text="right").locator("td").all_inner_texts()
    assert sum(map(int, cells)) == right
    page.locator("#scatter").focus()
    page.locator("#scatter").press("ArrowRight")
    page.locator("#scatter").press("Enter")
    page.locator("#row-table").wait_for()
    row = rows[int(page.locator("#row h2").inner_text().split(" ")[1]) - 1]
    told = page.locator("#row-table").inner_text()
    assert row["sex"] in told
    assert f"{float(row['score']):.4g}" in told


DRAWN = """(canvas) => {
  const { width, height } = canvas;
  const pixels = canvas.getContext("2d").getImageData(0, 0, width, height).data;
  let left = width, right = 0, top = height;
  for (let y = 0; y < height; y += 1) for (let x = 0; x < width; x += 1) {
    const [r, g, b, a] = pixels.slice(4 * (y * width + x), 4 * (y * width + x) + 4);
    if (a < 120 || Math.max(r, g, b) - Math.min(r, g, b) < 60) continue;
    left = Math.min(left, x); right = Math.max(right, x); top = Math.min(top, y);
  }
  return { left: left / width, right: right / width, top };
}"""
"""Where coloured points are: shares of the width, and pixels from above."""


def test_the_first_picture_has_axes_and_a_preset_fills_its_frame(page: Page) -> None:
    page.goto("/points")
    page.locator("html[data-drawn]").wait_for()
    chosen = [page.locator(f"#axis-{axis}").input_value() for axis in ("x", "y", "colour")]
    assert chosen == ["scored.1", "count", "outcome"]
    for axis, value in (("x", "count"), ("y", "count")):
        page.locator(f"#axis-{axis}").select_option(value)
    drawn = page.locator("#scatter").evaluate(DRAWN)
    assert drawn["left"] < 0.1
    assert drawn["right"] > 0.95, "points are all over the frame, which is wider than high"
    assert drawn["top"] >= 18, "none is above it"


def test_a_preset_can_be_chosen_again_and_what_is_not_shown_is_told(page: Page) -> None:
    page.goto("/points")
    page.locator("html[data-drawn]").wait_for()
    page.locator("#preset").select_option("confusion")
    page.locator("#axis-bins_x").select_option("")
    assert page.locator("#preset").input_value() == ""
    assert page.locator("#absent-points").inner_text() == ""
    page.evaluate(
        "() => { const values = Array(600).fill(0).map((_, at) => at % 15);"
        " const names = [...Array(15).keys()].map((n) => `g${n}`);"
        " scatter.add({ name: 'many', title: 'many', values, names });"
        " scatter.set({ bins_x: 'many' }); }"
    )
    assert page.locator("#absent-points").inner_text().strip().startswith("120 are not shown")
    assert "120 are not shown" in (page.locator("#scatter").get_attribute("aria-label") or "")


def test_strategies_of_rows_say_that_they_are_flattered(page: Page) -> None:
    page.goto("/performance?first=sex")
    page.get_by_role("button", name="Look for thresholds").press("Enter")
    page.locator('tr[data-strategy="equal_opportunity"]').wait_for()
    assert "which flatters them" in page.locator("#strategies").inner_text()
    assert page.locator("#setting-value").count() == 0, "there is no device to set"


def test_a_table_has_no_pages_of_a_project(asking: httpx.Client) -> None:
    for path in ("/data", "/whatif", "/data/clip?file=x", "/whatif/points"):
        assert asking.get(path).status_code == 404
    for path in ("/performance/threshold", "/performance/run"):
        assert asking.post(path, data={"value": "0.5", "expected": "0.5"}).status_code == 400
    assert asking.get("/points/row", params={"row": ROWS}).status_code == 400


def test_the_command_takes_a_table(
    path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)  # where there is no project
    opened: list[Opened] = []

    def noted(*given: Any) -> Opened:
        opened.append(open_table(*given))
        return opened[0]

    def ended_at_once(studio: Opened) -> None:
        studio.listening.close()

    monkeypatch.setattr(coincell.studio, "open_table", noted)
    monkeypatch.setattr(Opened, "serve", ended_at_once)
    named = ["--table", str(path), "--truth", "hired", "--score", "score", "--group", "sex"]
    options = ["--no-browser", "--json", "--port", "0", "--rounds", "200"]
    ended = CliRunner().invoke(cli, ["studio", *named, *options])
    assert ended.exit_code == 0, ended.output
    assert json.loads(ended.stdout)["token"] == ""
    examples = opened[0].session.judged()
    assert examples is not None
    assert list(examples.columns) == ["sex"]
    assert examples.settings.rounds == 200
    refused = CliRunner().invoke(cli, ["studio", "--truth", "hired", "--no-browser"])
    assert isinstance(refused.exception, UserError)
    assert "received no --table" in str(refused.exception)
