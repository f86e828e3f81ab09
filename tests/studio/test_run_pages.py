"""The pages Board, Runs and Report, against report.json, and what a browser must not reach."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import httpx
import pytest

from coincell.board import load_battery
from coincell.pipeline import noted_runs
from coincell.project import Project
from coincell.report import FrontPoint, front_svg
from coincell.studio import Opened
from studio.conftest import new_tab

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytest.importorskip("unicorn", reason="the extra `emulator` is not installed")
pytest.importorskip("sklearn")


@pytest.fixture(scope="module")
def asking(ran_studio: Opened) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=ran_studio.door.address, timeout=60) as client:
        yield client


@pytest.fixture
def ran_tab(browser: Browser, ran_studio: Opened) -> Iterator[Page]:
    yield from new_tab(browser, ran_studio)


@pytest.fixture
def told(whole: Project) -> Any:
    """report.json, which the pages are held against."""
    return json.loads((whole.build_directory / "report.json").read_text(encoding="utf-8"))


def cells(page: Page, table: str) -> list[list[str]]:
    """The text of a table's body."""
    rows = page.locator(f"#{table} tbody tr")
    return [row.locator("th, td").all_inner_texts() for row in rows.all()]


def test_the_board_is_the_reports(ran_tab: Page, told: Any) -> None:
    ran_tab.goto("/")
    ran_tab.get_by_role("link", name="Board", exact=True).press("Enter")
    board = told["board"]
    ran_tab.get_by_role("heading", level=1).filter(has_text=board["title"]).wait_for()
    meter = ran_tab.get_by_role("meter", name="Flash used")
    assert int(meter.get_attribute("value") or 0) == board["image_flash_bytes"]
    assert int(meter.get_attribute("max") or 0) == board["flash_limit_bytes"]
    for bank in board["memory_map"]:
        rows = cells(ran_tab, f"map-{bank['name']}")
        wanted = [[region["name"], region["bytes"]] for region in bank["regions"]]
        assert [[row[0], int(row[2].replace(",", ""))] for row in rows] == wanted
    layers = cells(ran_tab, "layers")
    shown = {row[0]: int(row[3].replace(",", "")) for row in layers}
    cycles = {layer["name"]: layer["cycles_flash"] or layer["cycles"] for layer in board["layers"]}
    assert shown == {name: count for name, count in cycles.items() if name in shown}
    assert sum(shown.values()) == board["cycles_flash"]
    milliseconds = sum(float(row[4]) for row in layers)
    assert milliseconds == pytest.approx(board["latency_ms"], rel=0.02, abs=0.002 * len(layers))
    assert f"{board['battery_days']:.3g} days" in ran_tab.locator("section.board").inner_text()


def test_the_boards_duty_can_be_changed(ran_tab: Page, asking: httpx.Client, told: Any) -> None:
    """All the time is the report's own figure; else days go with the current, floor and leakage in
    it."""
    ran_tab.goto("/board")
    days = ran_tab.locator("#duty-days b")
    assert days.inner_text() == f"{told['board']['battery_days']:.3g} days"
    energy = told["board"]["energy"]
    leakage = load_battery("cr2032").leakage_a
    current = 0.75 * energy["ways"][0]["floor_a"] + 0.25 * energy["average_a"] + leakage
    expected = told["board"]["battery_days"] * (energy["average_a"] + leakage) / current
    ran_tab.locator("#duty-share").fill("0.25")
    ran_tab.locator("#duty-share").press("Enter")
    days.filter(has_text=f"{expected:.3g} days").wait_for()
    ran_tab.locator("#duty-battery").select_option("2xaa")
    days.filter(has_text=f"{expected:.3g} days").wait_for(state="detached")
    assert float(days.inner_text().split()[0]) > 5 * expected, "two AA cells hold ten times as much"
    for wrong in ("share=2", "share=nan", "share=x", "way=99", "way=-1", "battery=..%2Fcr2032"):
        assert 400 <= asking.get(f"/board/duty?{wrong}").status_code < 500


def test_a_duty_that_cannot_be_is_told_at_its_field(ran_tab: Page) -> None:
    ran_tab.goto("/board")
    ran_tab.evaluate(
        "() => { HTMLInputElement.prototype.reportValidity ="
        " () => { document.documentElement.dataset.told = 'yes'; }; }"
    )
    ran_tab.locator("#duty-share").fill("2")
    ran_tab.locator("#duty-share").press("Tab")
    ran_tab.locator("html[data-told]").wait_for()


