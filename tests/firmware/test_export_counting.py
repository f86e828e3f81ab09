"""What an exported library counts, and its sketches tell among their lines: the host's reports."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import wave
import zipfile
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from coincell.board import LineReader
from coincell.firmware import Application, HostStream
from coincell.monitor import Report, parse_report
from coincell.toolchain import C_FLAGS
from counting import counting, told
from exported_sketches import Bench, example
from exporting import NAME, environment, export, link_folder, must, run, sanitizers, write
from exporting_senses import sensing, windows_of
from firmware.test_export_sketches import check, first_step, physical, steps_of
from reports_file import kept

NOBODY = bytes(8)
OTHER_REASON = 5


def test_a_sketch_tells_the_reports_of_the_host_between_its_lines(tmp_path: Path) -> None:
    plain = sensing("gesture")
    application = counting(plain, windows_of(plain.form, 60), interval_s=5)
    folder = export("arduino", tmp_path / NAME, application=application)
    bench = Bench(folder, folder / "src", tmp_path)
    program = bench.build(example(bench, "imu"), "-DIMU_OF_REV2=0")
    readings = physical(1600)
    path = write(tmp_path / "motion.raw", readings)
    done = subprocess.run(
        [program],
        env=environment(SHIM_MOTION=path, SHIM_LOOPS=0),
        capture_output=True,
        check=True,
    )
    heard = LineReader().feed(done.stdout)
    assert {one.kind for one in heard} == {"text", "report"}
    reports = told([one.frame.payload for one in heard if one.frame is not None])
    sequences = [one.frame.sequence for one in heard if one.frame is not None]
    stream = HostStream(application)
    stream.watch(NOBODY)
    samples = np.concatenate([first_step(readings), steps_of(readings[3:], 2)]).ravel()
    check(application, [one.text for one in heard if one.kind == "text"], stream.process(samples))
    expected = [
        dataclasses.replace(report, reset=OTHER_REASON) for report in told(stream.take_reports())
    ]
    assert len(expected) >= 2
    assert reports[: len(expected)] == expected
    assert sequences == list(range(len(reports)))


def test_a_project_without_telemetry_exports_none_of_it(tmp_path: Path) -> None:
    folder = export("arduino", tmp_path / NAME, application=sensing("gesture"))
    names = {path.name for path in folder.rglob("*.[ch]")}
    assert not names & {"telemetry.c", "sketch.c", "report.c"}
    assert "report_due" not in (folder / "src" / f"{NAME}.h").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def application() -> Application:
    plain = sensing("gesture")
    return counting(plain, windows_of(plain.form, 60), interval_s=5)


def motion() -> NDArray[np.int16]:
    """int16 [n, 4]."""
    return windows_of(sensing("gesture").form, 30, seed=4).reshape(-1, 4)


def of_the_host(application: Application, device: bytes) -> list[Report]:
    """Also what is counted when the stream ends."""
    stream = HostStream(application)
    stream.watch(device)
    stream.process(motion().ravel())
    reports = told([*stream.take_reports(), stream.report()])
    return [dataclasses.replace(report, reset=OTHER_REASON) for report in reports]


def test_the_program_for_computers_adds_reports_to_a_file(
    application: Application, tmp_path: Path
) -> None:
    folder = export("c", tmp_path / NAME, application=application)
    program = folder / "decide"
    link_folder(folder, program, [*C_FLAGS, "-O1", *sanitizers()])
    path = tmp_path / "reports.cbor"
    for times in (1, 2):
        subprocess.run(
            [program, "--reports", path], input=motion().tobytes(), capture_output=True, check=True
        )
        reports = told(kept(path))
        assert reports == times * of_the_host(application, reports[0].device)
    assert reports[0].device != NOBODY
    for words in ([program, "--reports"], [program, "--reports", tmp_path / "no" / "file"]):
        assert run(words, input="").returncode == 2
    assert must([program, "--reports", path, "--self-test"]) == "PASS\n"
    assert told(kept(path)) == reports, "a self-test is nothing to tell"


@pytest.fixture(scope="module")
def package(application: Application, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the wheel's files."""
    folder = export("python", tmp_path_factory.mktemp("python") / NAME, application=application)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder.parent / "site")
    return folder.parent / "site"


def test_the_package_tells_signed_reports(
    application: Application, package: Path, tmp_path: Path
) -> None:
    samples = write(tmp_path / "motion.raw", motion())
    program = f"""
import json, pathlib, {NAME} as library
library.count(b"a device", boot=3, key=bytes(range(32)))
data = pathlib.Path({str(samples)!r}).read_bytes()
reports = []
for begin in range(0, len(data), 256):
    library.push(data[begin:begin + 256])
    reports.append(library.report().hex())
reports.append(library.report(early=True).hex())
print(json.dumps([library.REPORT_SECONDS, [one for one in reports if one]]))
for wrong in (dict(device=b"short"), dict(device=b"a device", key=b"short"),
              dict(device=b"a device", boot=-1)):
    try:
        library.count(**wrong)
    except ValueError:
        continue
    raise SystemExit(4)
"""
    env = {"PYTHONPATH": str(package), "PYTHONWARNINGS": "error"}
    seconds, texts = json.loads(must([sys.executable, "-c", program], env=env))
    envelopes = [parse_report(bytes.fromhex(text)) for text in texts]
    assert seconds == 5
    assert all(one.is_signed_by(bytes(range(32))) for one in envelopes)
    assert not envelopes[0].is_signed_by(bytes(32))
    heard, expected = [one.report for one in envelopes], of_the_host(application, b"a device")
    # They are told at the ends of blocks, not at those of decisions.
    assert sum(one.windows for one in heard) == sum(one.windows for one in expected)
    assert heard[-1].uptime == expected[-1].uptime
    assert [one.name for one in heard] == [(b"a device", 3, place) for place in range(len(heard))]


def test_the_package_adds_reports_of_files(
    application: Application, package: Path, tmp_path: Path
) -> None:
    with wave.open(str(tmp_path / "motion.wav"), "wb") as sound:
        sound.setparams((4, 2, 50, 0, "NONE", ""))
        sound.writeframes(motion().tobytes())
    words = [sys.executable, "-m", NAME, "--reports", "all.cbor", "motion.wav"]
    env = {"PYTHONPATH": str(package), "PYTHONWARNINGS": "error"}
    must(words, env=env, cwd=tmp_path)
    reports = told(kept(tmp_path / "all.cbor"))
    expected = of_the_host(application, reports[0].device)
    assert sum(one.windows for one in reports) == sum(one.windows for one in expected)
    assert reports[-1].uptime == expected[-1].uptime
    refused = run([*words[:3], "--reports", "no/file", "motion.wav"], env=env, cwd=tmp_path)
    assert refused.returncode == 2
    assert "no/file" in refused.stderr
