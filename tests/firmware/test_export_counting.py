"""What an exported library counts, and its sketches tell among their lines: the host's reports."""

from __future__ import annotations

import dataclasses
import subprocess
from pathlib import Path

import numpy as np

from coincell.board import LineReader
from coincell.firmware import HostStream
from counting import counting, told
from exported_sketches import Bench, example
from exporting import NAME, environment, export, write
from exporting_senses import sensing, windows_of
from firmware.test_export_sketches import check, first_step, physical, steps_of

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
