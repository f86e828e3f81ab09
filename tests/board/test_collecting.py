"""Collecting over pseudo-terminals: the virtual board, boards that print, boards that misbehave."""

from __future__ import annotations

import json
import os
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from attached_boards import bridged
from coincell.board import CollectingLine, Feed, Port, SerialPort, VirtualBoard, open_image
from coincell.board.feed import FAILED, HEADING, VALUES
from coincell.board.protocol import Frame, encode_frame
from coincell.cli.main import cli
from coincell.data import read_manifest
from coincell.errors import BoardError, DataError
from coincell.firmware import Collector, build_collector, load_board
from coincell.project import DataSettings, Project, parse_configuration

pytest.importorskip("serial", reason="the extra `hardware` is not installed")

NANO = load_board("nano33ble")
SECOND = 64_000_000
SOUND = """
[project]
name = "words"
[data]
labels = ["yes", "no"]
silence_label = ""
unknown_label = ""
"""
MOTION = """
[project]
name = "moves"
task = "gesture"
[data]
sense = "motion"
labels = ["punch", "still"]
sample_rate_hz = 100
window_ms = 400
channels = ["aX", "aY", "aZ", "gX", "gY", "gZ"]
units = ["g", "g", "g", "deg/s", "deg/s", "deg/s"]
full_scale = [4.0, 4.0, 4.0, 2000.0, 2000.0, 2000.0]
silence_label = ""
unknown_label = ""
[features]
block = "raw"
"""
PICTURE = """
[project]
name = "faces"
task = "visual-wake-word"
[data]
sense = "picture"
labels = ["face", "none"]
silence_label = ""
unknown_label = ""
camera = {width = 96, height = 96}
[features]
block = "picture"
"""


def settings_of(text: str) -> DataSettings:
    return parse_configuration(text).data


@contextmanager
def port_of(say: Callable[[Callable[[bytes], None]], None]) -> Iterator[str]:
    """A port at which `say(write)` speaks, in a thread, until it returns or the port is closed."""
    master, slave = os.openpty()
    tty.setraw(slave)
    name = os.ttyname(slave)

    def run() -> None:
        def write(data: bytes) -> None:
            os.write(master, data)

        with suppress(OSError):  # closed: the test is over
            say(write)

    speaker = threading.Thread(target=run, daemon=True)
    speaker.start()
    try:
        yield name
    finally:
        os.close(slave)
        os.close(master)
        speaker.join(5)


def printing(
    lines: Callable[[int], str], rate_hz: float = 200.0, heading: str = ""
) -> Callable[[Callable[[bytes], None]], None]:
    """A board that prints `lines(number)` at a rate, ten at a time."""

    def say(write: Callable[[bytes], None]) -> None:
        write(b"half a line, 1\n")
        begin = time.monotonic()
        for number in range(100_000):
            if number % 5 == 0:
                time.sleep(max(0.0, begin + number / rate_hz - time.monotonic()))
            if heading and number % 50 == 0:
                write((heading + "\r\n").encode())
            write((lines(number) + "\r\n").encode())

    return say


def project(folder: Path, text: str) -> Project:
    folder.mkdir(exist_ok=True)
    (folder / "coincell.toml").write_text(text, encoding="utf-8")
    return Project(folder, parse_configuration(text))


def collect(port: str, place: Project, *words: str, label: str = "punch", **more: Any) -> Result:
    fixed = ["data", "collect", "--port", port, "--label", label, "--project"]
    command = [*fixed, str(place.directory), "--countdown", "0", *words]
    return CliRunner().invoke(cli, command, **more)


def told(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def six(number: int) -> str:
    wave = np.round(np.sin(number / 7 + np.arange(6)), 4)
    return ",".join(map(str, wave))


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
    source, take, done = told(result)
    assert source["units"] == ["m/s2", "m/s2", "m/s2", "", "", ""]
    assert done["kept"] == 1
    assert take["levels"][0]["most"] < 1 / 9.8 + 0.01  # g
    assert take["levels"][3]["most"] > 0.5


def test_another_rate_is_measured_and_resampled(tmp_path: Path) -> None:
    place = project(tmp_path / "p", MOTION)
    with port_of(printing(six, 250.0)) as port:
        result = collect(port, place, "--json", "--seconds", "1")
    assert result.exit_code == 0, result.output
    source, take, _ = told(result)
    assert 200 < source["rate_hz"] < 300
    assert 0.9 < take["seconds"] < 1.1


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
    take = told(result)[1]
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
    for text, link in ((PICTURE, "uart"), (MOTION.replace("aX", "wind"), "auto")):
        with pytest.raises(BoardError, match="has no"):
            build_collector(settings_of(text), NANO, tmp_path, link=link)  # type: ignore[arg-type]
