"""Each page as a picture, in both schemes; with COINCELL_PICTURES=1 those of docs/pictures are
made anew."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from coincell.project import Project
from coincell.studio import Opened
from studio.conftest import new_tab
from studio_project import opened

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


PAGES = {"data": _data, "clip": _clip, "whatif": _whatif}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_drawn(
    browser: Browser, shown: Opened, name: str, scheme: str, tmp_path: Path, repository: Path
) -> None:
    wished = scheme == "light" and os.environ.get("COINCELL_PICTURES")
    folder = repository / "docs" / "pictures" if wished else tmp_path
    path = folder / f"studio-{name}.png"
    for page in new_tab(browser, shown):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        PAGES[name](page)
        page.screenshot(path=path, full_page=name == "whatif")
    assert path.stat().st_size > 10_000, "a page that is not blank"
