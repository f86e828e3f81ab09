"""Collecting over pseudo-terminals: the virtual board, boards that print, boards that misbehave."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import termios
import threading
import time
import tty
import wave
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from attached_boards import bridged
from coincell.board import CollectingLine, Feed, Port, SerialPort, VirtualBoard, open_image
from coincell.board.feed import FAILED, HEADING, VALUES
from coincell.board.protocol import Frame, encode_frame
from coincell.cli.main import cli
from coincell.data import read_manifest
from coincell.errors import BoardError, DataError
from coincell.firmware import Collector, build_collector, load_board
from collecting_boards import (
    MOTION,
    PICTURE,
    SOUND,
    collect,
    last_take,
    port_of,
    printing,
    project,
    settings_of,
    six,
    told,
)

pytest.importorskip("serial", reason="the extra `hardware` is not installed")

NANO = load_board("nano33ble")
SECOND = 64_000_000
_SOUNDDEVICE = """
class PortAudioError(Exception):
    pass


class RawInputStream:
    def __init__(self, *, samplerate, channels, dtype, device, blocksize):
        assert (samplerate, channels, dtype, device) == (16000, 1, "int16", 2)
        self.place = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def read(self, frames):
        import time

        time.sleep(frames / 160_000)
        values = [3 * n % 20_001 - 10_000 for n in range(self.place, self.place + frames)]
        self.place += frames
        return b"".join(v.to_bytes(2, "little", signed=True) for v in values), False
