"""The page "What if": every sample as a point, one of them under edits, and what is near it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest
import soundfile

from coincell.pipeline import Demand, predict_files, run_until
from coincell.project import Project
from coincell.studio import Opened
from studio.conftest import new_tab
from studio_project import opened, tones

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page, Route

pytest.importorskip("sklearn")


@pytest.fixture(scope="module")
def explored(ran: Project) -> Iterator[Opened]:
    """A studio whose model is open."""
    with opened(ran) as studio:
        with httpx.Client(base_url=studio.door.address, timeout=60) as asking:
            asking.post("/whatif/open")
        job = studio.session.jobs.latest("model")
        assert job is not None
        ended = studio.session.jobs.wait(job.number, 120)
        assert ended is not None
        assert ended.state == "done", ended
        yield studio


@pytest.fixture
def page(browser: Browser, explored: Opened) -> Iterator[Page]:
    """The page, drawn."""
    for tab in new_tab(browser, explored):
        tab.goto("/whatif")
        tab.locator("html[data-drawn]").wait_for()
        yield tab


@pytest.fixture(scope="module")
def asking(explored: Opened) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=explored.door.address, timeout=60) as client:
        yield client


def _shows(place: Locator, words: str) -> None:
    """Wait until a place shows these words."""
    from playwright.sync_api import expect

    expect(place).to_have_text(words)


def _slide(page: Page, name: str, value: float) -> dict[str, Any]:
    """Move a slider as a hand would, and wait for its answer."""
    with page.expect_response(lambda answer: "/whatif/ask" in answer.url) as told:
        page.locator(f"#edit-{name}").evaluate(
            "(field, value) => { field.value = value;"
            " field.dispatchEvent(new Event('input', { bubbles: true }));"
            " field.dispatchEvent(new Event('change', { bubbles: true })); }",
            value,
        )
    answer: dict[str, Any] = told.value.json()
    _shows(page.locator("#scores .int8 span").first, f"{answer['int8'][0]:.3f}")
    return answer


def test_an_edit_tells_new_scores_and_features_at_once(page: Page, ran: Project) -> None:
    before = page.locator("#features").get_attribute("src")
    name = page.locator(".sample").get_attribute("data-name") or ""
    told = predict_files(ran, [ran.data_directory / name], "int8")[0]
    said = page.locator("#scores tbody tr").evaluate_all(
        "(rows) => rows.map((r) => [r.dataset.name, Number(r.querySelector('span').textContent)])"
    )
    assert dict(said) == pytest.approx(told.scores, abs=6e-4)
    assert page.locator("#decision").inner_text() == told.label == "high"
    answer = _slide(page, "pitch", -12)
    assert answer["milliseconds"] > 0
    _slide(page, "pitch", -12)
    assert page.locator("#features").get_attribute("src") != before
    assert page.locator("#features-before").get_attribute("src") == before
    page.get_by_role("button", name="As it was").click()
    page.locator(f"#features[src='{before}']").wait_for()
    assert page.locator("#decision").inner_text() == "high"


def test_the_decision_changes_with_the_recording(page: Page) -> None:
    answer = _slide(page, "snr_db", -10)
    assert answer["decision"] != "high"
    assert page.locator("#decision.changed").inner_text() == answer["decision"]
    sound = page.locator("#edited-sound").get_attribute("src") or ""
    assert "snr_db" in sound


def test_points_can_be_drawn_coloured_and_sorted_into_bins(page: Page) -> None:
    canvas = page.locator("#scatter")
    assert canvas.get_attribute("data-points") == "24"
    page.get_by_label("Preset").select_option("confusion")
    cells = page.locator("#counts tbody td").evaluate_all("(c) => c.map((x) => +x.textContent)")
    assert sum(cells) == 24
    page.get_by_label("Colour", exact=True).select_option("group.gender")
    assert page.locator("#legend li").all_inner_texts() == ["man", "woman"]
    page.get_by_label("Bins across", exact=True).select_option("")
    page.get_by_label("Bins down", exact=True).select_option("")
    page.locator("#points summary").click()
    lines = page.locator("#counts tbody tr").all_inner_texts()
    assert [line.split() for line in lines] == [["man", "12"], ["woman", "12"]]
    assert "24 samples as points" in (canvas.get_attribute("aria-label") or "")


def test_a_point_is_chosen_by_mouse_and_by_keys(page: Page) -> None:
    page.get_by_label("Across", exact=True).select_option("level")
    page.get_by_label("Up", exact=True).select_option("truth")
    canvas = page.locator("#scatter")
    first = canvas.get_attribute("data-chosen")
    canvas.focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
    chosen = canvas.get_attribute("data-chosen")
    assert chosen != first
    page.keyboard.press("Enter")
    page.locator(f".sample[data-source='{chosen}']").wait_for()
    name = page.locator(".sample").get_attribute("data-name") or ""
    assert name in page.locator("#told-point").inner_text()
    assert page.locator(".sample h2").inner_text() == name


def test_what_is_near_and_otherwise(page: Page, explored: Opened) -> None:
    page.get_by_role("button", name="Nearest counterfactual").click()
    box = page.locator("#neighbours [data-norm=L2]")
    box.wait_for()
    assert "decided" in box.inner_text()
    button = box.locator("p button")
    source = button.get_attribute("data-choose") or ""
    explorer = explored.session.explorer
    assert explorer is not None
    rows, own = explorer.rows("test"), page.locator(".sample").get_attribute("data-source")
    features = explorer.ready.features[int(own or 0)]
    far = explorer.distances("test", features, "L2")
    other = explorer.labels[rows] != explorer.labels[int(own or 0)]
    assert int(source) == rows[other][np.argmin(far[other])]
    button.click()
    page.locator(f".sample[data-source='{source}']").wait_for()
    page.get_by_role("button", name="Colour by distance L1").click()
    page.locator("#axis-colour option[value=far_L1]").wait_for(state="attached")
    assert page.locator("#axis-x").input_value() == "far_L1"


def test_partial_dependence_and_attribution_are_drawn(page: Page) -> None:
    page.get_by_role("button", name="Partial dependence on Gain").click()
    charts = page.locator("#dependence svg.curves")
    charts.first.wait_for()
    assert charts.count() == 2
    assert "Gain (dB)" in (charts.first.get_attribute("aria-label") or "")
    assert page.locator("#dependence table").first.locator("tbody tr").count() == 13
    page.get_by_role("button", name="What spoke for it?").click()
    image = page.locator("#attribution img")
    image.wait_for()
    width = image.evaluate("async (image) => (await image.decode(), image.naturalWidth)")
    assert width > 10


def test_a_run_from_another_page_has_the_model_looked_for_again(tmp_path: Path) -> None:
    with (
        opened(tones(tmp_path / "tones")) as studio,
        httpx.Client(base_url=studio.door.address, timeout=60) as asking,
    ):
        asking.post("/whatif/open")
        jobs = studio.session.jobs
        failed = jobs.latest("model")
        assert failed is not None
        jobs.wait(failed.number, 60)
        looks = 'hx-post="/whatif/open" hx-trigger="load"'
        assert looks not in asking.get("/whatif").text
        jobs.wait(jobs.start("run", "As from Board", lambda progress: None).number, 60)
        assert looks in asking.get("/whatif").text


def test_of_two_questions_the_last_ones_answer_stays(page: Page) -> None:
    held: list[Route] = []
    page.route("**/whatif/dependence?*edit=gain_db*", lambda route: held.append(route))
    for name in ("Gain", "Shift"):
        page.get_by_role("button", name=f"Partial dependence on {name}").press("Enter")
    title = page.locator("#dependence h3")
    title.filter(has_text="Shift").wait_for()
    with page.expect_response("**/whatif/dependence?*edit=gain_db*") as answer:
        held[0].continue_()
    answer.value.finished()
    page.evaluate("() => new Promise((done) => setTimeout(done, 50))")
    assert "Shift" in title.inner_text()
    assert page.locator("[aria-busy]").count() == 0


def test_a_recording_of_ones_own_is_tried(page: Page, ran: Project) -> None:
    path = ran.data_directory / "low" / "00000.wav"
    page.get_by_label("Try another recording").set_input_files(path)
    page.locator(".sample[data-source^=own]").wait_for()
    assert page.locator("#decision").inner_text() == "low"
    page.get_by_label("Try another recording").set_input_files(
        {"name": "broken.wav", "mimeType": "audio/wav", "buffer": b"RIFF nothing"}
    )
    page.get_by_role("alert").filter(has_text="not a readable").wait_for()
    assert page.locator(".sample").get_attribute("data-name") == "00000.wav"


def test_the_edited_sound_is_what_was_asked(asking: httpx.Client) -> None:
    both = [
        soundfile.read(io.BytesIO(asking.get("/whatif/sound", params=query).content), dtype="int16")
        for query in ({"source": "0"}, {"source": "0", "edits": '{"gain_db": -20}'})
    ]
    assert both[0][1] == 16000
    assert np.abs(both[0][0] / 10.0 - both[1][0]).max() <= 0.5


HOSTILE: list[tuple[str, Any]] = [
    ("{", None),
    ("[]", None),
    ("[" * 100_000, None),
    ('{"source": "0", "edits": []}', None),
    ('{"source": "0", "edits": {"gain_db": 1e999}}', None),
    ('{"source": "0", "edits": {"../x": 1}}', None),
    ('{"source": {"a": 1}}', None),
    ('{"source": "0", "edits": {"gain_db": NaN}}', None),
]


@pytest.mark.parametrize("body", [body for body, _ in HOSTILE])
def test_what_makes_no_sense_is_refused_in_words(asking: httpx.Client, body: str) -> None:
    answer = asking.post("/whatif/ask", content=body, headers={"Accept": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["error"]


@pytest.mark.parametrize(
    "path",
    ["/whatif/sample?source=99999", "/whatif/dependence?source=0&edit=x",
     "/whatif/sound?source=0&edits=x", "/whatif/neighbours?source=no"],
)  # fmt: skip
def test_an_address_that_makes_no_sense_is_refused(asking: httpx.Client, path: str) -> None:
    answer = asking.get(path)
    assert answer.status_code == 400
    assert "Traceback" not in answer.text


def test_a_recording_too_large_is_refused(asking: httpx.Client, page: Page) -> None:
    try:
        answer = asking.post("/whatif/recording?name=x.wav", content=b"x" * ((64 << 20) + 1))
        assert answer.status_code == 413
    except httpx.TransportError:
        pass  # cut off before all was sent
    limit = page.get_by_label("Try another recording").get_attribute("data-most")
    assert limit == str(64 << 20), "the page says so without sending anything"


def test_every_score_of_every_sample_is_told(asking: httpx.Client, explored: Opened) -> None:
    told = asking.get("/whatif/points", params={"split": "all"}).json()
    explorer = explored.session.explorer
    assert explorer is not None
    column = next(one for one in told["columns"] if one["name"] == "int8.high")
    assert column["values"] == pytest.approx(explorer.scores[:, 2].tolist(), rel=1e-3)
    json.dumps(told, allow_nan=False)


def test_without_a_model_a_run_is_offered_and_can_be_stopped(
    browser: Browser, tmp_path: Path
) -> None:
    project = tones(tmp_path / "p", clips=36)
    with opened(project) as studio:
        for tab in new_tab(browser, studio):
            tab.goto("/whatif")
            tab.get_by_role("button", name="Run the project").click()
            tab.get_by_role("button", name="Stop").click()
            tab.get_by_role("button", name="Run the project").wait_for()
            ended = studio.session.jobs.latest("run")
            assert ended is not None
            assert ended.state == "stopped"
            run_until(project, Demand(until="quantize"))
            tab.get_by_role("button", name="Look again").click()
            tab.locator("#scatter[data-points='12']").wait_for()
