"""Sketches that collect, compiled as Arduino does: what they send is read as from the firmware."""

from __future__ import annotations

import io
import os
import re
import subprocess
import tty
import wave
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray

from coincell.board import CollectingLine, Feed
from coincell.cli.main import cli
from coincell.data import read_manifest, read_window
from coincell.errors import BoardError, UserError
from coincell.firmware import collector_sketch
from coincell.project import DataSettings, parse_configuration
from exported_sketches import SHIM, SKETCH_FLAGS, colour_of, scene
from exporting import WARNINGS, compile_folder, cpp_compiler, environment, must, write

_CLASSES = 'labels = ["a", "b"]\nsilence_label = ""\nunknown_label = ""\n'
SOUND = f'[project]\nname = "words"\n[data]\n{_CLASSES}[board]\nmicrophone_gain_db = 12.5\n'
GAIN = 40 + 2 * 12.5
PICTURE = f"""
[project]
name = "faces"
task = "visual-wake-word"
[data]
sense = "picture"
{_CLASSES}camera = {{width = WIDTH, height = HEIGHT, color = "COLOR"}}
[features]
block = "picture"
"""
MOTION = f"""
[project]
name = "moves"
task = "gesture"
[data]
sense = "motion"
{_CLASSES}sample_rate_hz = 100
window_ms = 1200
channels = CHANNELS
units = UNITS
full_scale = SCALE
[features]
block = "raw"
"""
AXES = ("aX", "aY", "aZ", "gX", "gY", "gZ", "mX", "mY", "mZ")
BLOCK = 256  # samples that the library of the microphone has at a time
ROOM = 32  # blocks that the sketch holds


def motion(axes: tuple[str, ...]) -> str:
    units = [{"a": "g", "g": "deg/s", "m": "uT"}[axis[0]] for axis in axes]
    text = MOTION.replace("CHANNELS", str(list(axes))).replace("UNITS", str(units))
    return text.replace("SCALE", str([8.0] * len(axes)))


def picture(width: int, height: int, color: str) -> str:
    text = PICTURE.replace("WIDTH", str(width)).replace("HEIGHT", str(height))
    return text.replace("COLOR", color)


def settings_of(text: str) -> DataSettings:
    return parse_configuration(text).data


def compiled(work: Path, text: str, *flags: str) -> Path:
    """The program of the sketch that the command writes for a project."""
    (work / "coincell.toml").write_text(text, encoding="utf-8")
    words = ["data", "firmware", "--arduino", "--project", str(work)]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.output
    (sketch,) = (work / "build" / "collect").glob("*/*.ino")
    assert sketch.stem == sketch.parent.name == f"collect_{settings_of(text).sense}"
    assert str(sketch) in done.output
    unit = sketch.with_suffix(".cpp")
    unit.write_text(f"#include <Arduino.h>\n{sketch.read_text(encoding='utf-8')}")
    objects = compile_folder(sketch.parent, ("-std=gnu11", "-Os", *WARNINGS)).values()
    program = work / "sketch"
    command = [*cpp_compiler(), *SKETCH_FLAGS, "-DARDUINO_ARCH_NRF52840", *flags, "-I", SHIM]
    must([*command, unit, SHIM / "shim.cpp", *objects, "-o", program])
    return program