def test_runs_are_listed_and_compared(ran_tab: Page, whole: Project) -> None:
    known, _ = noted_runs(whole)
    ran_tab.goto("/runs")
    rows = cells(ran_tab, "runs")
    assert [row[0] for row in rows] == ["2", "1"]
    assert "model.classical.trees 4" in rows[0][7]
    for row, run in zip(rows, reversed(known), strict=True):
        assert row[3].startswith(f"{run.figures['accuracy'].value:.4g} (")
    picture = ran_tab.locator("figure img")
    drawn = base64.b64decode((picture.get_attribute("src") or "").partition("base64,")[2])
    assert drawn.count(b"<circle") == 2
    latency = known[0].figures["latency_ms"].value
    assert f"{latency:.4g} ms" in (picture.get_attribute("alt") or "")
    assert picture.evaluate("async (image) => (await image.decode(), image.naturalWidth)") == 640
    ran_tab.get_by_label("Compare run").select_option("1")
    ran_tab.get_by_label("with").select_option("2")
    ran_tab.get_by_role("button", name="Compare").press("Enter")
    ran_tab.locator("#compared h2").wait_for()
    assert cells(ran_tab, "settings") == [["model.classical.trees", "8", "4"]]
    figures = {row[0]: row[1:3] for row in cells(ran_tab, "figures")}
    for name, form in (("accuracy", ".4g"), ("image_flash_bytes", ",.0f")):
        for text, run in zip(figures[name.replace("_", " ")], known, strict=True):
            assert text.startswith(f"{run.figures[name].value:{form}}")


def test_runs_at_one_place_of_the_chart_are_all_named() -> None:
    def at(number: int, x: float) -> FrontPoint:
        return FrontPoint(x, 0.9, str(number), f"run {number}", True)

    drawn = front_svg([at(n, 1.0) for n in (1, 2, 3, 5, 8)] + [at(9, 2.0)], "ms", "AUC", "Runs")
    words = [each.text for each in ElementTree.fromstring(drawn).iter() if each.text]
    assert "Runs by ms and AUC" in words
    assert "1, 2, 3 and 2 more" in words
    assert "9" in words
    assert "5" not in words


def test_the_report_is_taken_along(
    ran_tab: Page, asking: httpx.Client, whole: Project, told: Any
) -> None:
    ran_tab.goto("/report")
    rows = {row[0]: row for row in cells(ran_tab, "gates")}
    for gate in told["gates"]:
        row = rows[gate["name"].replace("_", " ")]
        form = ",.0f" if gate["value"] >= 1000 else ".4g"
        assert row[1] == f"{gate['value']:{form}}"
        assert row[3].startswith("holds" if gate["passed"] else "does not hold")
    names = ran_tab.locator("ul.files a").all_inner_texts()
    assert {"report.html", "report.json", "model_card.md", "firmware.hex"} <= {*names}
    for name in names:
        answer = asking.get(f"/report/file/{name}")
        assert answer.content == (whole.build_directory / name).read_bytes()
        assert answer.headers["content-disposition"].startswith("attachment")
        assert answer.headers["content-type"] == "application/octet-stream"


NARROW = 390


@pytest.mark.parametrize("address", ["/board", "/runs?before=1&after=2", "/report"])
def test_a_narrow_page_does_not_move_sideways(ran_tab: Page, address: str) -> None:
    ran_tab.set_viewport_size({"width": NARROW, "height": 800})
    ran_tab.goto(address)
    ran_tab.locator("h1").wait_for()
    assert ran_tab.evaluate("document.documentElement.scrollWidth") <= NARROW


@pytest.mark.parametrize(
    "address",
    [
        "/report/file/coincell.toml",
        "/report/file/..%2Fcoincell.toml",
        "/report/file/../../coincell.toml",
        "/report/file/cache",
        "/runs?before=1&after=99",
        "/runs?before=../1&after=2",
        "/runs?before=%00&after=2",
    ],
)
def test_nothing_else_is_given(asking: httpx.Client, address: str) -> None:
    answer = asking.get(address)
    assert answer.status_code in (400, 403, 404)
    assert "labels" not in answer.text
    assert "Traceback" not in answer.text


def test_a_link_that_leads_out_is_not_followed(asking: httpx.Client, whole: Project) -> None:
    card = whole.build_directory / "data_card.md"
    kept = card.read_bytes()
    card.unlink()
    card.symlink_to("/etc/hostname")
    try:
        assert asking.get("/report/file/data_card.md").status_code == 400
        assert "data_card.md" not in asking.get("/report").text
    finally:
        card.unlink()
        card.write_bytes(kept)


def test_before_any_run_there_is_a_button(tab: Page) -> None:
    for address in ("/board", "/runs", "/report"):
        tab.goto(address)
        tab.get_by_role("button", name="Run the project").wait_for()


def test_a_damaged_entry_is_told(asking: httpx.Client, whole: Project) -> None:
    odd = whole.directory / "runs" / "0009.json"
    odd.write_text("{}")
    try:
        assert "0009.json" in asking.get("/runs").text
    finally:
        odd.unlink()
