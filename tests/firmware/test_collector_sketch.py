"""The sketch that prints readings, compiled as Arduino does; what it prints is imported."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from coincell.data import read_window
from coincell.firmware import collector_sketch
from coincell.project import DataSettings
from exporting import HERE, WARNINGS, cpp_compiler, environment, must

SHIM = HERE / "arduino_shim"


@pytest.mark.parametrize("board", [[], ["-DIMU_OF_REV2=1"]])
def test_what_the_sketch_prints_is_read_back(tmp_path: Path, board: list[str]) -> None:
    unit = tmp_path / "sketch.cpp"
    unit.write_text(f"#include <Arduino.h>\n{collector_sketch()}", encoding="utf-8")
    program = tmp_path / "sketch"
    flags = ["-std=gnu++14", "-Os", "-fno-exceptions", "-fno-rtti", *WARNINGS, *board]
    must([*cpp_compiler(), *flags, "-I", SHIM, unit, SHIM / "shim.cpp", "-o", program])
    readings = np.random.default_rng(2).normal(0, 1.2, (120, 6)).astype("<f4")
    readings[3, 0] = -0.00004  # rounds to nought
    motion = tmp_path / "motion.raw"
    motion.write_bytes(readings.tobytes())
    printed = must([program], env=environment(SHIM_MOTION=motion))
    lines = printed.splitlines()
    assert (
        lines[0]
        == lines[101]
        == ("time [ms],aX [g],aY [g],aZ [g],gX [deg/s],gY [deg/s],gZ [deg/s]")
    )
    (tmp_path / "walk.csv").write_text(printed, encoding="utf-8")
    settings = DataSettings(
        sense="motion",
        labels=("a", "b"),
        sample_rate_hz=100,
        window_ms=1200,
        channels=("aX", "aY", "aZ", "gX", "gY", "gZ"),
        units=("g",) * 3 + ("deg/s",) * 3,
        full_scale=(8.0,) * 6,
    )
    window = read_window(tmp_path / "walk.csv", settings)
    assert (window.padded, window.cropped) == (False, False)
    found = window.values.reshape(120, 6) / 32768 * 8
    np.testing.assert_allclose(found, readings, atol=0.0003)
