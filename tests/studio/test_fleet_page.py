"""The page Fleet: what `coincell monitor report` says, of a store that is only read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from click.testing import CliRunner

from coincell.cli.main import cli
from coincell.monitor import Reference, Store
from coincell.project import Project
from coincell.studio import Opened
from living_fleet import DRIFTS, STUCK, fill
from made_fleet import device
from studio.conftest import new_tab
from studio_project import opened, tones

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

DEVICES = 8


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Reference]:
    path = tmp_path_factory.mktemp("fleet") / "fleet.db"
    return path, fill(path, DEVICES)


@pytest.fixture(scope="module")
def fleet_studio(project: Project, place: tuple[Path, Reference]) -> Iterator[Opened]:
    with opened(project, store=str(place[0])) as answering:
        yield answering


@pytest.fixture(scope="module")
def asking(fleet_studio: Opened) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=fleet_studio.door.address, timeout=60) as client:
        client.get("/fleet")
        fleet_studio.session.jobs.wait(1, 30)  # type: ignore[union-attr]
        yield client


@pytest.fixture
def fleet_tab(browser: Browser, fleet_studio: Opened) -> Iterator[Page]:
    yield from new_tab(browser, fleet_studio)


@pytest.fixture(scope="module")
def told(place: tuple[Path, Reference]) -> Any:
    """What the command line says of the same store."""
    done = CliRunner().invoke(cli, ["monitor", "report", "--store", str(place[0]), "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def rows_of(page: Page, table: str) -> list[list[str]]:
    rows = page.locator(f"#{table} tbody tr")
    return [row.locator("th, td").all_inner_texts() for row in rows.all()]


def test_the_page_says_what_the_command_says(fleet_tab: Page, told: Any) -> None:
    fleet_tab.goto("/")
    fleet_tab.get_by_role("link", name="Fleet", exact=True).press("Enter")
    fleet_tab.locator("#devices").wait_for()
    rows = rows_of(fleet_tab, "devices")
    known = {one["device"]: one for one in told["devices"]}
    assert {row[0] for row in rows} == set(known)
    for row in rows:
        one = known[row[0]]
        assert int(row[2].replace(",", "")) == one["windows"]
        assert float(row[3].split(" ")[0]) == pytest.approx(
            100 * one["estimate"]["accuracy"], abs=0.05
        )
        assert row[8].startswith("; ".join(one["troubles"]))
    troubled = [device(DRIFTS).hex(), device(STUCK).hex()]
    assert [row[0] for row in rows[:2]] == troubled, "those with troubles stand first"
    summary = fleet_tab.locator("#fleet-summary").inner_text()
    assert summary.startswith(f"{len(troubled)} of {DEVICES} devices have troubles.")
    picture = fleet_tab.locator("figure.days img")
    assert "8 devices, probably" in (picture.get_attribute("alt") or "")
    fleet_tab.locator("details summary").press("Enter")
    assert len(rows_of(fleet_tab, "days")) == 14


def test_a_device_is_opened_by_the_keyboard(fleet_tab: Page, told: Any) -> None:
    fleet_tab.goto("/fleet?find=changed")
    fleet_tab.locator("#devices tbody a").press("Enter")
    fleet_tab.get_by_role("heading", level=1).filter(has_text=device(DRIFTS).hex()).wait_for()
    one = next(each for each in told["devices"] if each["device"] == device(DRIFTS).hex())
    summary = fleet_tab.locator("#device-summary").inner_text()
    assert f"changed: {one['named']}, since" in summary
    first = fleet_tab.locator("table.drift tbody tr").first.locator("th, td").all_inner_texts()
    assert first[0] == one["furthest"]["name"]
    assert float(first[2]) == pytest.approx(one["furthest"]["psi"], abs=5e-4)
    classes = rows_of(fleet_tab, "classes")
    assert [row[0] for row in classes] == ["yes", "no", "<unknown>", "<b>silence</b>"]
    assert sum(int(row[1].replace(",", "")) for row in classes) == one["windows"]
    facts = dict(rows_of(fleet_tab, "state"))
    assert facts["Clock ahead of ours"] == f"-{DRIFTS + 1} s"


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("order=device", list(range(DEVICES))),
        ("order=device&find=00006", [6]),
        ("order=PSI&find=changed", [DRIFTS]),
        ("order=accuracy&begin=0", None),
        ("find=nobody", []),
        ("order=device&begin=6", [6, 7]),
        ("begin=999999999", []),
    ],
)
def test_devices_are_sorted_and_found(
    asking: httpx.Client, words: str, wanted: list[int] | None
) -> None:
    text = asking.get(f"/fleet?{words}").text
    table = text[text.index('id="devices"') : text.index("All together")]
    names = re.findall(r"/fleet/device/([0-9a-f]{16})\?", table)
    if wanted is None:
        assert names[0] == device(DRIFTS).hex()
    else:
        assert names == [device(number).hex() for number in wanted]


@pytest.mark.parametrize(
    "address",
    ["/fleet?order=nothing", "/fleet?begin=-1", "/fleet?begin=x", "/fleet?reference=0000",
     "/fleet/device/../../etc?reference=x", "/fleet/device/ff?reference=REFERENCE",
     "/fleet/device/%3Cscript%3E?reference=REFERENCE", "/fleet/report.html?reference=none",
     "/fleet/device/0000000000000001"],
)  # fmt: skip
def test_what_cannot_be_asked_is_told(
    asking: httpx.Client, place: tuple[Path, Reference], address: str
) -> None:
    answer = asking.get(address.replace("REFERENCE", place[1].identity))
    assert 400 <= answer.status_code < 500
    assert "<script>alert" not in answer.text
    assert "A fault of ours" not in answer.text


def test_the_report_can_be_taken_along(
    asking: httpx.Client, place: tuple[Path, Reference], tmp_path: Path
) -> None:
    answer = asking.get(f"/fleet/report.html?reference={place[1].identity}")
    assert answer.headers["content-disposition"].startswith("attachment")
    page = tmp_path / "fleet.html"
    words = ["monitor", "report", "--store", str(place[0]), "--output", str(page)]
    assert CliRunner().invoke(cli, words).exit_code == 0
    assert answer.text == page.read_text(encoding="utf-8")


def test_a_store_that_comes_grows_and_goes(tmp_path: Path) -> None:
    """As `coincell monitor` fills it while the studio is open; the studio adds nothing."""
    project = tones(tmp_path / "tones", clips=12)
    path = project.directory / "monitor.db"
    with (
        opened(project) as studio,
        httpx.Client(base_url=studio.door.address, timeout=60) as client,
    ):
        assert "monitor register" in client.get("/fleet").text
        assert not path.exists(), "looking makes no store"
        with Store(path):
            pass
        assert "monitor register" in client.get("/fleet").text
        path.unlink()
        reference = fill(path, 2, 24)
        jobs = studio.session.jobs
        assert "Reading what devices told" in client.get("/fleet").text
        jobs.wait(1, 30)
        assert "2 devices in the field" in client.get("/fleet").text
        path.unlink()
        fill(path, 3, 48)
        assert f"{3 * 48 - 2 * 24} new reports" in client.get("/fleet").text
        read = client.post(f"/fleet/read?reference={reference.identity}")
        assert read.status_code == 200
        jobs.wait(2, 30)
        assert "3 devices in the field" in client.get("/fleet").text
        before = path.read_bytes()
        client.get("/fleet")
        assert path.read_bytes() == before
        path.write_bytes(b"this is no database" * 100)
        broken = client.get("/fleet")
        assert broken.status_code == 400
        assert "cannot be used" in broken.text
        path.unlink()
        assert "monitor register" in client.get("/fleet").text
