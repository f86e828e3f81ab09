"""A run of an image from outside: what it decides, says, lights and takes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from board.bare import START
from coincell.board import (
    Decision,
    Request,
    Session,
    Spell,
    VirtualBoard,
    listening_task,
    live_activity,
    load_battery,
    measure,
    open_image,
    run_session,
)
from coincell.board.measurement import measure_image
from coincell.board.on_battery import activity_on_battery
from coincell.board.session import spells_of
from coincell.board.stream import stream_events
from coincell.errors import BoardError
from coincell.firmware import (
    Application,
    Image,
    build_image,
    device_sources,
    link_image,
    load_board,
)
from coincell.project import DecisionSettings
from stand_in import StandInNetwork, stand_in_application

SLEEPER = """
void image_main(void);
void image_main(void)
{
    *(volatile uint32_t *)0x50000518 = 1u << 13; /* P0.13, the light, an output */
    *(volatile uint32_t *)0x50000508 = 1u << 13;
    for (;;) {
        __asm volatile("wfi");
    }
}
"""


def request(seconds: float, seed: int = 3, as_shipped: bool = False) -> Request:
    sound = np.random.default_rng(seed).integers(-9000, 9000, 16_000).astype(np.int16)
    return Request(load_board("nano33ble"), seconds, sound, load_battery("cr2032"), as_shipped)


def test_states_get_a_begin_and_an_end() -> None:
    changes = [(0.0, "cpu", "run"), (0.0, "led_red", "off"), (0.5, "cpu", "sleep"),
               (0.5, "cpu", "run"), (0.75, "led_red", "on")]  # fmt: skip
    assert spells_of(changes, 1.0) == (
        Spell("cpu", "run", 0.0, 0.5),
        Spell("cpu", "run", 0.5, 1.0),
        Spell("led_red", "off", 0.0, 0.75),
        Spell("led_red", "on", 0.75, 1.0),
    )


def test_the_server_s_side_is_reckoned_from_the_run(
    session: tuple[Session, list[Decision]], image: Image, application: Application
) -> None:
    """The core's share is this run's, the answer's delay that of the same window counted apart."""
    run, _ = session
    assert run.server is not None
    ways = {option.name: option for option in run.server.options}
    assert list(ways) == ["decisions", "features", "raw"]
    assert ways["raw"].bytes_a_day == 32_000 * 86_400
    per_second = np.prod(application.features.shape) / (1600 / 16_000)
    assert ways["features"].bytes_a_day == pytest.approx(per_second * 86_400)
    with VirtualBoard(image) as virtual:
        cost = measure(virtual, application, request(2.0).sound[:1600])
    assert ways["decisions"].delay_ms.typical == pytest.approx(cost.latency_ms)
    features = next(part for part in cost.layers if part.name == "features")
    alone = measure_features(image, application.name, request(2.0).sound[:1600])
    assert alone == (features.cycles_flash, cost.cycles_flash)
    task = listening_task(run.cpu_duty, cost, 0.1, application.hop_samples / 16_000, 0)
    assert task.chain_share == run.cpu_duty > task.features_share > 0
    radio = ways["decisions"].radio_mw
    beside = ("led_", "uarte")
    own_a = sum(
        line.average_a.typical for line in run.energy.lines if not line.component.startswith(beside)
    )
    assert ways["decisions"].average_mw.typical - radio == pytest.approx(
        1000 * run.energy.supply_v * own_a, rel=0.05
    ), "the run's own power, but for its serial line and light"


def measure_features(image: Image, name: str, window: np.ndarray[Any, Any]) -> tuple[int, int]:
    with VirtualBoard(image) as virtual:
        cost = measure_image(virtual, name, window)
    assert [part.name for part in cost.layers] == ["features", "network", "decision", "dispatch"]
    return cost.layers[0].cycles_flash, cost.cycles_flash


@pytest.fixture(scope="module")
def session(image: Image) -> tuple[Session, list[Decision]]:
    told: list[Decision] = []
    with VirtualBoard(image) as virtual:
        known = open_image(image.elf)
        return run_session(known, "it.elf", request(2.0), virtual, told.append), told


def test_a_listening_image_decides_as_its_stream_does(
    session: tuple[Session, list[Decision]], image: Image
) -> None:
    found, told = session
    heard = np.zeros(32_000, np.int16)
    heard[:16_000] = request(2.0).sound
    with VirtualBoard(image) as virtual:
        events = list(stream_events(virtual, heard))
    labels = open_image(image.elf).description["labels"]
    assert found.listened
    assert [(d.at_s, d.label, d.score_raw) for d in found.decisions] == [
        (e.samples / 16_000, labels[e.label] if e.label >= 0 else "", e.score) for e in events
    ]
    unit = stand_in_application().score_unit
    assert [d.score for d in found.decisions] == [unit.share(e.score) for e in events]
    assert told == list(found.decisions)


def test_a_run_that_ends_before_the_first_decision_says_so(image: Image) -> None:
    """A window of 100 ms, and 20 in which the microphone settles."""
    with VirtualBoard(image) as virtual:
        file = open_image(image.elf)
        short = run_session(file, "firmware.elf", request(0.1), virtual)
        virtual.restart()
        long = run_session(file, "firmware.elf", request(0.5), virtual)
    assert not short.decisions
    assert any("has not decided yet" in note and "0.1 s" in note for note in short.notes)
    assert long.decisions
    assert not any("has not decided" in note for note in long.notes)