def sent(program: Path, **settings: object) -> bytes:
    """What a sketch writes to the line."""
    env = dict(environment(**settings))
    done = subprocess.run([program], capture_output=True, check=False, env=env, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout


def fed(data: bytes) -> Feed:
    """The reader of `coincell data collect` that got `data` in uneven pieces."""
    feed = Feed()
    for begin in range(0, len(data), 777):
        feed.feed(data[begin : begin + 777])
    return feed


class Recorded:
    """A line on which all has been said."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def listen(self, seconds: float) -> bytes:
        del seconds
        return self._data.read(4000)


@pytest.fixture(scope="module")
def microphone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(tmp_path_factory.mktemp("sound"), SOUND)


def noise(blocks: int) -> NDArray[np.int16]:
    """That many blocks, and a part of one more."""
    return np.random.default_rng(5).integers(-32768, 32768, blocks * BLOCK + 77).astype(np.int16)


def test_each_sample_of_the_microphone_comes(microphone: Path) -> None:
    samples = noise(200)
    path = write(microphone.parent / "sound.raw", samples)
    data = sent(microphone, SHIM_SOUND=path, SHIM_RATE=16000, SHIM_GAIN=int(GAIN))
    feed = fed(data)
    assert np.array_equal(feed.taken()[:, 0], samples)
    assert (feed.lost_on_board, feed.lost_on_line, feed.damaged, feed.strange) == (0, 0, 0, 0)
    assert data.count(b'"sense":"sound","rate_hz":16000,') == 1 + len(samples) // 16000
    line = CollectingLine(Recorded(data), "the sketch", settings_of(SOUND))
    line.probe()
    first = line.feed.readings
    take = line.record(0.5, lambda values, share: None)
    with wave.open(io.BytesIO(take.content)) as file:
        assert (file.getframerate(), file.getnchannels()) == (16000, 1)
        heard = np.frombuffer(file.readframes(8000), np.int16)
    assert np.array_equal(heard, samples[first : first + 8000])
    assert take.lost == 0


def test_collect_keeps_what_a_sketch_sends_to_a_port(microphone: Path, tmp_path: Path) -> None:
    pytest.importorskip("serial", reason="the extra `hardware` is not installed")
    (tmp_path / "coincell.toml").write_text(SOUND, encoding="utf-8")
    samples = noise(2000)
    env = environment(SHIM_SOUND=write(tmp_path / "sound.raw", samples))
    master, slave = os.openpty()
    tty.setraw(slave)
    words = ["data", "collect", "--port", os.ttyname(slave), "--label", "a", "--seconds", "0.5"]
    words += ["--project", str(tmp_path), "--countdown", "0", "--json"]
    with subprocess.Popen([microphone], stdout=master, env=env) as sketch:
        try:
            done = CliRunner().invoke(cli, words)
        finally:
            sketch.kill()
    os.close(slave)
    os.close(master)
    assert done.exit_code == 0, done.output
    (sample,) = read_manifest(tmp_path / "data").samples
    with wave.open(str(tmp_path / "data" / sample.file)) as file:
        kept = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    assert len(kept) == 8000
    assert kept.tobytes() in samples.tobytes()


def test_samples_without_room_are_counted_where_they_are_missing(microphone: Path) -> None:
    """50 blocks come while loop() is away; it passes four of them on in between."""
    samples = noise(170)
    blocks = [samples[at : at + BLOCK] for at in range(0, len(samples), BLOCK)]
    held, kept, lost, lost_before_the_last = 0, [], 0, 0
    for number, block in enumerate(blocks):
        if number and number % 50 == 0:
            held -= 4
        if held == ROOM:
            lost += len(block)
            continue
        held += 1
        kept.append(block)
        lost_before_the_last = lost
    assert 0 < lost_before_the_last < lost
    path = write(microphone.parent / "burst.raw", samples)
    feed = fed(sent(microphone, SHIM_SOUND=path, SHIM_BLOCKS=50))
    assert np.array_equal(feed.taken()[:, 0], np.concatenate(kept))
    assert (feed.lost_on_board, feed.lost_on_line, feed.damaged) == (lost_before_the_last, 0, 0)


@pytest.mark.parametrize(("width", "height", "color"), [(96, 96, "gray"), (160, 90, "rgb")])
def test_pictures_come_whole(tmp_path: Path, width: int, height: int, color: str) -> None:
    program = compiled(tmp_path, picture(width, height, color))
    frames = np.stack([scene(), scene()[::-1], scene()[:, ::-1]])
    path = write(tmp_path / "pictures.raw", frames)
    data = sent(program, SHIM_PICTURE=path, SHIM_LOOPS=2)  # after four in the first burst
    feed = fed(data)
    rows, columns = (144, 144) if width == height else (99, 176)
    top, left = (144 - rows) // 2, (176 - columns) // 2
    part = np.ix_(
        top + np.arange(height) * rows // height, left + np.arange(width) * columns // width
    )
    middles = np.stack([colour_of(frame)[part] for frame in frames]).astype(int)
    if color == "gray":
        middles = (middles @ [77, 150, 29] >> 8)[..., np.newaxis]
    assert np.array_equal(feed.taken(), middles[np.arange(6) % 3])
    assert (feed.lost_on_board, feed.lost_on_line, feed.damaged, feed.strange) == (0, 0, 0, 0)
    # A piece that is lost on the line costs its picture alone, the first and the last one, too.
    pieces = [match.start() for match in re.finditer(rb"\xc0\x1c\x21", data)] + [len(data)]
    each = len(pieces) // 6
    for lost in (each, each + 1, 2 * each - 1, 2 * each):
        cut = fed(data[: pieces[lost]] + data[pieces[lost] + 200 :])
        assert (cut.readings, len(cut.taken()), cut.lost_on_line) == (5, 5, 1)
    late = fed(data[: pieces[0]] + data[pieces[each - 1] :])  # the port is opened within a picture
    assert (late.readings, late.lost_on_line) == (5, 0)


def test_a_silent_sensor_is_told(microphone: Path, tmp_path: Path) -> None:
    camera = compiled(tmp_path, picture(32, 24, "gray"))
    for program, text, said in (
        (microphone, SOUND, "The microphone does not start."),
        (camera, picture(32, 24, "gray"), "The camera does not answer."),
    ):
        done = subprocess.run([program], capture_output=True, check=False, env={}, timeout=60)
        assert done.returncode == 3  # the stand-in ends what waits for ever
        line = CollectingLine(Recorded(done.stdout), "the sketch", settings_of(text))
        with pytest.raises(BoardError, match=f"It says: {said}"):
            line.probe(patience_s=0.1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SOUND.replace("[data]", "[data]\nsample_rate_hz = 8000"), "data.sample_rate_hz is 8000"),
        (motion(AXES[:2]).replace("aX", "wind"), "data.channels has wind, aY"),
        (picture(320, 240, "rgb"), "data.camera asks for 320 x 240"),
        (picture(176, 145, "rgb"), "data.camera asks for 176 x 145"),
    ],
)
def test_what_the_libraries_cannot_give_is_refused(text: str, said: str) -> None:
    with pytest.raises(BoardError, match=said):
        collector_sketch(settings_of(text))


@pytest.mark.parametrize("words", [("--board", "xiao-sense"), ("--link", "usb")])
def test_what_is_of_the_firmware_is_not_passed_over(tmp_path: Path, words: tuple[str, str]) -> None:
    (tmp_path / "coincell.toml").write_text(SOUND, encoding="utf-8")
    command = ["data", "firmware", "--arduino", "--project", str(tmp_path), *words]
    done = CliRunner().invoke(cli, command)
    assert isinstance(done.exception, UserError)
    assert not (tmp_path / "build").exists()


@pytest.mark.parametrize(("board", "axes"), [([], AXES[:6]), (["-DIMU_OF_REV2=1"], AXES)])
def test_what_the_motion_sketch_prints_is_read_back(
    tmp_path: Path, board: list[str], axes: tuple[str, ...]
) -> None:
    program = compiled(tmp_path, motion(axes), *board)
    readings = np.random.default_rng(2).normal(0, 1.2, (120, len(axes))).astype("<f4")
    readings[3, 0] = -0.00004  # rounds to nought
    printed = must([program], env=environment(SHIM_MOTION=write(tmp_path / "motion.raw", readings)))
    lines = printed.splitlines()
    heading = "time [ms],aX [g],aY [g],aZ [g],gX [deg/s],gY [deg/s],gZ [deg/s]"
    heading += ",mX [uT],mY [uT],mZ [uT]" if len(axes) == 9 else ""
    assert lines[0] == lines[101] == heading
    (tmp_path / "walk.csv").write_text(printed, encoding="utf-8")
    window = read_window(tmp_path / "walk.csv", settings_of(motion(axes)))
    assert (window.padded, window.cropped) == (False, False)
    found = window.values.reshape(120, len(axes)) / 32768 * 8
    np.testing.assert_allclose(found, readings, atol=0.0003)
