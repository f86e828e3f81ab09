"""From a measured image to the report's figures of energy: a live run, and the duty model."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coincell.board import Activity, VirtualBoard, listening_activity, measure
from coincell.board.energy import energy_of
from coincell.board.sensed import why_deaf
from coincell.firmware import Application, Image, build_image, load_board
from coincell.pipeline.board_part import _energy_figures
from coincell.pipeline.energy_facts import energy_facts
from coincell.pipeline.reporting import _senses_nothing
from coincell.project import parse_configuration
from coincell.report import BoardPart, render_html
from coincell.report.tiles import tiles_of
from exporting_senses import MOTION, sensing, windows_of
from report.sample_report import board, sample_report
from stand_in import random_windows, stand_in_application
from tiny_project import TOML


@pytest.fixture(scope="module")
def application() -> Application:
    return stand_in_application()


@pytest.fixture(scope="module")
def image(application: Application, tmp_path_factory: pytest.TempPathFactory) -> Image:
    return build_image(application, load_board("nano33ble"), tmp_path_factory.mktemp("image"))


def facts_of(image: Image, application: Application, toml: str = TOML) -> dict[str, Any]:
    windows = random_windows(3, seed=2)
    with VirtualBoard(image) as virtual:
        cost = measure(virtual, application, windows[0])
        found = energy_facts(
            virtual, application, cost, parse_configuration(toml), windows.reshape(-1)
        )
    assert found is not None
    again: dict[str, Any] = json.loads(json.dumps(found))
    return again | {"cycles": cost.cycles, "latency_ms": cost.latency_ms}


def test_a_live_run_becomes_the_report_s_figures(image: Image, application: Application) -> None:
    facts = facts_of(image, application)
    assert facts["live"]
    assert 0 < facts["core_share"] < 0.5
    figures = _energy_figures(facts)
    board = BoardPart(name="nano33ble", clock_hz=64_000_000, **figures)
    assert board.energy is not None
    assert board.energy_uj == pytest.approx(facts["cycles"] * 3.3e-3 * 3 / 64)
    assert board.average_mw == pytest.approx(3000 * board.energy.average_a)
    assert sum(line.average_a for line in board.energy.lines) == pytest.approx(
        board.energy.average_a
    )
    assert "power light" in {line.name for line in board.energy.lines}, "as shipped by default"
    assert [way.name for way in board.energy.server] == ["decisions", "features", "raw"]
    assert board.energy.server[2].bytes_a_day == 32_000 * 86_400
    assert board.battery_days_range is not None
    assert board.battery_days_range[0] < (board.battery_days or 0) < board.battery_days_range[1]
    assert "CR2032" in board.energy.battery


def test_a_usb_image_is_counted_on_its_battery_with_the_cable_pulled(
    application: Application, image: Image, tmp_path: Path
) -> None:
    usb = build_image(application, load_board("nano33ble"), tmp_path, link="usb")
    facts, wired = facts_of(usb, application), facts_of(image, application)
    assert facts["live"]
    states = {(line["component"], line["state"]): line for line in facts["lines"]}
    assert not any(state != "off" for component, state in states if component == "usbd")
    assert states["microphone", "on"]["time_share"] == pytest.approx(1, abs=0.01)
    assert facts["average_a"]["typical"] == pytest.approx(wired["average_a"]["typical"], rel=0.05)


def test_battery_and_module_are_the_project_s_to_choose(
    image: Image, application: Application
) -> None:
    chosen = TOML.replace("clips = 5", 'clips = 5\nbattery = "2xaa"\nas_shipped = false')
    facts = facts_of(image, application, chosen)
    assert "AA" in facts["battery"]
    assert not facts["as_shipped"]
    assert "power light" not in {line["component"] for line in facts["lines"]}


def test_without_a_microphone_of_that_rate_a_duty_model_stands_in(
    image: Image, application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coincell.pipeline.energy_facts.live_activity", lambda *_: None)
    facts = facts_of(image, application)
    assert not facts["live"]
    duty = facts["latency_ms"] / 250
    expected = energy_of(listening_activity(duty), load_board("nano33ble"))
    assert facts["average_mw"]["typical"] == pytest.approx(expected.average_mw.typical)


def test_an_image_that_senses_nothing_tells_why_and_headlines_no_battery(tmp_path: Path) -> None:
    """Channels that the board's sensor does not give."""
    chain = sensing("gesture")
    assert chain.channels is not None
    names = ("x", "y", "z", "w")
    chain = replace(chain, channels=replace(chain.channels, names=names))
    image = build_image(chain, load_board("nano33ble"), tmp_path)
    with VirtualBoard(image) as virtual:
        deaf = why_deaf(virtual)
        cost = measure(virtual, chain, windows_of(MOTION, 1)[0])
        configuration = parse_configuration(TOML)
        found = energy_facts(virtual, chain, cost, configuration, windows_of(MOTION, 3).ravel())
    assert found is not None
    assert not found["live"]
    assert found["senses_nothing"] == deaf
    assert "data.channels are x, y, z, w" in deaf
    figures = _energy_figures(json.loads(json.dumps(found)))
    report = sample_report(board=board() | figures | {"energy": figures["energy"].model_dump()})
    assert "data.channels are x, y, z, w" in render_html(report)
    silent, speaking = tiles_of(report), tiles_of(sample_report())
    terms = {"Battery life", "Average power"}
    assert terms <= {tile.term for tile in speaking}
    assert not terms & {tile.term for tile in silent}
    assert _senses_nothing(sample_report()) == []
    assert deaf in _senses_nothing(report)[0]


def test_a_board_without_currents_has_no_energy(
    image: Image, application: Application, tmp_path: Path
) -> None:
    del tmp_path
    with VirtualBoard(image) as virtual:
        cost = measure(virtual, application, random_windows(1, seed=2)[0])
        virtual.board = virtual.board.model_copy(update={"currents": None})
        silent = np.zeros(16_000, np.int16)
        configuration = parse_configuration(TOML)
        assert energy_facts(virtual, application, cost, configuration, silent) is None
    assert _energy_figures(None) == {}


def test_where_silence_rests_the_network_silence_is_the_cascades_floor(
    image: Image, application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[bool] = []

    def live(_virtual: object, sound: np.typing.NDArray[np.int16]) -> Activity:
        heard.append(bool(sound.any()))
        return listening_activity(0.2 if sound.any() else 0.01)

    monkeypatch.setattr("coincell.pipeline.energy_facts.live_activity", live)
    waking = TOML.replace("threshold = 0.3", "threshold = 0.3\nwake_dbfs = -50.0")
    facts = facts_of(image, application, waking)
    assert heard == [True, False]
    cascade = next(way for way in facts["ways"] if way["name"] == "cascade")
    floor = energy_of(listening_activity(0.01), load_board("nano33ble")).average_a
    assert cascade["floor_a"]["typical"] == pytest.approx(floor.typical)
