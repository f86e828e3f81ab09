"""Sketches of exports on motion and pictures, against a stand-in of Arduino's libraries."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from coincell.firmware import Application, Channels, HostStream, StreamEvent
from exported_sketches import Bench, colour_of, example, scene
from exporting import NAME, environment, export, must, run, write
from exporting_senses import CHANNELS, MOTION, exact_score, number, sensing

RATE_HZ = MOTION.rate_hz


def bench_of(application: Application, work: Path, form: str = "arduino") -> Bench:
    folder = export(form, work / NAME, application=application)
    source = folder / "src" if form == "arduino" else folder / "lib" / NAME / "src"
    return Bench(folder, source, work)


def physical(steps: int) -> NDArray[np.float32]:
    """float32 [2 n, 6]: acceleration in g and rotation in degrees a second, some too large."""
    random = np.random.default_rng(4)
    loud = 10 ** random.uniform(-2, 0.2, (steps // 32 + 1, 1, 1))
    readings = random.standard_normal((steps // 32 + 1, 64, 6)) * loud * [2, 2, 2, 800, 800, 800]
    return readings.reshape(-1, 6)[: 2 * steps].astype(np.float32)


def steps_of(readings: NDArray[np.float32], each: int) -> NDArray[np.int16]:
    """The mean of `each` readings -> int16 [n, 4] of aX, aY, gZ, aZ in the channels' units."""
    columns = readings[:, [0, 1, 5, 2]]
    groups = columns[: len(columns) // each * each].reshape(-1, each, 4)
    total = groups[:, 0]
    for place in range(1, each):
        total = total + groups[:, place]
    # g, m/s2, deg/s, mg
    most = np.array([4.0, 39.2266 / 9.80665, 2000.0, 4.0])
    units = total / np.float32(each) * (32768 / most).astype(np.float32)
    rounded = np.trunc(units + np.where(units < 0, np.float32(-0.5), np.float32(0.5)))
    return np.clip(rounded, -32768, 32767).astype(np.int16)


def check(application: Application, lines: list[str], events: list[StreamEvent]) -> None:
    """Printed lines are the host library's decisions; one more may follow the last reading."""
    assert len(events) > 8
    assert len(events) <= len(lines) <= len(events) + 1
    for line, event in zip(lines, events, strict=False):
        label, score, *unit = line.split(" ", 2)
        assert label == (application.labels[event.label] if event.label >= 0 else "-")
        number(score, exact_score(application, event))
        wanted = {"classes": [], "quantity": ["rpm"]}.get(application.goal)
        assert unit == wanted if wanted is not None else unit


@pytest.mark.parametrize("revision", [0, 1])
@pytest.mark.parametrize("what", ["gesture", "regression", "mahalanobis"])
def test_the_motion_sketch_decides_as_the_host_library(
    tmp_path: Path, what: str, revision: int
) -> None:
    application = sensing(what)
    bench = bench_of(application, tmp_path)
    program = bench.build(example(bench, "imu"), f"-DIMU_OF_REV2={revision}")
    readings = physical(800)
    path = write(tmp_path / "motion.raw", readings)
    lines = must([program], env=environment(SHIM_MOTION=path, SHIM_LOOPS=0)).splitlines()
    # The first reading begins the first step, so that one more is in it.
    samples = np.concatenate([first_step(readings), steps_of(readings[3:], 2)])
    check(application, lines, HostStream(application).process(samples.ravel()))


def first_step(readings: NDArray[np.float32]) -> NDArray[np.int16]:
    return steps_of(readings[:3], 3)


def test_readings_that_come_late_are_held_and_a_gap_is_told(tmp_path: Path) -> None:
    application = sensing("gesture")
    bench = bench_of(application, tmp_path)
    program = bench.build(example(bench, "imu"))
    readings = physical(400)
    path = write(tmp_path / "motion.raw", readings)
    held = must(
        [program], env=environment(SHIM_MOTION=path, SHIM_LOOPS=0, SHIM_STEP_US=60000)
    ).splitlines()
    first = steps_of(readings[:2], 2)
    rest = np.repeat(steps_of(readings[2:], 1), 3, axis=0)
    samples = np.concatenate([np.repeat(first, 3, axis=0), rest])
    check(application, held[: len(held)], HostStream(application).process(samples.ravel()))
    lost = must([program], env=environment(SHIM_MOTION=path, SHIM_STEP_US=900000)).splitlines()
    assert set(lost) == {"! readings were lost"}


def test_a_silent_motion_sensor_is_told(tmp_path: Path) -> None:
    bench = bench_of(sensing("gesture"), tmp_path)
    done = run([bench.build(example(bench, "imu"))], env={})
    assert done.returncode == 3
    assert "The motion sensor does not answer" in done.stdout


@pytest.mark.parametrize(
    "channels",
    [
        Channels(("current", "voltage", "aX", "aY"), ("A", "V", "g", "g"), (5.0, 24.0, 4.0, 4.0)),
        Channels(("aX", "aY", "aZ", "gX"), ("furlong", "g", "g", "deg/s"), (4.0, 4.0, 4.0, 100.0)),
    ],
)
def test_a_sensor_of_ones_own_has_its_place(tmp_path: Path, channels: Channels) -> None:
    application = dataclasses.replace(sensing("gesture"), channels=channels)
    bench = bench_of(application, tmp_path)
    sketch = example(bench, "sensor")
    text = sketch.read_text()
    mine = text.replace(
        "  (void)reading;\n  return false;",
        """\
  if (!IMU.accelerationAvailable()) return false;
  float unused, also;
  return IMU.readAcceleration(reading[0], reading[1], reading[2]) &&
         IMU.readGyroscope(reading[3], unused, also);""",
    )
    mine = mine.replace("  return true;\n}", "  return IMU.begin();\n}", 1)
    assert mine != text
    sketch.write_text("#include <Arduino_LSM9DS1.h>\n" + mine)
    random = np.random.default_rng(8)
    loud = 10 ** random.uniform(-2, 0, (30, 1, 1)) * [*channels.full_scale, 0, 0]
    readings = (random.standard_normal((30, 40, 6)) * loud).reshape(-1, 6).astype(np.float32)
    path = write(tmp_path / "motion.raw", readings)
    lines = must([bench.build(sketch)], env=environment(SHIM_MOTION=path)).splitlines()
    steps = np.float32(32768.0) / np.array(channels.full_scale, np.float32)
    units = readings[:, :4] * steps
    units = np.trunc(units + np.where(readings[:, :4] < 0, np.float32(-0.5), np.float32(0.5)))
    samples = np.clip(units, -32768, 32767).astype(np.int16)
    check(application, lines, HostStream(application).process(samples.ravel()))


def test_the_camera_sketch_shows_the_middle_of_the_picture(tmp_path: Path) -> None:
    application = sensing("pictures")
    bench = bench_of(application, tmp_path)
    program = bench.build(example(bench, "camera"))
    path = write(tmp_path / "picture.raw", scene())
    lines = must([program], env=environment(SHIM_PICTURE=path, SHIM_LOOPS=1)).splitlines()
    # 24 x 18 is the form 4 : 3, of which the frame has 176 x 132.
    rows, columns = 6 + np.arange(18) * 132 // 18, np.arange(24) * 176 // 24
    window = colour_of(scene())[np.ix_(rows, columns)].ravel()
    events = HostStream(application).process(np.tile(window, len(lines)))
    assert events
    for line, event in zip(lines, events, strict=True):
        label, score = line.split()
        assert label == (application.labels[event.label] if event.label >= 0 else "-")
        number(score, exact_score(application, event))


@pytest.mark.parametrize("what", ["gesture", "pictures", "autoencoder"])
def test_the_platformio_project_tests_itself_and_senses(tmp_path: Path, what: str) -> None:
    application = sensing(what)
    bench = bench_of(application, tmp_path, "platformio")
    program = bench.build(bench.library / "src" / "main.cpp")
    path = write(tmp_path / "motion.raw", physical(300))
    shown = write(tmp_path / "picture.raw", scene())
    env = environment(SHIM_MOTION=path, SHIM_PICTURE=shown, SHIM_LOOPS=2)
    lines = must([program], env=env).splitlines()
    assert lines[0] == "PASS"
    assert len(lines) > 3
    settings = (bench.library / "platformio.ini").read_text()
    library = "OV767X" if what == "pictures" else "LSM9DS1"
    assert f"lib_deps = arduino-libraries/Arduino_{library}\n" in settings


def test_the_readme_and_the_keywords_are_true(tmp_path: Path) -> None:
    for what, live in (("gesture", "imu"), ("regression", "imu"), ("pictures", "camera")):
        bench = bench_of(sensing(what), tmp_path / live / what)
        readme = (bench.library / "README.md").read_text()
        assert f"- `{live}` " in readme
        names = {path.name for path in (bench.library / "examples").iterdir()}
        assert names == {live, "self_test"}
        header = (bench.library / "src" / f"{NAME}.h").read_text()
        for line in (bench.library / "keywords.txt").read_text().splitlines():
            assert re.search(rf"\b{line.split()[0]}\b", header), line
    assert all(name in readme for name in ("24 x 18", "red, green"))
    motion = (tmp_path / "imu" / "gesture" / NAME / "README.md").read_text()
    assert all(f"| {name} | 32768 stands for" in motion for name in CHANNELS.names)
