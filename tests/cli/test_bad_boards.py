"""What goes wrong with boards, as a user meets it: exit code 2, the words, and what to try.

Every case ends as the command does in a shell, without a traceback. The parts are tested in
tests/board; the links between them here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soundfile

from attached_boards import Tools, bridged, talking, usb
from board.bare import START
from coincell.board import SerialPort, VirtualBoard
from coincell.cli.main import main
from coincell.firmware import Image, build_image, device_sources, link_image, load_board
from stand_in import stand_in_application

pytest.importorskip("serial", reason="the extra `hardware` is not installed")
pytest.importorskip("unicorn", reason="the extra `emulator` is not installed")

Refused = Callable[..., str]
NANO, NANO_BOOTLOADER, XIAO = "2341:805a", "2341:005a", "2886:8045"


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    folder = tmp_path_factory.mktemp("project") / "build"
    folder.mkdir()
    return build_image(stand_in_application(), load_board("nano33ble"), folder, link="uart")


@pytest.fixture(scope="module")
def virtual(image: Image) -> Iterator[VirtualBoard]:
    with VirtualBoard(image) as board:
        yield board


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tools:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return Tools(tmp_path)


@pytest.fixture
def attached(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Says which ports this computer has; none at first."""

    def put(*ports: object) -> None:
        monkeypatch.setattr("serial.tools.list_ports.comports", lambda: list(ports))

    put()
    return put


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Refused:
    """Runs a command that must end with 2; what it said, message and hint, in one line."""

    def call(*words: object) -> str:
        monkeypatch.setattr(sys, "argv", ["coincell", *map(str, words)])
        with pytest.raises(SystemExit) as leaving:
            main()
        said = capsys.readouterr().err
        assert leaving.value.code == 2, said
        assert "Traceback" not in said
        assert "\nhint:  " in said
        return " ".join(said.split())

    return call


@contextmanager
def a_silent_port() -> Iterator[str]:
    master, slave = os.openpty()
    tty.setraw(slave)
    name = os.ttyname(slave)
    os.close(slave)
    try:
        yield name
    finally:
        os.close(master)


def test_no_board(refused: Refused, image: Image, tools: Tools, attached: object) -> None:
    tools.add("bossac")
    asked = ["serial"], ["board", "info"], ["listen", "--port", "/dev/ttyACM9"]
    asked += (["board", "test", image.elf], ["flash", image.elf, "--force", "--tool", "bossac"])
    for words in asked:
        said = refused(*words)
        assert "is attached" in said or "There is no port /dev/ttyACM9" in said
        assert "cable" in said, "that carries data"


def test_two_boards(refused: Refused, image: Image, tools: Tools, attached) -> None:
    tools.add("bossac")
    attached(usb("/dev/ttyACM0", NANO, "1-1"), usb("/dev/ttyACM1", NANO, "1-2"))
    for words in (
        ["serial"],
        ["board", "info"],
        ["board", "test", image.elf],
        ["flash", image.elf, "--force", "--tool", "bossac"],
    ):
        said = refused(*words)
        assert "2 boards are attached: /dev/ttyACM0 (nano33ble" in said
        assert "--port /dev/ttyACM0" in said


def test_one_of_two_boards_can_be_named(
    virtual: VirtualBoard, attached, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    virtual.restart()
    with bridged(virtual) as bridge:
        attached(usb("/dev/ttyACM0", NANO, "1-1"), usb(bridge.name, NANO, "1-2"))
        words = ["coincell", "board", "info", "--port", bridge.name, "--json"]
        monkeypatch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit) as leaving:
            main()
    assert leaving.value.code == 0
    assert json.loads(capsys.readouterr().out)["board"] == "nano33ble"


def test_a_board_that_resets_in_mid_flash(
    refused: Refused, image: Image, tools: Tools, attached
) -> None:
    attached(usb("/dev/ttyACM7", NANO_BOOTLOADER))
    tools.add("bossac", "[==    ] 25%% (4/16 pages)\\rSAM-BA operation failed\\n", 1)
    said = refused("flash", image.elf, "--force", "--tool", "bossac")
    assert "went away while it was being flashed: it holds half an image now" in said
    assert "press its reset button twice" in said
    assert "run the same command again" in said