"""


def test_the_virtual_board_gives_sound_to_the_bit(tmp_path: Path) -> None:
    image = build_collector(settings_of(SOUND), NANO, tmp_path, link="uart")
    heard = (np.arange(64_000) % 30_011 - 15_000).astype("<i2")
    with VirtualBoard(image) as virtual:
        virtual.put_world("microphone", heard.tobytes(), rate=16_000)
        virtual.advance(SECOND // 2)
        feed = Feed()
        feed.feed(virtual.receive(virtual.waiting))
    found = feed.taken()[:, 0]
    assert 7_000 < len(found) <= 8_000
    assert np.array_equal(found, heard[: len(found)])
    assert (feed.lost_on_board, feed.lost_on_line, feed.damaged) == (0, 0, 0)


def test_motion_over_a_port_is_what_the_board_felt(tmp_path: Path) -> None:
    place = project(tmp_path / "p", MOTION)
    image = build_collector(place.configuration.data, NANO, tmp_path, link="uart")
    row = np.array([[0.25, -0.5, 1.0, 20.0, -40.0, 80.0, 0, 0, 0]], "<f4")
    rows = np.tile(row, (400, 1)) * np.linspace(0.5, 1.5, 400)[:, None]
    with VirtualBoard(image) as virtual:
        virtual.put_world("motion", rows.astype("<f4").tobytes(), rate_hz=100.0)
        virtual.restart()
        with bridged(virtual) as bridge:
            result = collect(bridge.name, place, "--count", "2", "--json", "--group", "speaker=eva")
    assert result.exit_code == 0, result.output
    source, *takes, done = told(result)
    assert source["channels"] == ["aX", "aY", "aZ", "gX", "gY", "gZ"]
    assert (source["rate_hz"], source["frames"]) == (100.0, True)
    assert [take["answer"] for take in takes] == ["keep", "keep"]
    assert done == {"kind": "done", "label": "punch", "kept": 2}
    samples = read_manifest(place.data_directory).samples
    assert [sample.groups for sample in samples] == [{"speaker": "eva"}] * 2
    values = np.load(place.data_directory / samples[0].file)
    assert values.shape == (40, 6)
    share = values[:, 2]  # the row's aZ is 1
    assert np.all((share > 0.45) & (share < 1.55))
    np.testing.assert_allclose(
        values, share[:, None] * row[:, :6], atol=0.13
    )  # 1/16 degree a second


def test_readings_before_and_after_a_failure_are_not_joined(tmp_path: Path) -> None:
    image = build_collector(settings_of(MOTION), NANO, tmp_path, link="uart")
    feed = Feed()
    with VirtualBoard(image) as virtual:
        virtual.advance(2 * SECOND)
        feed.feed(virtual.receive(virtual.waiting))
        before = feed.readings
        assert (feed.said, feed.lost_on_board) == ("", 0)
        virtual.put_world("sensors", sagged="lsm9ds1")
        virtual.advance(4 * SECOND)
        feed.feed(virtual.receive(virtual.waiting))
    assert "0x27" in feed.said
    assert feed.readings > before + 80
    assert (feed.lost_on_board, feed.lost_on_line, feed.damaged) == (50, 0, 0)


def test_pictures_come_whole(tmp_path: Path) -> None:
    settings = settings_of(PICTURE)
    build_collector(settings, NANO, tmp_path)  # it links; the camera itself is tested elsewhere
    picture = np.random.default_rng(3).integers(0, 256, (96, 96, 1)).astype(np.uint8)
    content, feed = picture.tobytes(), Feed()
    feed.feed(encode_frame(Frame(HEADING, 0, Collector.of(settings).heading("nano33ble"))))
    parts = [(at, content[at : at + 1008]) for at in range(0, len(content), 1008)]
    for number, kept in ((0, parts), (1, parts[:3] + parts[4:]), (2, parts)):
        for at, part in kept:
            head = number.to_bytes(8, "little") + bytes(4) + at.to_bytes(4, "little")
            feed.feed(encode_frame(Frame(VALUES, 0, head + part)))
    found = feed.taken()
    assert len(found) == 2  # the one with a lost part is none
    assert np.array_equal(found[0], picture)
    assert feed.lost_on_line == 1


@pytest.mark.parametrize("mark", [",", "\t"])
def test_a_board_that_prints_lines_is_understood(tmp_path: Path, mark: str) -> None:
    heading = "aX [m/s2],aY [m/s2],aZ [m/s2],gX,gY,gZ"
    place = project(tmp_path / "p", MOTION)
    lines = printing(lambda n: six(n).replace(",", mark), 100.0, heading.replace(",", mark))
    with port_of(lines) as port:
        result = collect(port, place, "--json", "--seconds", "0.4")
    assert result.exit_code == 0, result.output
    (source, *_, done), take = told(result), last_take(result)
    assert source["units"] == ["m/s2", "m/s2", "m/s2", "", "", ""]
    assert done["kept"] == 1
    assert take["levels"][0]["most"] < 1 / 9.8 + 0.01  # g
    assert take["levels"][3]["most"] > 0.5


def test_another_rate_is_measured_and_resampled(tmp_path: Path) -> None:
    place = project(tmp_path / "p", MOTION)
    with port_of(printing(six, 250.0)) as port:
        result = collect(port, place, "--json", "--seconds", "1")
    assert result.exit_code == 0, result.output
    source, take = told(result)[0], last_take(result)
    assert 200 < source["rate_hz"] < 300
    assert 0.9 < take["seconds"] < 1.1


def test_a_pause_is_not_taken_for_a_rate(tmp_path: Path) -> None:
    """Readings that pause while their rate is measured, and then come faster, are taken anew."""
    place = project(tmp_path / "p", MOTION)

    def say(write: Callable[[bytes], None]) -> None:
        for number in range(100_000):
            if number in (1, 12):
                time.sleep(1.5)  # till the port is open, and while the rate is measured
            time.sleep(0.01)
            write((six(number) + "\r\n").encode())

    with port_of(say) as port:
        result = collect(port, place, "--json", "--seconds", "2")
    assert result.exit_code == 0, result.output
    source, first, second = *told(result)[:2], last_take(result)
    assert source["rate_hz"] < 40
    assert (first["answer"], first["unsteady"]) == ("redo", True)
    assert (second["answer"], second["unsteady"]) == ("keep", False)
    assert 1.6 < second["seconds"] < 2.4


def test_a_heading_that_comes_late_tells_the_unit(tmp_path: Path) -> None:
    """The port was opened in the middle: the first heading comes with the last of the readings."""
    place = project(tmp_path / "p", MOTION)
    heading = "aX [m/s2],aY [m/s2],aZ [m/s2],gX,gY,gZ"

    def say(write: Callable[[bytes], None]) -> None:
        for number in range(100_000):
            time.sleep(0.01)
            if number == 260:
                write((heading + "\r\n").encode())
            write((six(number) + "\r\n").encode())

    with port_of(say) as port:
        result = collect(port, place, "--json", "--seconds", "2")
    assert result.exit_code == 0, result.output
    source, take = told(result)[0], last_take(result)
    assert source["channels"] == 6
    assert take["levels"][0]["most"] < 1 / 9.8 + 0.01  # g


def test_a_unit_that_changes_is_refused() -> None:
    feed = Feed()
    feed.feed(b"half a line\naX [g],aY [g]\n1,2\n3,4\n")
    assert len(feed.taken()) == 2
    feed.feed(b"aX [g],aY [g]\n")
    with pytest.raises(BoardError, match=r"the unit of aX changes from 'g' to 'm/s2'"):
        feed.feed(b"aX [m/s2],aY [m/s2]\n5,6\n")


def test_lost_bytes_of_frames_are_counted_as_lost_samples() -> None:
    settings, feed = settings_of(SOUND), Feed()
    stream = encode_frame(Frame(HEADING, 0, Collector.of(settings).heading("nano33ble")))
    samples = np.arange(3200, dtype="<i2")
    for step in range(0, 3200, 320):
        head = step.to_bytes(8, "little") + bytes(8)
        part = encode_frame(Frame(VALUES, 0, head + samples[step : step + 320].tobytes()))
        stream += part[:100] + part[101:] if step == 960 else part
    feed.feed(stream)
    found = feed.taken()[:, 0]
    assert np.array_equal(found, np.delete(samples, slice(960, 1280)))
    assert (feed.lost_on_line, feed.lost_on_board) == (320, 0)
    assert feed.damaged > 0


def test_what_the_board_lost_is_told_apart_from_what_the_line_lost() -> None:
    settings, feed = settings_of(SOUND), Feed()
    feed.feed(encode_frame(Frame(HEADING, 0, Collector.of(settings).heading("nano33ble"))))
    for step, lost in ((0, 0), (640, 320), (1600, 320)):
        head = step.to_bytes(8, "little") + lost.to_bytes(4, "little") + bytes(4)
        feed.feed(encode_frame(Frame(VALUES, 0, head + bytes(640))))
    assert (feed.lost_on_board, feed.lost_on_line) == (320, 640)


def test_a_take_with_lost_samples_is_taken_anew_when_nobody_is_asked(tmp_path: Path) -> None:
    place = project(tmp_path / "p", SOUND)
    heading = encode_frame(Frame(HEADING, 0, Collector.of(settings_of(SOUND)).heading("x")))
    noise = np.random.default_rng(1).integers(-9000, 9000, 320).astype("<i2").tobytes()

    def say(write: Callable[[bytes], None]) -> None:
        for number in range(4000):
            if number % 20 == 0:
                write(heading)
            if number != 100:
                head = (320 * number).to_bytes(8, "little") + bytes(8)
                write(encode_frame(Frame(VALUES, 0, head + noise)))
            time.sleep(0.005)

    with port_of(say) as port:
        result = collect(port, place, "--json", "--seconds", "4", label="yes")
    assert result.exit_code == 0, result.output
    first, second = told(result)[1:3]
    assert (first["answer"], first["lost_on_line"]) == ("redo", 320)
    assert (second["answer"], second["lost_on_line"]) == ("keep", 0)


def test_a_damaged_line_is_mended_and_told(tmp_path: Path) -> None:
    place = project(tmp_path / "p", MOTION)
    with port_of(printing(lambda n: "x" + six(n) if n % 40 == 39 else six(n), 100.0)) as port:
        result = collect(port, place, "--json", "--seconds", "0.8")
    assert result.exit_code == 0, result.output
    take = last_take(result)
    assert take["damaged_lines"] >= 1
    assert take["answer"] == "keep"


def test_a_flat_axis_is_told_and_not_kept_unasked(tmp_path: Path) -> None:
    place = project(tmp_path / "p", MOTION)
    lines = printing(lambda n: six(n).rsplit(",", 1)[0] + ",0.5", 400.0)
    with port_of(lines) as port:
        result = collect(port, place, "--json", "--seconds", "0.1")
    assert isinstance(result.exception, DataError)
    assert told(result)[1]["flat"] == ["gZ"]
    assert "3 recordings were taken, and 0 were good" in str(result.exception)


def test_a_pulled_cable_loses_nothing_kept(tmp_path: Path) -> None:
    place = project(tmp_path / "p", MOTION)
    lines = printing(six, 100.0)
    gone = threading.Event()
    master, slave = os.openpty()
    tty.setraw(slave)

    def write(data: bytes) -> None:
        if not gone.is_set():
            os.write(master, data)

    def say() -> None:
        with suppress(OSError):
            lines(write)

    threading.Thread(target=say, daemon=True).start()

    def pull() -> None:
        while not (place.data_directory / "manifest.csv").exists():
            time.sleep(0.02)
        gone.set()
        os.close(slave)
        os.close(master)

    puller = threading.Thread(target=pull, daemon=True)
    puller.start()
    result = collect(os.ttyname(slave), place, "--count", "50", "--json", "--seconds", "0.5")
    puller.join(10)
    assert isinstance(result.exception, BoardError)
    assert "went away" in str(result.exception)
    assert "recordings kept before are in the project" in result.exception.message
    assert len(read_manifest(place.data_directory).samples) >= 1


def test_ctrl_c_leaves_130_what_was_kept_and_the_terminal_as_it_was(tmp_path: Path) -> None:
    place = project(tmp_path / "p", MOTION)
    image = build_collector(place.configuration.data, NANO, tmp_path, link="uart")
    rows = np.sin(np.arange(3600) / 9).astype("<f4").reshape(400, 9)
    master, slave = os.openpty()
    before = termios.tcgetattr(slave)
    shown = bytearray()

    def look() -> None:
        with suppress(OSError):  # the terminal is gone: the test is over
            while data := os.read(master, 4096):
                shown.extend(data)

    with VirtualBoard(image) as virtual:
        virtual.put_world("motion", rows.tobytes(), rate_hz=100.0)
        virtual.restart()
        with bridged(virtual) as bridge:
            words = ("data", "collect", "--port", bridge.name, "--label", "punch", "--yes")
            process = subprocess.Popen(
                [sys.executable, "-m", "coincell.cli", *words, "--count=500", "--countdown=0"],
                cwd=place.directory, stdin=slave, stdout=subprocess.PIPE, stderr=slave, text=True,
                start_new_session=True,
            )  # fmt: skip
            threading.Thread(target=look, daemon=True).start()
            try:
                deadline = time.monotonic() + 60
                manifest = place.data_directory / "manifest.csv"
                while not manifest.exists() and time.monotonic() < deadline:
                    time.sleep(0.02)
                process.send_signal(signal.SIGINT)
                said, _ = process.communicate(timeout=60)
            finally:
                process.kill()
    time.sleep(0.2)
    text = bytes(shown).decode(errors="replace")
    kept = len(read_manifest(place.data_directory).samples)
    assert (process.returncode, "Traceback" in text) == (130, False), text
    assert kept >= 1
    assert f"{kept} of 'punch' kept" in said
    assert text.rfind("\x1b[?25h") > text.rfind("\x1b[?25l") > -1  # the cursor is shown again
    assert termios.tcgetattr(slave) == before
    os.close(slave)
    os.close(master)


def test_pictures_come_from_a_board_with_a_camera(tmp_path: Path) -> None:
    text = PICTURE.replace("width = 96, height = 96", "width = 24, height = 16")
    place = project(tmp_path / "p", text)
    image = build_collector(place.configuration.data, NANO, tmp_path)
    coarse = np.random.default_rng(4).integers(0, 256, (1, 12, 16, 3), np.uint8)
    scene = np.kron(coarse, np.ones((1, 40, 40, 1), np.uint8))
    with VirtualBoard(image) as virtual:
        virtual.put_world("scene", scene.tobytes(), seconds=1.0, channels=3)
        virtual.restart()
        with bridged(virtual) as bridge:
            result = collect(bridge.name, place, "--count", "2", "--json", label="face")
    assert result.exit_code == 0, result.output
    source, *_, done = told(result)
    assert (source["sense"], source["frames"], done["kept"]) == ("picture", True, 2)


def test_the_microphone_is_read_kept_and_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a `sounddevice` on the path that hears a tone."""
    (tmp_path / "sounddevice.py").write_text(_SOUNDDEVICE, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    place = project(tmp_path / "p", SOUND)
    words = ("--microphone", "--device", "2", "--seconds", "0.5", "--json", "--countdown", "0")
    fixed = ["data", "collect", "--label", "yes", "--project", str(place.directory)]
    result = CliRunner().invoke(cli, [*fixed, *words])
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    assert result.exit_code == 0, result.output
    (source, *_, done), take = told(result), last_take(result)
    assert (source["sense"], source["rate_hz"]) == ("sound", 16000)
    assert (take["answer"], take["lost_on_board"], take["seconds"]) == ("keep", 0, 0.5)
    assert done["kept"] == 1
    (sample,) = read_manifest(place.data_directory).samples
    with wave.open(str(place.data_directory / sample.file)) as kept:
        values = np.frombuffer(kept.readframes(kept.getnframes()), "<i2")
    assert len(values) == 8000
    assert set(np.diff(values.astype(np.int64))) == {3, 3 - 20_001}  # the ramp, without a seam


def test_a_board_that_never_speaks_is_told() -> None:
    with port_of(lambda write: None) as port, SerialPort(Port(port), baud=115_200) as line:
        collecting = CollectingLine(line, port, settings_of(MOTION))
        with pytest.raises(BoardError, match="says nothing"):
            collecting.probe(patience_s=0.3)


def test_a_wrong_speed_is_told() -> None:
    noise = np.random.default_rng(4).integers(128, 256, 4000).astype(np.uint8).tobytes()

    def say(write: Callable[[bytes], None]) -> None:
        for at in range(0, 4000, 100):
            write(noise[at : at + 100])
            time.sleep(0.01)

    with port_of(say) as port, SerialPort(Port(port)) as line:
        collecting = CollectingLine(line, port, settings_of(MOTION))
        with pytest.raises(BoardError, match="neither readings nor frames") as caught:
            collecting.probe(patience_s=0.5)
    assert "--baud" in caught.value.hint


def test_a_sensor_that_fails_is_told() -> None:
    def say(write: Callable[[bytes], None]) -> None:
        for _ in range(50):
            write(encode_frame(Frame(FAILED, 0, (0x22).to_bytes(4, "little"))))
            time.sleep(0.02)

    with port_of(say) as port, SerialPort(Port(port)) as line:
        collecting = CollectingLine(line, port, settings_of(MOTION))
        with pytest.raises(BoardError, match="its sensor failed, with 0x22"):
            collecting.probe(patience_s=0.3)


def test_a_board_that_falls_silent_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coincell.board.collecting._PAUSE_S", 0.3)
    heading = encode_frame(Frame(HEADING, 0, Collector.of(settings_of(SOUND)).heading("x")))

    def say(write: Callable[[bytes], None]) -> None:
        for _ in range(20):  # opening the port throws away what came before
            write(heading + encode_frame(Frame(VALUES, 0, bytes(16 + 640))))
            time.sleep(0.02)
        time.sleep(1)

    with port_of(say) as port, SerialPort(Port(port)) as line:
        collecting = CollectingLine(line, port, settings_of(SOUND))
        collecting.probe()
        with pytest.raises(BoardError, match="no reading for"):
            collecting.record(1.0, lambda values, share: None)


def test_the_wrong_sense_the_wrong_label_and_the_wrong_group_are_refused(tmp_path: Path) -> None:
    place = project(tmp_path / "p", SOUND)
    with port_of(printing(six)) as port:
        assert "sends motion" in str(collect(port, place, label="yes").exception)
        assert "not in the configuration" in str(collect(port, place).exception)
        wrong = collect(port, place, "--group", "speaker", label="yes")
        assert "NAME=VALUE" in str(wrong.exception)


def test_the_user_decides_what_is_kept(tmp_path: Path) -> None:
    place = project(tmp_path / "p", MOTION)
    with port_of(printing(six, 100.0)) as port:
        words = ("--count", "5", "--seconds", "0.2")
        result = collect(port, place, *words, input="r\nk\nq\n")
    assert result.exit_code == 0, result.output
    assert len(read_manifest(place.data_directory).samples) == 1


def test_a_heading_that_cannot_be_is_refused() -> None:
    for text in (b"[]", b"{}", b'{"sense": "sound"', b"[" * 900):
        with pytest.raises(BoardError):
            Feed().feed(encode_frame(Frame(HEADING, 0, text)))


def test_no_bytes_do_harm() -> None:
    random = np.random.default_rng(8)
    heading = encode_frame(Frame(HEADING, 0, Collector.of(settings_of(MOTION)).heading("x")))
    for _ in range(200):
        feed = Feed()
        feed.feed(heading if random.integers(2) else b"")
        for _ in range(5):
            noise = random.integers(0, 256, int(random.integers(1, 200))).astype(np.uint8)
            frame = encode_frame(Frame(VALUES, 0, noise.tobytes()))
            feed.feed(frame + noise.tobytes() + b"1,2,3\n" + frame[: len(noise)])
            assert np.isfinite(feed.taken()).all() or feed.damaged


def test_the_firmware_says_its_board_and_needs_its_sensor(tmp_path: Path) -> None:
    image = build_collector(settings_of(MOTION), NANO, tmp_path)
    assert open_image(image.elf).for_board().name == "nano33ble"
    cases = (
        (PICTURE, "uart", "pins are the UART's"),
        (MOTION.replace("aX", "wind"), "auto", "wind"),
    )
    for text, link, reason in cases:
        with pytest.raises(BoardError, match=reason):
            build_collector(settings_of(text), NANO, tmp_path, link=link)  # type: ignore[arg-type]
