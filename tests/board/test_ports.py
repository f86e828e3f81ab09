"""Which board is meant, and what is said when that is not clear."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from attached_boards import usb
from coincell.board import choose_port, list_ports
from coincell.board.ports import access_help, holders_of
from coincell.errors import BoardError, MissingExtraError
from coincell.firmware import load_board

pytest.importorskip("serial", reason="the extra `hardware` is not installed")


@pytest.fixture
def attach(monkeypatch: pytest.MonkeyPatch):
    """Let these ports be attached, and no others."""

    def put(*ports: object) -> None:
        monkeypatch.setattr("serial.tools.list_ports.comports", lambda: list(ports))

    put()
    return put


def test_a_board_is_known_by_its_usb_id(attach) -> None:
    attach(usb("/dev/ttyS0", ids="", title="n/a"), usb("/dev/ttyACM0"))
    first, second = list_ports()
    assert (first.device, first.boards, first.state) == ("/dev/ttyACM0", ("nano33ble",), "running")
    assert (second.usb, second.boards, second.title) == ("", (), "")
    assert choose_port("").device == "/dev/ttyACM0"
    assert choose_port("ttyACM0").device == "/dev/ttyACM0"


def test_no_board_is_told_with_the_ports_there_are(attach) -> None:
    attach(usb("/dev/ttyUSB0", ids="10c4:ea60", title="CP2102"))
    with pytest.raises(BoardError, match=r"No board.*attached.*/dev/ttyUSB0 \(CP2102") as refusal:
        choose_port("")
    assert "cable" in refusal.value.hint
    with pytest.raises(BoardError, match="No Arduino Nano 33 BLE Sense") as refusal:
        choose_port("", load_board("nano33ble"))
    assert "twice" in refusal.value.hint


def test_two_boards_are_listed_and_one_may_be_named(attach) -> None:
    attach(usb("/dev/ttyACM0"), usb("/dev/ttyACM1", place="1-4"))
    with pytest.raises(BoardError, match=r"2 boards.*ttyACM0.*ttyACM1") as refusal:
        choose_port("")
    assert "--port /dev/ttyACM0" in refusal.value.hint
    assert choose_port("/dev/ttyACM1").place == "1-4"


def test_a_board_in_its_bootloader_runs_nothing(attach) -> None:
    attach(usb("/dev/ttyACM0", ids="2341:005a"))
    with pytest.raises(BoardError, match="waits for an image") as refusal:
        choose_port("")
    assert "coincell flash" in refusal.value.hint
    assert choose_port("", bootloader=True).state == "bootloader"


def test_the_wrong_board_is_refused_by_its_id(attach) -> None:
    attach(usb("/dev/ttyACM0"))
    identity = load_board("nano33ble").board.model_copy(update={"name": "other", "title": "Other"})
    nano, pico = load_board("nano33ble"), load_board("pico")
    other = nano.model_copy(update={"board": identity, "usb": pico.usb})
    with pytest.raises(BoardError, match=r"another board's: Other was meant"):
        choose_port("/dev/ttyACM0", other)
    with pytest.raises(BoardError, match="No Other is attached"):
        choose_port("", other)


def test_a_board_of_the_user_s_own_is_found_by_the_id_that_it_describes(attach) -> None:
    identity = load_board("nano33ble").board.model_copy(update={"name": "other", "title": "Other"})
    own = load_board("nano33ble").model_copy(update={"board": identity})
    attach(usb("/dev/ttyACM0"))
    assert list_ports()[0].boards == ("nano33ble",)
    assert choose_port("", own).boards == ("nano33ble", "other")
    assert choose_port("/dev/ttyACM0", own).device == "/dev/ttyACM0"


def test_a_port_that_is_not_there(attach) -> None:
    attach(usb("/dev/ttyACM0"))
    with pytest.raises(BoardError, match=r"no port /dev/ttyACM77.*There are: /dev/ttyACM0"):
        choose_port("ttyACM77")


def test_without_the_extra_it_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "serial", None)
    with pytest.raises(MissingExtraError, match="pyserial") as refusal:
        list_ports()
    assert "coincell[hardware]" in refusal.value.hint


def test_who_holds_a_port_is_found() -> None:
    master, slave = os.openpty()
    name = os.ttyname(slave)
    assert holders_of(name) == [], "we ourselves do not count"
    code = f"import time; f = open({name!r}); print('open', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as other:
        assert other.stdout
        other.stdout.readline()
        [holder] = holders_of(name)
        other.kill()
    assert f"(process {other.pid})" in holder
    os.close(master)
    os.close(slave)


def test_rights_are_mended_by_the_group_or_by_a_rule(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(Path, "group", lambda self: "dialout")
    assert "usermod -a -G dialout" in access_help("/dev/ttyACM0")
    monkeypatch.setattr(Path, "group", lambda self: "root")
    rule = access_help("/dev/ttyACM0", "2886:0045")
    assert "udevadm" in rule
    assert 'ATTRS{idVendor}=="2886"' in rule
    monkeypatch.undo()
    assert "usermod" in access_help(str(tmp_path / "gone"))
