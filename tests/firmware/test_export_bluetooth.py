"""Reports by Bluetooth, of Arduino's sketches and Zephyr's sample: no central loses one."""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
import uuid
from pathlib import Path

import numpy as np
import pytest

from coincell.board import LineReader
from coincell.firmware import Application, HostStream
from coincell.monitor import Report
from coincell.runtime import HEAD_BYTES, REPORT_UUID, SERVICE_UUID, TAKEN_UUID, VALUE_BYTES
from counting import counting, layout_of, told
from exported_sketches import BY_BLUETOOTH, Bench, example
from exporting import HERE, NAME, environment, export, must, run, write
from exporting_senses import sensing, windows_of
from firmware.test_export_counting import NOBODY, OTHER_REASON
from firmware.test_export_sketches import first_step, physical, steps_of
from reports_file import kept

INTERVAL_S = 5


@pytest.fixture(scope="module")
def application() -> Application:
    plain = sensing("gesture")
    return counting(plain, windows_of(plain.form, 60), interval_s=INTERVAL_S)


@pytest.fixture(scope="module")
def sketch(application: Application, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The motion sketch with ArduinoBLE's stand-in."""
    folder = export("arduino", tmp_path_factory.mktemp("ble") / NAME, application=application)
    bench = Bench(folder, folder / "src", folder.parent)
    return bench.build(example(bench, "imu"), BY_BLUETOOTH)


def hears(program: Path, folder: Path, central: str) -> list[Report]:
    """Reports that a central took of the sketch on 1600 readings."""
    path = folder / "central.cbor"
    motion = write(folder / "motion.raw", physical(1600))
    must(
        [program],
        env=environment(
            SHIM_MOTION=motion, SHIM_LOOPS=0, SHIM_CENTRAL=path, SHIM_CENTRAL_IS=central
        ),
    )
    return told(kept(path))


def of_the_host(application: Application) -> list[Report]:
    """What the same readings give where each report is taken at once."""
    readings = physical(1600)
    stream = HostStream(application)
    stream.watch(NOBODY)
    samples = np.concatenate([first_step(readings), steps_of(readings[3:], 2)])
    stream.process(samples.ravel())
    reports = told(stream.take_reports())
    return [dataclasses.replace(report, reset=OTHER_REASON) for report in reports]


@pytest.mark.parametrize("mtu", [23, 100, 242, 247])
def test_a_central_that_stays_takes_the_host_s_reports(
    application: Application, sketch: Path, tmp_path: Path, mtu: int
) -> None:
    heard, expected = hears(sketch, tmp_path, f"mtu={mtu}"), of_the_host(application)
    assert len(expected) >= 2
    assert heard[: len(expected)] == expected


@pytest.mark.parametrize("trouble", ["leaves=17", "forgets=2", "lies=1", "mtu=100 leaves=5 lies=2"])
def test_a_central_in_trouble_takes_each_report_in_the_end(
    application: Application, sketch: Path, tmp_path: Path, trouble: str
) -> None:
    """Some twice, which (device, boot, sequence) tells."""
    heard, expected = hears(sketch, tmp_path, trouble), of_the_host(application)
    once = list({report.sequence: report for report in heard}.values())
    assert all(report == once[report.sequence] for report in heard), "a name with two meanings"
    assert once[: len(expected) - 1] == expected[: len(expected) - 1]
    if "forgets" in trouble:
        assert len(heard) > len(once)


def test_what_is_counted_while_nobody_is_near_is_told_later(
    application: Application, sketch: Path, tmp_path: Path
) -> None:
    """Two reports hold what else were many: the one that waited, and all since."""
    turns = 2500
    heard, expected = hears(sketch, tmp_path, f"mtu=247 from={turns}"), of_the_host(application)
    assert heard[0] == expected[0]
    assert len(heard) < len(expected)
    assert [report.sequence for report in heard] == list(range(len(heard)))
    layout, last = layout_of(application), heard[-1]
    same_time = [report for report in expected if report.uptime <= last.uptime]
    assert sum(report.windows for report in heard) >= sum(one.windows for one in same_time)
    assert sum(report.seconds for report in heard) == last.uptime
    counts = layout.vectors_of(heard)[:, layout.feature_bins]
    assert counts.sum() > layout.vectors_of(same_time[:2])[:, layout.feature_bins].sum()


def test_no_full_packet_ends_where_the_value_does() -> None:
    """There a central asks for more, and ArduinoBLE answers with an error: nobody could read it."""
    assert HEAD_BYTES + 256 <= VALUE_BYTES <= 512
    assert all(VALUE_BYTES % (mtu - 1) for mtu in range(23, VALUE_BYTES + 1))


def test_a_board_without_a_radio_says_so(sketch: Path, tmp_path: Path) -> None:
    motion = write(tmp_path / "motion.raw", physical(10))
    done = run([sketch], env=environment(SHIM_MOTION=motion, SHIM_NO_RADIO=1))
    assert done.returncode == 3
    assert set(done.stdout.splitlines()) == {"Bluetooth does not start."}


def test_the_service_s_names_are_random_and_of_one_family(sketch: Path, tmp_path: Path) -> None:
    motion = write(tmp_path / "motion.raw", physical(10))
    lines = must(
        [sketch], env=environment(SHIM_MOTION=motion, SHIM_LOOPS=0, SHIM_SHOWS_UUIDS=1)
    ).splitlines()
    names = [SERVICE_UUID, REPORT_UUID, TAKEN_UUID]
    assert f"# {' '.join(names)}" in lines
    assert all(uuid.UUID(name).version == 4 for name in names)
    assert {name[8:] for name in names} == {SERVICE_UUID[8:]}


needs_cmake = pytest.mark.skipif(not shutil.which("cmake"), reason="no cmake")
WINDOWS = 60


@pytest.fixture(scope="module")
def sample(application: Application, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Zephyr's sample, which takes more windows of nothing than one."""
    folder = export("zephyr", tmp_path_factory.mktemp("zephyr") / NAME, application=application)
    path = folder / "sample" / "src" / "main.c"
    text = path.read_text(encoding="utf-8")
    longer = text.replace("left = TINY_WORDS_WINDOW_VALUES;", f"left = {WINDOWS} * 256;")
    assert longer != text
    path.write_text(longer, encoding="utf-8")
    return folder / "sample"


def built(sample: Path, build: Path, *words: str) -> Path:
    """The sample's program."""
    shim = HERE / "zephyr_shim"
    base = {"ZEPHYR_BASE": str(shim), "PATH": "/usr/local/bin:/usr/bin:/bin"}
    must(["cmake", "-S", sample, "-B", build, f"-DZephyr_DIR={shim / 'cmake'}", *words], env=base)
    must(["cmake", "--build", build], env=base)
    return build / "app"


def of_nothing(application: Application) -> list[Report]:
    stream = HostStream(application)
    stream.watch(b"coincell")
    stream.process(np.zeros(WINDOWS * 256, np.int16))
    reports = told(stream.take_reports())
    return [dataclasses.replace(report, reset=OTHER_REASON) for report in reports]


@needs_cmake
@pytest.mark.parametrize("central", ["mtu=23", "mtu=247 leaves=5 lies=2"])
def test_zephyr_s_sample_offers_the_host_s_reports(
    application: Application, sample: Path, tmp_path: Path, central: str
) -> None:
    program = built(sample, sample.parent / "radio", "-DEXTRA_CONF_FILE=bluetooth.conf")
    path = tmp_path / "central.cbor"
    must([program], env=environment(SHIM_CENTRAL=path, SHIM_CENTRAL_IS=central))
    heard, expected = told(kept(path)), of_nothing(application)
    assert len(expected) >= 2
    once = list({report.sequence: report for report in heard}.values())
    assert once[:2] == expected[:2]


@needs_cmake
def test_zephyr_s_sample_without_a_radio_says_so(sample: Path) -> None:
    program = built(sample, sample.parent / "radio", "-DEXTRA_CONF_FILE=bluetooth.conf")
    lines = must([program], env=environment(SHIM_NO_RADIO=1)).splitlines()
    assert lines[-1] == f"{NAME}: Bluetooth does not start"


@needs_cmake
def test_zephyr_s_sample_tells_frames_on_the_console(
    application: Application, sample: Path, tmp_path: Path
) -> None:
    program = built(sample, tmp_path / "build")
    done = subprocess.run([program], capture_output=True, check=True)
    heard = LineReader().feed(done.stdout)
    assert {one.kind for one in heard} == {"text", "report"}
    reports = told([one.frame.payload for one in heard if one.frame is not None])
    assert reports == of_nothing(application)


def test_what_the_sample_includes_and_sets_is_zephyr_s_own(sample: Path) -> None:
    """Names that nobody here can look up are few: each in the list was looked up."""
    text = (sample / "src" / "bluetooth.c").read_text(encoding="utf-8")
    headers = set(re.findall(r"#include <(zephyr/[^>]+)>", text))
    assert headers == {
        "zephyr/bluetooth/bluetooth.h", "zephyr/bluetooth/conn.h", "zephyr/bluetooth/gatt.h",
        "zephyr/bluetooth/uuid.h", "zephyr/kernel.h",
    }  # fmt: skip
    settings = (sample / "bluetooth.conf").read_text(encoding="utf-8")
    assert set(re.findall(r"^CONFIG_(\w+)=", settings, re.MULTILINE)) == {
        "BT", "BT_PERIPHERAL", "BT_DEVICE_NAME", "SYSTEM_WORKQUEUE_STACK_SIZE",
    }  # fmt: skip
