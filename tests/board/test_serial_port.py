"""The serial line over pseudo-terminals: the virtual board, and boards that misbehave."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from attached_boards import bridged, talking
from coincell.board import (
    BoardClient,
    Bridge,
    Port,
    SerialPort,
    VirtualBoard,
    choose_port,
    open_image,
    self_test,
)
from coincell.board import golden as golden_module
from coincell.board.protocol import Frame, Message, encode_frame
from coincell.board.serial_port import touch
from coincell.errors import BoardError, GateError
from coincell.firmware import Application, Image, build_image, load_board
from stand_in import random_windows

serial = pytest.importorskip("serial", reason="the extra `hardware` is not installed")


def open_port(name: str, patience_s: float = 5.0) -> SerialPort:
    return SerialPort(Port(name), patience_s)


def test_the_virtual_board_answers_over_a_port_as_it_does_directly(virtual: VirtualBoard) -> None:
    windows = random_windows(2)
    client = BoardClient(virtual)
    direct = [client.process(window) for window in windows]
    virtual.restart()
    with bridged(virtual) as bridge, SerialPort(choose_port(bridge.name)) as line:
        client = BoardClient(line)
        client.synchronize()
        assert client.info().description["board"] == "nano33ble"
        for window, wanted in zip(windows, direct, strict=True):
            found = client.process(window)
            assert np.array_equal(found.features, wanted.features)
            assert np.array_equal(found.scores, wanted.scores)
            assert (found.label, found.decision_score) == (wanted.label, wanted.decision_score)
        assert client.cycles() > 1000


def test_an_image_on_usb_answers_over_a_port_too(application: Application, tmp_path: Path) -> None:
    image = build_image(application, load_board("nano33ble"), tmp_path, link="usb")
    with (
        VirtualBoard(image) as virtual,
        bridged(virtual) as bridge,
        open_port(bridge.name) as line,
    ):
        client = BoardClient(line)
        client.synchronize()
        assert client.info().description["link"] == "usb"
        client.process(random_windows(1)[0])
        assert client.cycles() > 1000


def test_a_board_in_the_middle_of_a_frame_is_brought_back(virtual: VirtualBoard) -> None:
    with bridged(virtual) as bridge, open_port(bridge.name) as line:
        line.send(encode_frame(Frame(Message.SAMPLES, 9, bytes(600)))[:77])
        client = BoardClient(line)
        client.synchronize()
        assert client.info().scores == 3


def test_the_touch_at_1200_baud_is_seen(virtual: VirtualBoard) -> None:
    with bridged(virtual) as bridge:
        with open_port(bridge.name) as line:
            BoardClient(line).info()
        assert not bridge.touched
        touch(Port(bridge.name))
        while not bridge.touched:
            time.sleep(0.01)  # it ends with that: no test hangs that should not
        with pytest.raises(BoardError, match="said nothing"), open_port(bridge.name, 0.3) as line:
            BoardClient(line).info()


@pytest.fixture
def usb_bridge(application: Application, tmp_path: Path) -> Iterator[Bridge]:
    """A board whose image speaks USB, on a port."""
    image = build_image(application, load_board("nano33ble"), tmp_path, link="usb")
    with VirtualBoard(image) as virtual, bridged(virtual) as bridge:
        yield bridge


def test_on_usb_the_firmware_itself_follows_the_touch(usb_bridge: Bridge) -> None:
    with open_port(usb_bridge.name) as line:
        BoardClient(line).info()
    touch(Port(usb_bridge.name))
    end = time.monotonic() + 20
    while not usb_bridge.touched and time.monotonic() < end:
        time.sleep(0.01)
    assert usb_bridge.touched


def test_on_usb_a_port_held_at_1200_baud_is_no_touch(usb_bridge: Bridge) -> None:
    with serial.Serial(usb_bridge.name, 1200, timeout=5) as held:
        held.write(encode_frame(Frame(Message.INFO, 1, b"")))
        assert len(held.read(20)) == 20
        assert not usb_bridge.touched


def test_a_port_is_ours_alone(virtual: VirtualBoard) -> None:
    with bridged(virtual) as bridge, open_port(bridge.name):
        code = (
            "import sys; from coincell.board import Port, SerialPort\n"
            f"try: SerialPort(Port({bridge.name!r}))\n"
            "except Exception as error: print(error.message)\n"
        )
        command = [sys.executable, "-c", code]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert f"{bridge.name} is held by " in told
    assert f"(process {os.getpid()})" in told


def test_garbage_before_an_answer_is_passed_over() -> None:
    def answer(data: bytes) -> bytes:
        if not data:
            return b"Hello\r\n\xff\xc0\x00\xc0\x1c\xff\xff\xff\xff"
        return b"more\n" + encode_frame(Frame(Message.RESET | Message.ANSWER, data[3], b""))

    with talking(answer) as name, open_port(name) as line:
        BoardClient(line).reset()


def test_another_program_is_told_by_what_it_prints() -> None:
    with talking(lambda data: b"temperature 21.5\n") as name, open_port(name, 2.0) as line:
        with pytest.raises(BoardError, match=r"no frame.*temperature 21.5") as refusal:
            BoardClient(line).info()
        assert "Coincell image" in refusal.value.hint


def test_a_program_that_prints_without_end_is_told_when_patience_is_over() -> None:
    done = threading.Event()
    master, slave = os.openpty()
    tty.setraw(slave)

    def talk() -> None:
        while not done.wait(0.02):
            os.write(master, b"temperature 21.5\n")

    talker = threading.Thread(target=talk)
    talker.start()
    try:
        with (
            open_port(os.ttyname(slave), 0.3) as line,
            pytest.raises(BoardError, match=r"no frame.*Received [0-9]{1,3} bytes"),
        ):
            BoardClient(line).info()
    finally:
        done.set()
        talker.join()
        os.close(slave)
        os.close(master)


def test_endless_garbage_ends() -> None:
    with (
        talking(lambda data: bytes(6000)) as name,
        open_port(name, 2.0) as line,
        pytest.raises(BoardError, match="no frame"),
    ):
        BoardClient(line).info()


def test_silence_is_told_as_such() -> None:
    with talking(lambda data: b"") as name, open_port(name, 1.0) as line:
        with pytest.raises(BoardError, match=r"said nothing.*does not speak") as refusal:
            BoardClient(line).info()
        assert "coincell flash" in refusal.value.hint


def test_an_answer_cut_short_is_told_as_such() -> None:
    whole = encode_frame(Frame(Message.INFO | Message.ANSWER, 1, bytes(40)))
    with (
        talking(lambda data: whole[:20] if data else b"") as name,
        open_port(name, 1.0) as line,
        pytest.raises(BoardError, match=r"expected .* and 14 came. Heard before") as refusal,
    ):
        BoardClient(line).info()
    assert "cut short" in refusal.value.hint


def test_who_listens_too_is_blamed(virtual: VirtualBoard) -> None:
    with talking(lambda data: b"") as name, open_port(name, 1.0) as line:
        code = f"import time; f = open({name!r}); print(1, flush=True); time.sleep(60)"
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as other:
            assert other.stdout
            other.stdout.readline()
            with pytest.raises(BoardError, match=rf"open in .*\(process {other.pid}\) too"):
                line.receive(1)
            other.kill()


def test_a_board_that_is_unplugged_is_told(virtual: VirtualBoard) -> None:
    with bridged(virtual) as bridge:
        line = open_port(bridge.name)
        BoardClient(line).info()
    with pytest.raises(BoardError, match="went away") as refusal:
        BoardClient(line).info()
    assert "bootloader" in refusal.value.hint
    line.close()
    with pytest.raises(BoardError, match="went away"):
        line.send(b"x")


@pytest.mark.parametrize(
    ("code", "match", "hint"),
    [
        (errno.EACCES, "may not use", "usermod|udev"),
        (errno.EBUSY, "held by a program that cannot be seen", "fuser"),
        (errno.ENOENT, "not there any more", "another number"),
        (errno.EIO, "not there any more", "another number"),
        (errno.ENOTTY, "cannot be opened", "board ports"),
    ],
)
def test_a_port_that_cannot_be_opened_says_why(
    code: int, match: str, hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*words: object, **options: object) -> None:
        raise serial.SerialException(code, os.strerror(code))

    monkeypatch.setattr("serial.Serial", refuse)
    with pytest.raises(BoardError, match=match) as refusal:
        open_port("/dev/ttyACM0")
    assert any(part in refusal.value.hint for part in hint.split("|"))


def test_what_is_no_serial_port_is_refused(tmp_path) -> None:
    file = tmp_path / "file"
    file.write_text("no port")
    with pytest.raises(BoardError, match="cannot be opened as a serial port"):
        open_port(str(file))


def test_a_lock_of_another_is_seen() -> None:
    master, slave = os.openpty()
    fcntl.flock(slave, fcntl.LOCK_EX)
    with pytest.raises(BoardError, match="held by"):
        open_port(os.ttyname(slave))
    os.close(slave)
    os.close(master)


def quiet(done: int, total: int, message: str) -> None:
    assert 0 <= done <= total, message


def test_the_self_test_passes_on_the_board_and_counts_its_cycles(
    virtual: VirtualBoard, image: Image
) -> None:
    file = open_image(image.elf)
    with bridged(virtual) as bridge, open_port(bridge.name) as line:
        result = self_test(line, file, image.board, quiet)
    assert result.passed
    assert {window.window for window in result.windows} >= {"silence", "full scale", "noise"}
    assert result.cycles > 0
    assert result.ratio == pytest.approx(1.0, abs=0.2), "without the waits that the other learned"
    assert result.latency_ms == pytest.approx(1000 * result.cycles / 64e6)


def test_the_self_test_sees_a_board_that_is_wrong(
    virtual: VirtualBoard, image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = open_image(image.elf)
    weights = virtual.elf.symbol("second")
    virtual.emulator.ask("write", bytes(weights.size), address=weights.address)
    few = dict(list(golden_module.golden_windows(1600).items())[:2])
    monkeypatch.setattr(golden_module, "golden_windows", lambda samples: few)
    try:
        with bridged(virtual) as bridge, open_port(bridge.name) as line:
            result = self_test(line, file, image.board, quiet)
    finally:
        flash = virtual.elf.code(weights.address, weights.size)
        virtual.emulator.ask("write", flash, address=weights.address)
    assert not result.passed
    assert result.windows[1].different == ("scores", "decision")


def test_a_board_with_another_image_is_refused(virtual: VirtualBoard, image: Image) -> None:
    file = open_image(image.elf)
    file.description["model_sha256"] = "1" * 64
    with (
        bridged(virtual) as bridge,
        open_port(bridge.name) as line,
        pytest.raises(GateError, match=r"another image.*model_sha256: 0000"),
    ):
        self_test(line, file, image.board, quiet)