def test_the_wrong_board(refused: Refused, image: Image, tools: Tools, attached) -> None:
    tools.add("bossac")
    attached(usb("/dev/ttyACM7", XIAO, title="XIAO"))
    flash = ["flash", image.elf, "--force", "--tool", "bossac"]
    said = refused(*flash, "--port", "/dev/ttyACM7")
    assert "/dev/ttyACM7 (xiao-sense" in said
    assert "is another board's: Arduino Nano 33 BLE Sense was meant" in said
    said = refused(*flash)
    assert "No Arduino Nano 33 BLE Sense is attached. Other ports: /dev/ttyACM7 (xiao-sense" in said
    assert not (tools.folder / "bossac.arguments").exists(), "nothing was written"


def test_an_image_for_another_board(refused: Refused, image: Image) -> None:
    for words in (["flash"], ["board", "run"], ["board", "test"], ["board", "bridge"]):
        said = refused(*words, image.elf, "--board", "xiao-sense")
        assert "is an image for 'nano33ble', not for 'xiao-sense'" in said


def test_a_port_that_another_program_holds(refused: Refused) -> None:
    with a_silent_port() as name:
        script = (
            "import serial, sys, time; port = serial.Serial(sys.argv[1], exclusive=True); "
            "print('held', flush=True); time.sleep(60)"
        )
        command = [sys.executable, "-c", script, name]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
            assert other.stdout
            assert other.stdout.readline() == "held\n"
            try:
                seconds = ["--seconds", 1]
                for words in (["serial", *seconds], ["board", "info"], ["listen", *seconds]):
                    said = refused(*words, "--port", name)
                    assert f"The port {name} is held by python" in said
                    assert f"(process {other.pid})" in said
                    assert "Close that program" in said
            finally:
                other.kill()


def test_garbage_on_the_line(refused: Refused, image: Image) -> None:
    noise = np.random.default_rng(5).integers(0, 256, 5000).astype(np.uint8).tobytes()
    with talking(lambda data: noise) as name:
        for words in (["board", "info"], ["board", "test", image.elf]):
            said = refused(*words, "--port", name)
            assert "What the board sent is no frame" in said
            assert "\x1b" not in said


def test_a_program_that_never_speaks_the_protocol(
    refused: Refused, image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coincell.board.SerialPort", partial(SerialPort, patience_s=0.2))
    with a_silent_port() as name:
        for words in (["board", "info"], ["board", "test", image.elf]):
            said = refused(*words, "--port", name)
            assert f"The board at {name} said nothing for 0.2 s" in said
            assert "it does not speak Coincell's protocol" in said
            assert "One compiled by hand may not answer" in said


def test_an_image_compiled_by_hand_on_the_virtual_board(
    refused: Refused, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    sleeper = "void image_main(void);\nvoid image_main(void)\n{\n    for (;;) {\n"
    sleeper += '        __asm volatile("wfi");\n    }\n}\n'
    sources = {"firmware/memory.c": device_sources("firmware")["firmware/memory.c"]}
    sources |= {**device_sources("freestanding"), "start.c": START, "main.c": sleeper}
    elf = link_image(sources, load_board("nano33ble"), tmp_path).elf
    for words in (["board", "run"], ["board", "bridge"], ["board", "info"], ["flash"]):
        said = refused(*words, elf)
        assert "is not one of Coincell's, or its symbols were stripped" in said
        assert "--board NAME" in said
    words = ["coincell", "board", "run", elf, "--board", "nano33ble", "--seconds", "0.2"]
    monkeypatch.setattr(sys, "argv", list(map(str, words)))
    with pytest.raises(SystemExit) as leaving:
        main()
    assert leaving.value.code == 0
    assert "It never spoke" in " ".join(capsys.readouterr().err.split())


def test_a_recording_at_another_rate(refused: Refused, image: Image, tmp_path: Path) -> None:
    sound = tmp_path / "sound.wav"
    soundfile.write(sound, np.zeros(44_100, np.int16), 44_100)
    for command in ("run", "bridge"):
        said = refused("board", command, image.elf, "--microphone", sound)
        assert "takes 16,000 samples a second" in said
        assert "has 44,100" in said
        assert "--resample" in said
