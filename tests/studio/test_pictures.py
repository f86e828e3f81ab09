"""Each page as a picture, in both schemes; with COINCELL_PICTURES=1 those of docs/pictures are
made anew."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from coincell.audit import TableColumns, read_table
from coincell.project import AuditSettings, Project
from coincell.studio import Opened, open_table
from living_fleet import fill
from studio.conftest import new_tab
from studio.people import people_rows, write_table
from studio_project import answering, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytest.importorskip("sklearn")


@pytest.fixture(scope="module")
def shown(ran: Project) -> Iterator[Opened]:
    with opened(ran) as studio:
        httpx.post(f"{studio.door.address}whatif/open", timeout=60)
        job = studio.session.jobs.latest("model")
        assert job is not None
        studio.session.jobs.wait(job.number, 120)
        yield studio


@pytest.fixture(scope="module")
def grouped(
    leant: Project, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Opened]]:
    """A project's studio, and that of a table."""
    path = tmp_path_factory.mktemp("table") / "people.csv"
    write_table(path, people_rows())
    judged = read_table(path, TableColumns("hired", {"": "score"}))
    made = open_table(judged, path.name, AuditSettings(), port=0)
    with opened(leant) as project, answering(made) as table:
        yield {"performance": project, "table": table}


def _data(page: Page) -> None:
    page.goto("/data")
    page.locator(".card").nth(12).scroll_into_view_if_needed()
    page.evaluate("window.scrollTo(0, 0)")
    page.wait_for_load_state("networkidle")


def _clip(page: Page) -> None:
    page.goto("/data/clip?file=high/00014.wav")
    page.wait_for_load_state("networkidle")


def _whatif(page: Page) -> None:
    page.goto("/whatif")
    page.locator("html[data-drawn]").wait_for()
    for axis, column in (("x", "int8.low"), ("y", "int8.high"), ("colour", "truth")):
        page.locator(f"#axis-{axis}").select_option(column)
    page.locator("#edit-snr_db").evaluate(
        "(field) => { field.value = -5;"
        " field.dispatchEvent(new Event('input', { bubbles: true })); }"
    )
    page.get_by_role("button", name="Partial dependence on Noise").click()
    page.locator("#dependence svg.curves").first.wait_for()
    page.wait_for_load_state("networkidle")


def _performance(page: Page) -> None:
    page.goto("/performance?first=hand&label=slow&threshold=0.45")
    page.locator("#areas-table").wait_for()
    page.get_by_role("button", name="Look for thresholds").press("Enter")
    page.locator("tr[data-strategy]").first.wait_for()
    page.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
    page.wait_for_load_state("networkidle")


def _table(page: Page) -> None:
    page.goto("/points")
    page.locator("html[data-drawn]").wait_for()
    for axis, column in (("x", "scored.1"), ("y", "group.sex"), ("colour", "outcome")):
        page.locator(f"#axis-{axis}").select_option(column)
    page.locator("#scatter").focus()
    page.locator("#scatter").press("ArrowRight")
    page.locator("#scatter").press("Enter")
    page.locator("#row-table").wait_for()
    page.evaluate("document.activeElement.blur()")


def _board(page: Page) -> None:
    page.goto("/board")
    page.locator("#energy").wait_for()


def _runs(page: Page) -> None:
    page.goto("/runs?before=1&after=2")
    page.locator("#compared").wait_for()


def _report(page: Page) -> None:
    page.goto("/report")
    page.locator("#gates").wait_for()


def _fleet(page: Page) -> None:
    page.goto("/fleet")
    page.locator("#devices").wait_for()


def _device(page: Page) -> None:
    _fleet(page)
    page.locator("#devices a").first.press("Enter")
    page.locator("#sensors").wait_for()


PAGES = {"data": _data, "clip": _clip, "whatif": _whatif}
OTHERS = {"performance": _performance, "table": _table}
AFTER_RUNS = {"board": _board, "runs": _runs, "report": _report}
FIELD = {"fleet": _fleet, "device": _device}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_drawn(
    browser: Browser, shown: Opened, name: str, scheme: str, tmp_path: Path, repository: Path
) -> None:
    _draw(browser, shown, name, scheme, _path(name, scheme, tmp_path, repository))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", OTHERS)
def test_a_page_of_groups_is_drawn(
    browser: Browser,
    grouped: dict[str, Opened],
    name: str,
    scheme: str,
    tmp_path: Path,
    repository: Path,
) -> None:
    _draw(browser, grouped[name], name, scheme, _path(name, scheme, tmp_path, repository))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", AFTER_RUNS)
def test_a_page_after_runs_is_drawn(
    browser: Browser,
    ran_studio: Opened,
    name: str,
    scheme: str,
    tmp_path: Path,
    repository: Path,
) -> None:
    _draw(browser, ran_studio, name, scheme, _path(name, scheme, tmp_path, repository))


@pytest.fixture(scope="module")
def field(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """A studio with devices in the field."""
    place = tmp_path_factory.mktemp("field") / "fleet.db"
    fill(place)
    with opened(project, store=str(place)) as studio:
        yield studio


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", FIELD)
def test_a_page_of_the_field_is_drawn(
    browser: Browser, field: Opened, name: str, scheme: str, tmp_path: Path, repository: Path
) -> None:
    _draw(browser, field, name, scheme, _path(name, scheme, tmp_path, repository))


def _path(name: str, scheme: str, tmp_path: Path, repository: Path) -> Path:
    wished = scheme == "light" and os.environ.get("COINCELL_PICTURES")
    return (repository / "docs" / "pictures" if wished else tmp_path) / f"studio-{name}.png"


def _draw(browser: Browser, studio: Opened, name: str, scheme: str, path: Path) -> None:
    for page in new_tab(browser, studio):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        (PAGES | OTHERS | AFTER_RUNS | FIELD)[name](page)
        page.screenshot(path=path, full_page=name not in ("data", "clip", "table"))
    assert path.stat().st_size > 10_000, "a page that is not blank"
