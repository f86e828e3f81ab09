"""Every board: a model is compiled and run for it; what it cannot do is said."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from board.bare import link_bare
from coincell.board import BoardClient, VirtualBoard, energy_of, live_activity, measure_model
from coincell.cli.main import cli
from coincell.compiler import CompileOptions, compile_model, interpret, target_of_core
from coincell.errors import BoardError
from coincell.firmware import (
    Application,
    Board,
    HostLibrary,
    board_names,
    build_host_library,
    build_image,
    load_board,
    parse_board,
    wiring,
)
from compiler.networks import Network
from stand_in import WINDOW_SAMPLES, stand_in_application

LATENCY = """
[latency]
flash_load_wait_cycles = 1
range_factor = [1.0, 1.0]
model = "a"
error = "b"
"""
BOARDS = [load_board(name) for name in board_names()]
FLASHED = [board for board in BOARDS if board.runs_firmware]
OTHERS = [board for board in BOARDS if not board.runs_firmware]


def name_of(board: Board) -> str:
    return board.name


@pytest.fixture(scope="module")
def application() -> Application:
    return stand_in_application()


@pytest.fixture(scope="module")
def host(application: Application) -> HostLibrary:
    return build_host_library(application)


@pytest.mark.parametrize("board", FLASHED, ids=name_of)
def test_the_firmware_decides_on_every_nrf52840_as_on_the_host(
    board: Board, application: Application, host: HostLibrary, tmp_path: Path
) -> None:
    image = build_image(application, board, tmp_path, link="uart")
    window = np.random.default_rng(3).integers(-9000, 9000, WINDOW_SAMPLES).astype(np.int16)
    with VirtualBoard(image) as virtual:
        chain = BoardClient(virtual).process(window)
    expected = host.process(window[None])
    np.testing.assert_array_equal(chain.scores, expected.scores[0])
    assert chain.label == expected.labels[0]


def test_a_line_on_other_pins_than_the_board_has_is_a_fault(
    application: Application, tmp_path: Path
) -> None:
    nano, xiao = load_board("nano33ble"), load_board("xiao-sense")
    elsewhere = nano.model_copy(update={"pins": xiao.pins})
    image = build_image(application, elsewhere, tmp_path, link="uart")
    with pytest.raises(BoardError, match="pins"):
        VirtualBoard(image, nano)


@pytest.mark.parametrize("board", FLASHED, ids=name_of)
def test_the_energy_of_a_listening_board_is_known(
    board: Board, application: Application, tmp_path: Path
) -> None:
    """Every state that the firmware brings about has a current, its light and microphone too."""
    image = build_image(application, board, tmp_path, link="uart")
    sound = np.random.default_rng(4).integers(-9000, 9000, 16_000).astype(np.int16)
    with VirtualBoard(image) as virtual:
        activity = live_activity(virtual, sound)
    assert activity is not None
    assert activity.share("microphone", "on") > 0.9
    assert activity.share("led_builtin", "on") > 0, "something was decided"
    lines = {(line.component, line.state) for line in energy_of(activity, board).lines}
    assert {("microphone", "on"), ("led_builtin", "on"), ("cpu", "run")} <= lines


@pytest.mark.parametrize("board", OTHERS, ids=name_of)
def test_a_board_without_firmware_says_what_it_can_do(
    board: Board, application: Application, tmp_path: Path
) -> None:
    with pytest.raises(BoardError, match=board.board.chip) as refusal:
        build_image(application, board, tmp_path)
    assert f"coincell bench MODEL.tflite --target {board.name}" in refusal.value.hint
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("board", OTHERS, ids=name_of)
def test_a_project_for_a_board_without_firmware_is_refused_before_anything_is_done(
    board: Board, tmp_path: Path
) -> None:
    (tmp_path / "coincell.toml").write_text(
        f'[project]\nname = "words"\n[data]\nlabels = ["yes", "no", "silence", "unknown"]\n'
        f'[board]\nname = "{board.name}"\n'
    )
    done = CliRunner().invoke(cli, ["run", str(tmp_path)])
    assert isinstance(done.exception, BoardError), done.output
    assert board.board.chip in done.exception.message
    assert [path.name for path in tmp_path.iterdir()] == ["coincell.toml"]


def network() -> tuple[Network, bytes]:
    """int8 [1, 6, 6, 4] -> 3x3 convolution -> fully connected."""
    made = Network(seed=5)
    return made, made.tflite(
        made.fully_connected(made.conv_2d(made.input((1, 6, 6, 4)), 8, (3, 3)), 3)
    )


@pytest.mark.parametrize("board", BOARDS, ids=name_of)
def test_every_board_is_a_target(board: Board, tmp_path: Path) -> None:
    path = tmp_path / "small.tflite"
    path.write_bytes(network()[1])
    words = ["bench", str(path), "--target", board.name, "--samples", "2", "--json"]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["target"] == board.name
    assert found["exact"] in (True, None), "outputs are the oracle's where it is installed"
    assert 0 < found["flash_bytes"] < found["image_flash_bytes"] < board.flash.bytes
    assert 0 < found["ram_bytes"] < found["image_ram_bytes"] < board.ram.bytes
    assert (found["cycles"] is None) == (board.core != "cortex-m4f")
    if board.latency is None:
        assert [found[key] for key in ("latency_ms", "cycles_flash", "energy_uj")] == [None] * 3
    else:
        assert found["latency_ms"] == pytest.approx(1000 * found["cycles_flash"] / board.clock_hz)
    assert (found["energy_uj"] is None) == (board.currents is None)


@pytest.mark.parametrize("board", BOARDS, ids=name_of)
def test_a_model_answers_on_every_board_as_it_is_meant(board: Board) -> None:
    made, tflite = network()
    model = compile_model(tflite, "small", CompileOptions(target_of_core(board.core)))
    inputs = made.samples(3)
    if board.latency is None:
        with pytest.raises(BoardError, match="not modelled"):
            measure_model(model, inputs, board)
        return
    measured = measure_model(model, inputs, board)
    meant = interpret(model.graph, inputs)
    np.testing.assert_array_equal(measured.outputs[0], meant[0])


LIGHT = """
#define GPIO(offset) (*(volatile uint32_t *)(0x50000500u + (offset)))
#include <stdint.h>
void image_main(void);
void image_main(void)
{
    GPIO(0x08) = 1u << 26; /* high */
    GPIO(0x18) = 1u << 26; /* an output */
    GPIO(0x0C) = 1u << 26; /* low */
    for (;;) {
        __asm volatile("wfi");
    }
}
"""


@pytest.mark.parametrize(("low", "told"), [(False, ["on", "off"]), (True, ["on"])])
def test_a_light_is_lit_by_the_level_that_the_board_says(
    low: bool, told: list[str], tmp_path: Path
) -> None:
    image = link_bare({"main.c": LIGHT}, tmp_path)
    light = load_board("xiao-sense").light
    assert light is not None
    lit = image.board.model_copy(update={"light": light.model_copy(update={"low": low})})
    with VirtualBoard(image, lit) as virtual:
        changes = virtual.activity()[1]
    states = [state for _, name, state in changes if name == "led_builtin"]
    assert states[states.index("on") :] == told


def test_wiring_is_by_number() -> None:
    assert wiring(load_board("xiao-sense")) == {
        "line": [43, 44],
        "microphone": [32, 16, 42],
        "led_builtin": [26, 1],
        "imu": [7, 27, 40, 40, 0x6A],
    }
    assert wiring(load_board("pico")) == {}


def test_a_board_of_ones_own_is_a_file(tmp_path: Path) -> None:
    text = (resources.files("coincell.firmware") / "boards" / "pico.toml").read_text()
    mine = tmp_path / "mine.toml"
    mine.write_text(text.replace('name = "pico"', 'name = "mine"'))
    assert load_board(str(mine)).name == "mine"
    model = tmp_path / "small.tflite"
    model.write_bytes(network()[1])
    words = ["compile", str(model), "--target", str(mine), "-o", str(tmp_path / "c")]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.output
    readme = (tmp_path / "c" / "README.md").read_text()
    assert "on mine" in readme
    assert str(tmp_path) not in readme, "no path of this computer"


@pytest.mark.parametrize(
    ("name", "old", "new", "named"),
    [
        ("pico", "[flashing]", f"{LATENCY}\n[flashing]", "cortex-m4f"),
        ("xiao-sense", '[pins]\nuart_tx = "P1.11"\nuart_rx = "P1.12"\n', "", r"\[pins\]"),
        ("pico", 'chip = "RP2040"', 'chip = "../x"', "board.chip"),
    ],
)  # fmt: skip
def test_what_a_board_cannot_be_is_refused(name: str, old: str, new: str, named: str) -> None:
    text = (resources.files("coincell.firmware") / "boards" / f"{name}.toml").read_text()
    assert old in text
    with pytest.raises(BoardError, match=named):
        parse_board(text.replace(old, new), "mine.toml")
