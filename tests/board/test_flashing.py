"""Flashing with fake tools: what they are called with, and each way in which it goes wrong."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from attached_boards import Attach, Tools, bridged, usb
from coincell.board import VirtualBoard, choose_tool, flash, flashing, list_ports, open_image
from coincell.errors import BoardError, GateError
from coincell.firmware import Image, load_board

pytest.importorskip("serial", reason="the extra `hardware` is not installed")

RUNNING, BOOTLOADER = "2341:805a", "2341:005a"


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tools:
    """Nothing on PATH but what a test puts there, and a shell."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for name in ("sh", "cp", "printf", "sleep"):
        found = shutil.which(name)
        assert found
        os.symlink(found, folder / name)
    monkeypatch.setenv("PATH", str(folder))
    return Tools(folder)


def quiet(done: int, total: int, message: str) -> None:
    assert 0 <= done <= total, message


def test_bossac_through_the_bootloader_and_the_board_is_asked(
    virtual: VirtualBoard, image: Image, attach: Attach, tools: Tools, monkeypatch
) -> None:
    steps = []
    tools.add("bossac", output="[======] 50%% (1/2 pages)\\r[======] 100%% (2/2 pages)\\nVerify")
    with bridged(virtual) as bridge:
        monkeypatch.setattr(flashing, "touch", lambda port: steps.append(("touch", port.device)))
        attach(
            [usb("/dev/ttyACM9")],
            [],
            [usb("/dev/ttyACM7", BOOTLOADER)],
            [usb(bridge.name)],
        )
        file = open_image(image.elf)
        done = flash(
            file, image.board, choose_tool("", image.board), "",
            lambda *words: steps.append(words),
        )  # fmt: skip
    assert done.verified
    assert done.port == bridge.name
    assert steps[:2] == [(0, 100, "starting the bootloader"), ("touch", "/dev/ttyACM9")]
    assert (100, 100, "writing") in steps
    *words, path, last = tools.arguments("bossac")
    assert words == ["-d", "--port=ttyACM7", "-U", "-i", "-e", "-w"]
    assert last == "-R"
    assert path.endswith("firmware.bin")
    assert (tools.folder / "taken").read_bytes() == image.bin.read_bytes()


def test_a_board_in_its_bootloader_is_not_touched(
    image: Image, attach: Attach, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flashing, "touch", lambda port: pytest.fail("touched"))
    tools.add("bossac")
    attach([usb("/dev/ttyACM7", BOOTLOADER)])
    done = flash(open_image(image.elf), image.board, choose_tool("", image.board), "", quiet)
    assert (done.verified, done.port) == (None, "")
    assert "adapter" in done.note


def test_arduino_cli_touches_by_itself(image: Image, attach: Attach, tools: Tools) -> None:
    tools.add("arduino-cli")
    attach([usb("/dev/ttyACM3")], [])
    flash(open_image(image.elf), image.board, choose_tool("arduino-cli", image.board), "", quiet)
    *words, path = tools.arguments("arduino-cli")
    fqbn = "arduino:mbed_nano:nano33ble"
    assert words == ["upload", "--fqbn", fqbn, "--port", "/dev/ttyACM3", "--input-file"]
    assert path.endswith("firmware.bin")


@pytest.mark.parametrize("name", ["pyocd", "openocd"])
def test_a_probe_needs_no_port(name: str, image: Image, attach: Attach, tools: Tools) -> None:
    tools.add(name)
    done = flash(open_image(image.elf), image.board, choose_tool("", image.board), "", quiet)
    assert done.verified is None
    words = tools.arguments(name)
    if name == "pyocd":
        assert words[:-1] == ["load", "--no-wait", "--target", "nrf52840"]
        assert (tools.folder / "taken").read_bytes() == image.elf.read_bytes()
    else:
        assert words[:5] == ["-f", "interface/cmsis-dap.cfg", "-f", "target/nrf52.cfg", "-c"]
        assert words[5].startswith("program {")
        assert words[5].endswith("firmware.elf} verify reset exit")