def test_the_report_s_activity_is_as_long_as_the_sound(image: Image) -> None:
    """Over the UART, too, where decisions are told meanwhile."""
    with VirtualBoard(image) as virtual:
        activity = live_activity(virtual, request(1.0).sound)
    assert activity
    assert activity.seconds == pytest.approx(1.0, rel=1e-3)


def test_its_energy_is_that_of_a_board_that_hears_all_the_time(
    session: tuple[Session, list[Decision]],
) -> None:
    found, _ = session
    by_name = {(line.component, line.state): line for line in found.energy.lines}
    assert found.seconds == pytest.approx(2, rel=1e-3), "as long as was asked, and no longer"
    assert by_name["microphone", "on"].seconds == pytest.approx(found.seconds, rel=0.01)
    assert by_name["cpu", "run"].seconds == pytest.approx(found.cpu_duty * found.seconds)
    assert 0 < found.cpu_duty < 0.5
    assert found.energy.average_a.typical > 1.5e-3, "microphone, its interface and its clock"
    assert found.life.days.typical < 10
    assert not found.energy.as_shipped
    assert "microphone" in found.energy.dominant
    assert [way.name for way in found.ways] == ["duty cycle", "wake on motion", "cascade"]
    assert found.complete
    assert not found.resets


def test_over_usb_it_decides_alike_and_its_energy_is_that_without_the_cable(
    session: tuple[Session, list[Decision]], application: Application, tmp_path: Path
) -> None:
    image = build_image(application, load_board("nano33ble"), tmp_path, link="usb")
    moves: list[tuple[int, int]] = []
    with VirtualBoard(image) as virtual:
        known, asked = open_image(image.elf), request(2.0)
        found = run_session(
            known, "it", asked, virtual, progress=lambda done, of: moves.append((done, of))
        )
        assert virtual.usb()["state"] == "configured", "the cable is in again"
    wired, _ = session
    assert found.decisions == wired.decisions
    assert found.seconds == pytest.approx(2, rel=0.001)
    assert not [s for s in found.spells if s.component == "usbd" and s.state != "off"]
    assert {s.state for s in found.spells if s.component == "microphone"} == {"on"}
    lit = [(s.begin_s, s.end_s) for s in found.lights]
    assert len(lit) == len([s for s in wired.lights if s.begin_s < 2])
    dark = [
        sum(line.average_a.typical for line in run.energy.lines if "led" not in line.component)
        for run in (found, wired)
    ]
    assert dark[0] == pytest.approx(dark[1], rel=0.05)
    assert moves == sorted(moves)
    assert moves[0][0] > 0, "what is learned first is told, too"
    assert [move for move in moves if move[0] < 1500], moves
    assert moves[-1] == (5500, 5500), "milliseconds: learning, and 2 s twice"


def test_samples_lost_with_the_cable_pulled_are_told(tmp_path: Path) -> None:
    slow = "for (volatile int i = 0; i < 400000; i++) { }"
    application = replace(
        stand_in_application(StandInNetwork(invoke=slow)),
        decision=DecisionSettings(smoothing_windows=3, threshold=0.0, hop_ms=20),
    )
    image = build_image(application, load_board("nano33ble"), tmp_path, link="usb")
    with VirtualBoard(image) as virtual, pytest.raises(BoardError, match=r"lost .* samples"):
        activity_on_battery(virtual, request(4.0).sound)


def test_waits_for_constants_are_in_the_core_s_time(image: Image) -> None:
    with VirtualBoard(image) as virtual:
        learned = run_session(open_image(image.elf), "it", request(1.0), virtual)
    with VirtualBoard(image) as virtual:
        list(stream_events(virtual, request(1.0).sound))
        report, _ = virtual.activity()
    plain = report["cycles"]["cpu"]["run"] / (report["now"] - report["begun"])
    assert learned.cpu_duty > 1.02 * plain


@pytest.fixture(scope="module")
def sleeper(tmp_path_factory: pytest.TempPathFactory) -> Image:
    memory = {"firmware/memory.c": device_sources("firmware")["firmware/memory.c"]}
    sources = {"start.c": START, "main.c": "#include <stdint.h>\n" + SLEEPER, **memory}
    folder = tmp_path_factory.mktemp("sleeper")
    return link_image(sources | device_sources("freestanding"), load_board("nano33ble"), folder)


def test_an_image_that_never_speaks_is_told_so_and_measured_all_the_same(sleeper: Image) -> None:
    with VirtualBoard(sleeper) as virtual:
        found = run_session(None, "sleeper", request(0.5), virtual)
    assert not found.listened
    assert not found.serial
    assert any("never spoke" in note for note in found.notes)
    assert [spell.component for spell in found.lights] == ["led_builtin"]
    assert found.lights[0].end_s == pytest.approx(0.5)
    assert found.cpu_duty == 0
    assert {line.component for line in found.energy.lines} >= {"cpu", "led_builtin"}


def test_an_image_of_another_kind_is_no_image_of_ours(sleeper: Image) -> None:
    with pytest.raises(BoardError, match="no symbol"):
        open_image(Path(sleeper.elf))
