"""Pictures and page of a run on the virtual board, from a run that is made up."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

from coincell.board import (
    Activity,
    Bounds,
    Decision,
    Session,
    Spell,
    Task,
    battery_life,
    compare_with_server,
    energy_of,
    load_battery,
    ways_to_last,
)
from coincell.firmware import load_board
from coincell.report import current, days_range, server_svg, session_html, share, timeline_svg
from coincell.report.charts.timeline import _COLUMNS, _coverage
from coincell.runtime import QuantityUnit
from report.browser import look

SVG = "{http://www.w3.org/2000/svg}"
HEARING = {"cpu": "sleep", "regulator": "dcdc", "hfclk": "crystal", "pdm": "on", "microphone": "on"}


@pytest.fixture(scope="module")
def session() -> Session:
    board, cell = load_board("nano33ble"), load_battery("cr2032")
    phases = [(1.0, HEARING), (0.5, HEARING | {"cpu": "run"}), (0.5, HEARING | {"led_red": "on"})]
    activity = Activity.of_phases(phases)
    energy = energy_of(activity, board)
    return Session(
        image="<b>evil</b>.elf",
        board=board.board.title,
        seconds=2.0,
        listened=True,
        decisions=(
            Decision(0.5, "", 0.0, -32768, "0.000"),
            Decision(1.0, "<i>yes</i>", 0.75, 16384, "0.750"),
            Decision(1.5, "no", None, 8, "raw 8"),
        ),
        serial=b"hello <script>alert(1)</script>\xff",
        spells=(
            Spell("cpu", "sleep", 0.0, 1.0), Spell("cpu", "run", 1.0, 1.5),
            Spell("cpu", "sleep", 1.5, 2.0), Spell("led_red", "on", 1.5, 2.0),
            Spell("microphone", "on", 0.0, 2.0), Spell("regulator", "dcdc", 0.0, 2.0),
        ),
        complete=True,
        resets=("<u>watchdog</u>",),
        activity=activity,
        energy=energy,
        life=battery_life(energy, cell),
        ways=ways_to_last(energy, activity, board, cell),
        notes=("a <note>",),
    )  # fmt: skip


def test_the_timeline_has_a_lane_for_what_was_on(session: Session) -> None:
    root = ET.fromstring(timeline_svg(session))
    words = [element.text for element in root.iter(f"{SVG}text")]
    assert words[:2] == ["<i>yes</i>", "no"], "decisions, silence left out"
    assert [word for word in words if word in ("core", "microphone", "light red")] == [
        "core", "microphone", "light red",
    ]  # fmt: skip
    assert "regulator" not in words
    assert "2 s" in words


def test_numbers_and_strangeness_are_told_with_their_units(session: Session) -> None:
    """Not as shares, and whether or not there is a label."""
    speed = QuantityUnit(12.5, -20, "speed", "<rpm>")
    told = tuple(
        Decision(at, "", None, raw, speed.told(raw), {"value": speed.value(raw), "unit": "<rpm>"})
        for at, raw in ((0.5, 0), (1.0, 2560))
    )
    page = session_html(replace(session, decisions=told))
    assert "<td>375 &lt;rpm&gt;</td>" in page
    assert "from 250 &lt;rpm&gt; to 375 &lt;rpm&gt;" in page
    assert '<th scope="col">value</th>' in page
    marks = [e.text for e in ET.fromstring(timeline_svg(replace(session, decisions=told))).iter()]
    assert "375 <rpm>" in marks
    words = "4 nats, strange from 3"
    figures: dict[str, float | str] = {"strangeness": 4.0, "threshold": 3.0, "unit": "nats"}
    strange = Decision(1.0, "anomaly", None, 8, words, figures)
    normal = Decision(0.5, "normal", None, 2, "1 nats, strange from 3", figures)
    page = session_html(replace(session, decisions=(normal, strange)))
    assert f"<td>{words}</td>" in page
    assert "1 anomaly, 1 normal" in page


def test_what_an_image_cannot_do_is_no_headline(session: Session) -> None:
    """How long a battery lasts while nothing is sensed is told, small."""
    days = days_range(session.life.days)
    heading = f"<h1>{days.partition(' (')[0]} on "
    assert heading in session_html(session)
    page = session_html(replace(session, listened=False, deaf="The board has no <camera>."))
    assert heading not in page
    assert "<h1>It senses nothing by itself</h1>" in page
    assert days in page
    assert "What would reach a year" not in page


def test_a_lane_is_dense_where_its_component_was_on() -> None:
    covered = _coverage([Spell("cpu", "run", 0.0, 1.0)], 4.0)
    quarter = _COLUMNS // 4
    assert set(covered[: quarter - 1]) == {4}
    assert set(covered[quarter + 1 :]) == {0}
    blips = [Spell("cpu", "run", 0.01 * i, 0.01 * i + 1e-5) for i in range(100)]
    assert set(_coverage(blips, 1.0)) == {0, 1}, "a short moment is faint, and never lost"
    assert _coverage(blips, 1.0).count(1) >= 100


def test_no_lane_has_more_boxes_than_columns() -> None:
    many = tuple(Spell("cpu", "run", i / 50_000, (i + 0.5) / 50_000) for i in range(50_000))
    covered = _coverage(many, 1.0)
    assert len(covered) == _COLUMNS + 1
    assert 0 not in covered[:-1]


def test_the_page_escapes_every_text_and_runs_nothing(session: Session, tmp_path: Path) -> None:
    page = session_html(session)
    for evil in ("<b>evil", "<i>yes", "<script", "<u>watchdog", "<note>"):
        assert evil not in page
    assert "&lt;b&gt;evil" in page
    assert "default-src 'none'" in page
    seen = look(page, tmp_path)
    assert "Content Security Policy" not in seen.problems
    assert "duty cycle" in seen.dom


def test_the_page_has_a_row_for_every_line_that_draws(session: Session) -> None:
    page = session_html(session)
    table = page[page.index('<h2 id="energy">') : page.index("</table>")]
    drawn = [line for line in session.energy.lines if line.average_a.high > 0]
    assert len(re.findall(r"<tr><th scope=\"row\">", table)) == len(drawn)
    assert "power light, as shipped" in page


def test_the_server_picture_shows_every_way() -> None:
    task = Task(32_000, 490, 0.035, 0.0845, Bounds(76, 84.5, 127))
    comparison = compare_with_server(task, load_board("nano33ble"), load_battery("2xaa"))
    root = ET.fromstring(server_svg(comparison))
    words = " ".join(element.text or "" for element in root.iter(f"{SVG}text"))
    for told in ("10.8 mW (", "2.76 GB", "42.3 MB", "1.6 kB", "85 ms (76 to 127)", "bare module"):
        assert told in words
    first = comparison.options[0].average_mw
    assert f"5.64 mW ({first.low:.3g} to {first.high:.3g})" in words
    assert f"Days on {load_battery('2xaa').title}: decided on the device " in words


def test_figures_for_people() -> None:
    assert current(3.3e-3) == "3.30 mA"
    assert current(0.81e-6) == "0.81 uA"
    assert current(0.0) == "0 uA"
    assert days_range(Bounds(21.7, 46.9, 62.7)) == "46.9 days (21.7 to 62.7)"
    assert days_range(Bounds(0.5, 1.0, 1.5)) == "24.0 hours (12.0 to 36.0)"
    assert share(0.346) == "34.6 %"
    assert share(0.0001) == "< 0.1 %"
