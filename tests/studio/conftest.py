"""One project, one server and one browser for all tests of the studio."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import httpx
import pytest

from coincell.pipeline import Demand, run_project, run_until
from coincell.project import Project, change_settings, load_project
from coincell.studio import Opened
from studio_project import leaning, opened, tones

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """72 tones, not yet run."""
    return tones(tmp_path_factory.mktemp("studio") / "tones")


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The same, with a model: trees, which take no TensorFlow."""
    project = tones(tmp_path_factory.mktemp("ran") / "tones")
    run_until(project, Demand(until="quantize"))
    return project


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Two runs of trees, through to the board."""
    project = tones(tmp_path_factory.mktemp("whole") / "tones")
    run_project(project)
    change_settings(project.directory, {"model.classical.trees": 4})
    project = load_project(project.directory)
    run_project(project)
    return project


@pytest.fixture(scope="session")
def ran_studio(whole: Project) -> Iterator[Opened]:
    with opened(whole) as answering:
        yield answering


@pytest.fixture(scope="session")
def studio(project: Project) -> Iterator[Opened]:
    """Its studio."""
    with opened(project) as answering:
        yield answering


@pytest.fixture(scope="session")
def client(studio: Opened) -> Iterator[httpx.Client]:
    """A program that asks it."""
    with httpx.Client(base_url=studio.door.address, timeout=60) as asking:
        yield asking


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium, without a network beyond this computer."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("needs Chromium, which is not installed")
    sync_api = pytest.importorskip("playwright.sync_api")
    options = [
        "--no-sandbox",
        "--disable-gpu",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ]
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=options)
        yield started
        started.close()


@pytest.fixture
def tab(browser: Browser, studio: Opened) -> Iterator[Page]:
    """A tab of it; a page's own problems, and requests to anywhere else, fail the test."""
    yield from new_tab(browser, studio)


@pytest.fixture
def other_tab(browser: Browser, studio: Opened) -> Iterator[Page]:
    """A tab of another visitor."""
    yield from new_tab(browser, studio)


def new_tab(browser: Browser, studio: Opened) -> Iterator[Page]:
    """A visitor with a tab at the studio's address."""
    home = studio.door.address.rstrip("/")
    context = browser.new_context(base_url=home, viewport={"width": 1200, "height": 900})
    context.set_default_timeout(15_000)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    yield page
    problems = page.evaluate("document.documentElement.dataset.problems || ''")
    context.close()
    assert problems == ""
    strange = [url for url in asked if not url.startswith((home, "data:", "blob:"))]
    assert not strange, "no request leaves this computer"


@pytest.fixture(scope="session")
def leant(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Movements that are easily mistaken, by people of two hands and three ages; run and judged."""
    project = leaning(tmp_path_factory.mktemp("leant") / "leaning")
    run_until(project, Demand(until="audit"))
    return project