@pytest.mark.parametrize(
    ("name", "output", "code", "match", "hint"),
    [
        ("bossac", "No device found on ttyACM7", 1, "found no bootloader", "twice"),
        ("bossac", "No device found on ttyACM7", 0, "found no bootloader", "twice"),
        ("bossac", "[==  ] 20%%\\nSAM-BA operation failed", 1, "went away while", "not lost"),
        ("bossac", "write: Input/output error", 5, "went away while", "twice"),
        ("bossac", "Permission denied", 1, "may not use", "udev"),
        ("bossac", "surprise", 9, "failed with code 9. It said: surprise", "twice"),
        ("bossac", "", 3, "failed with code 3. It said: nothing", "twice"),
        ("arduino-cli", "Error: platform not installed", 1, "does not know", "core install"),
        ("pyocd", "No available debug probes are connected", 1, "no debug probe", "bossac"),
        ("pyocd", "strange", 1, "failed with code 1", "probe's cable"),
        ("openocd", "Error: unable to find a matching CMSIS-DAP device", 1, "no debug probe", ""),
        ("openocd", "Error connecting DP: cannot read IDR", 1, "but no Arduino", "SWDIO"),
        ("openocd", "** Programming Failed **", 0, "failed with code 0", "probe"),
    ],
)
def test_each_failure_of_a_tool_is_explained(
    name: str, output: str, code: int, match: str, hint: str,
    image: Image, attach: Attach, tools: Tools,
) -> None:  # fmt: skip
    tools.add(name, output, code)
    attach([usb("/dev/ttyACM7", BOOTLOADER)])
    with pytest.raises(BoardError, match=match) as refusal:
        flash(open_image(image.elf), image.board, choose_tool(name, image.board), "", quiet)
    assert hint in refusal.value.hint


def test_a_tool_that_hangs_is_stopped(
    image: Image, attach: Attach, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coincell.board.flash_tools._PATIENCE_S", 0.3)
    tools.add("bossac", more="sleep 600")
    attach([usb("/dev/ttyACM7", BOOTLOADER)])
    with pytest.raises(BoardError, match="did not end within"):
        flash(open_image(image.elf), image.board, choose_tool("", image.board), "", quiet)


def test_a_bootloader_that_does_not_come_tells_of_the_double_tap(
    image: Image, attach: Attach, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flashing, "touch", lambda port: None)
    tools.add("bossac")
    attach([usb("/dev/ttyACM7")], [])
    with pytest.raises(BoardError, match="did not start its bootloader") as refusal:
        flash(open_image(image.elf), image.board, choose_tool("", image.board), "", quiet)
    assert "twice" in refusal.value.hint


def test_no_tool_and_a_tool_that_is_not_there(image: Image, tools: Tools) -> None:
    with pytest.raises(BoardError, match=r"No program.*bossac, arduino-cli, pyocd, openocd"):
        choose_tool("", image.board)
    with pytest.raises(BoardError, match="openocd is not on PATH") as refusal:
        choose_tool("openocd", image.board)
    assert "apt" in refusal.value.hint
    unknown = image.board.model_copy(update={"flashing": type(image.board.flashing)()})
    with pytest.raises(BoardError, match="cannot flash"):
        choose_tool("bossac", unknown)
    with pytest.raises(BoardError, match="none is known"):
        choose_tool("", unknown)


def test_a_board_that_runs_something_else_afterwards_fails_the_gate(
    virtual: VirtualBoard, image: Image, attach: Attach, tools: Tools
) -> None:
    file = open_image(image.elf)
    file.description["build"] = "another"
    tools.add("bossac")
    with bridged(virtual) as bridge:
        attach([usb("/dev/ttyACM7", BOOTLOADER)], [usb(bridge.name, RUNNING)])
        with pytest.raises(GateError, match=r"another image.*build: .*, not another"):
            flash(file, image.board, choose_tool("", image.board), "", quiet)


def test_boards_with_one_usb_id_are_told_apart_by_what_they_run(
    virtual: VirtualBoard, image: Image, attach: Attach, tools: Tools
) -> None:
    tools.add("arduino-cli")
    other = load_board("xiao-sense").model_copy(update={"flashing": image.board.flashing})
    with bridged(virtual) as bridge:
        attach([usb(bridge.name, "1209:0001")])
        assert set(list_ports()[0].boards) >= {"nano33ble", "xiao-sense"}
        file = open_image(image.elf)
        with pytest.raises(BoardError, match=r"runs an image for 'nano33ble': it is not Seeed"):
            flash(file, other, choose_tool("arduino-cli", other), "", quiet)
        assert not (tools.folder / "arduino-cli.arguments").exists(), "nothing was written"
        done = flash(file, image.board, choose_tool("arduino-cli", image.board), "", quiet)
        assert done.verified
