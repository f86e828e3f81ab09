"""The gallery: what it shows, what can be listened to, and labels corrected in it."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import numpy as np
import pytest
import soundfile

from coincell.data import corrections, read_manifest
from coincell.features import make_feature_block
from coincell.project import Project
from coincell.studio import Opened
from coincell.studio.gallery import Wanted, fitting, page_of, wanted_of
from coincell.studio.session import Session
from studio_project import opened, shaken

if TYPE_CHECKING:
    from playwright.sync_api import Page

FILE = "low/00000.wav"


def _shown(page: str) -> list[str]:
    return re.findall(r'<span class="file" title="([^"]+)"', page)


def test_filters_and_pages_agree_with_the_manifest(client: httpx.Client, project: Project) -> None:
    samples = read_manifest(project.data_directory).samples
    query = {"label": "high", "split": "train", "group.gender": "woman"}
    wished = [
        sample.file
        for sample in samples
        if (sample.label, sample.split, sample.groups["gender"]) == ("high", "train", "woman")
    ]
    assert 0 < len(wished) < 48
    assert _shown(client.get("/data/clips", params=query).text) == wished
    both = [_shown(client.get("/data/clips", params={"page": n}).text) for n in (1, 2)]
    assert both[0] + both[1] == [sample.file for sample in samples]
    assert _shown(client.get("/data", params={"text": "LOW/00003"}).text) == ["low/00003.wav"]


def test_nonsense_in_an_address_is_no_fault(client: httpx.Client) -> None:
    for query in ({"page": "x"}, {"page": "-1"}, {"page": "9" * 30}, {"page": "99"},
                  {"group.": "x"}, {"group.nothing": "x"}, {"finding": "none"}):  # fmt: skip
        assert client.get("/data", params=query).status_code == 200
    assert client.get("/data/clip", params={"file": "nothing.wav"}).status_code == 400
    assert client.get("/data/clip").status_code == 400
    assert client.get("/nothing").status_code == 404


def test_paging_is_whole() -> None:
    samples = list(range(101))
    pages = [page_of(samples, number, 10) for number in range(1, 12)]  # type: ignore[arg-type]
    assert [sample for page in pages for sample in page.samples] == samples
    assert page_of(samples, 50, 10).number == 11  # type: ignore[arg-type]
    assert page_of([], 3).pages == 1


def test_a_wish_survives_its_own_address(project: Project) -> None:
    wanted = Wanted("a&b", "test", "silent", "ü x", {"speaker": "p=1"}, 3)
    assert wanted_of(dict(httpx.QueryParams(wanted.query(3)))) == wanted
    assert not fitting(read_manifest(project.data_directory).samples, wanted, None)


def test_a_recording_can_be_heard_also_in_parts(client: httpx.Client, project: Project) -> None:
    content = (project.data_directory / FILE).read_bytes()
    whole = client.get("/data/recording", params={"file": FILE})
    assert whole.content == content
    assert whole.headers["content-type"] == "audio/wav"
    assert soundfile.info(io.BytesIO(whole.content)).samplerate == 16000
    part = client.get("/data/recording", params={"file": FILE}, headers={"Range": "bytes=44-143"})
    assert (part.status_code, part.content) == (206, content[44:144])


def test_a_thumbnail_is_the_features_of_the_device(client: httpx.Client, project: Project) -> None:
    image = pytest.importorskip("PIL.Image")
    told = client.get("/data/thumbnail", params={"file": FILE})
    pixels = np.asarray(image.open(io.BytesIO(told.content)).convert("RGB")).astype(int)
    configuration = project.configuration
    block = make_feature_block(configuration.features, configuration.data.form)
    samples, _ = soundfile.read(project.data_directory / FILE, dtype="int16")
    values = block.compute(samples[np.newaxis])[0]
    assert pixels.shape[:2] == values.T.shape
    loudest = np.unravel_index(values.argmax(), values.shape)
    yellow = pixels[values.shape[1] - 1 - loudest[1], loudest[0]]
    assert yellow.tolist() == [253, 231, 37], "the strongest value has the last colour"
    assert "immutable" in told.headers["cache-control"]


def test_thumbnails_are_kept_by_content(client: httpx.Client, project: Project) -> None:
    client.get("/data/thumbnail", params={"file": FILE})
    sample = next(s for s in read_manifest(project.data_directory).samples if s.file == FILE)
    (kept,) = (project.build_directory / "studio").rglob(f"{sample.sha256}.png")
    before = kept.stat().st_mtime_ns
    client.get("/data/thumbnail", params={"file": FILE})
    assert kept.stat().st_mtime_ns == before


def test_readings_are_drawn_as_lines(tmp_path: Path) -> None:
    with opened(shaken(tmp_path / "p")) as studio:
        page = httpx.get(f"{studio.door.address}data").text
    assert page.count('<svg class="traces"') == 48
    assert "Readings over the window: x from" in page


def test_the_manifest_is_read_again_only_when_it_changed(project: Project) -> None:
    session = Session(project)
    first = session.holdings()
    assert session.holdings() is first
    session.close()


def test_a_form_that_is_none_is_refused(client: httpx.Client) -> None:
    for body in (b"%", b"\xff\xfe", b"a" * 1000, b"&".join([b"a=b"] * 500)):
        assert client.post("/data/label", content=body).status_code in (400, 403)
    assert client.post("/data/undo", data={"number": "x"}).status_code == 400


def test_a_page_is_looked_at_filtered_and_listened_to(tab: Page) -> None:
    tab.goto("/data")
    assert tab.locator(".card").count() == 48
    tab.get_by_label("Label", exact=True).select_option("low")
    tab.get_by_role("status").filter(has_text="24 recordings").wait_for()
    card = tab.locator(".card").first
    width = card.locator("img").evaluate(
        "async (image) => (await image.decode(), image.naturalWidth)"
    )
    assert width > 10
    sound = card.locator("audio")
    played = sound.evaluate(
        "(sound) => new Promise((done) => { sound.onloadedmetadata = () => done(sound.duration);"
        " sound.load(); sound.preload = 'auto'; })"
    )
    assert played == pytest.approx(1.0, abs=0.01)
    card.get_by_role("link").click()
    tab.get_by_role("heading", level=1).filter(has_text=FILE).wait_for()
    assert tab.locator("svg.traces").count() == 1


def test_two_browsers_lose_nothing_and_the_later_one_is_told(
    tab: Page, other_tab: Page, studio: Opened, project: Project
) -> None:
    for visitor in (tab, other_tab):
        visitor.goto(f"/data?text={FILE}")
    made = len(corrections(project))
    tab.get_by_label(f"Label of {FILE}").select_option("high")
    tab.locator("#history li").filter(has_text=FILE).first.wait_for()
    other_tab.get_by_label(f"Label of {FILE}").select_option("middle")
    told = other_tab.get_by_role("alert").filter(has_text="somebody else changed it")
    told.wait_for()
    label = {s.file: s.label for s in read_manifest(project.data_directory).samples}
    assert label[FILE] == "high", "the earlier change stands"
    told.get_by_role("button", name="Make it middle all the same").click()
    other_tab.locator("#notice .card").wait_for()
    label = {s.file: s.label for s in read_manifest(project.data_directory).samples}
    assert label[FILE] == "middle"
    assert len(corrections(project)) == made + 2, "both stand in the history"
    for number in (made + 2, made + 1):
        tab.goto("/data")
        # By key: cards take their size when they come into view, which can move a click's target.
        tab.get_by_role("button", name=f"Undo correction {number}", exact=True).press("Enter")
        tab.locator("#history").get_by_text(f"takes back number {number}").wait_for()
    label = {s.file: s.label for s in read_manifest(project.data_directory).samples}
    assert label[FILE] == "low"


def test_recordings_are_checked_behind_the_page(tab: Page, project: Project) -> None:
    stray = project.data_directory / "low" / "stray.wav"
    stray.write_bytes((project.data_directory / FILE).read_bytes())
    try:
        tab.goto("/data")
        tab.get_by_role("button", name="Check every recording").click()
        tab.locator("#job-check[data-state=done]").wait_for()
        tab.locator("#findings summary").wait_for()
        tab.locator("#findings summary").click()
        assert "Files in the data folder" in tab.locator("#findings").inner_text()
    finally:
        stray.unlink()


def test_all_can_be_reached_by_keyboard(tab: Page) -> None:
    tab.goto(f"/data?text={FILE}")
    reached = set()
    for _ in range(24):
        tab.keyboard.press("Tab")
        reached.add(tab.evaluate(
            "(() => { const e = document.activeElement;"
            " return e.name || e.getAttribute('href') || e.tagName; })()"
        ))  # fmt: skip
    assert {"#content", "/whatif", "label", "split", "group.gender", "AUDIO"} <= reached


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_in_both_schemes(tab: Page, scheme: str) -> None:
    tab.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    tab.goto("/data")
    ink, paper = tab.evaluate(
        "(() => { const s = getComputedStyle(document.body); return [s.color, s.backgroundColor];"
        " })()"
    )
    assert _contrast(ink, paper) > 7


def _contrast(*colours: str) -> float:
    lights = []
    for colour in colours:
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        lights.append(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])
    return (max(lights) + 0.05) / (min(lights) + 0.05)
