"""The examples do what their pages say."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"
AWAKE_A, ASLEEP_A = 3.3e-3, 2.35e-6 + 0.81e-6
"""Of the core at work, and of the chip asleep with its RTC: nRF52840 specification, 5.2.1."""


@pytest.fixture(scope="module")
def year() -> dict[str, Any]:
    """What examples/vibration-year prints."""
    command = [sys.executable, EXAMPLES / "vibration-year" / "run.py", "--looks", "4", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_coin_cell_lasts_a_year_even_at_worst(year: dict[str, Any]) -> None:
    assert len(year["rows"]) == 6
    for row in year["rows"]:
        days = row["battery_days"]
        assert 365 <= days["low"] < days["typical"] < days["high"], row["day"]
        assert row["shortest_period_s"][0] < row["shortest_period_s"][1] <= 120
        assert row["warnings"] == []


def test_a_reader_that_leaves_gets_no_traceback() -> None:
    """As of `run.py | head -1`: the pipe is closed before anything is printed."""
    command = [sys.executable, EXAMPLES / "vibration-year" / "run.py", "--looks", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        assert run.stdout
        assert run.stderr
        run.stdout.close()
        assert run.stderr.read() == b""
        assert run.wait() == 0


def test_every_look_decides_what_is_so(year: dict[str, Any]) -> None:
    for row in year["rows"]:
        assert row["right"] == row["looks"] == 4
    assert year["accuracy"] >= 0.98


def test_the_detector_wakes_the_network_only_for_a_machine_that_runs(year: dict[str, Any]) -> None:
    rows = {(row["day"], row["cascade"]): row for row in year["rows"]}
    asked = {day: rows[day, True]["asked"] for day in ("worn", "a working day", "switched off")}
    assert asked == {"worn": 4, "a working day": 1, "switched off": 0}
    for day in ("a working day", "switched off"):
        with_it, without = (rows[day, cascade]["average_a"]["typical"] for cascade in (True, False))
        assert with_it < 0.9 * without


def test_the_average_is_what_its_largest_parts_add_up_to(year: dict[str, Any]) -> None:
    """By hand: asleep, awake, and the accelerometer's 600 uA for the 128 samples at 476 Hz."""
    row = next(row for row in year["rows"] if row["day"] == "switched off" and not row["cascade"])
    awake = AWAKE_A * row["awake_ms"] / 1000 / 120
    sensing = 600e-6 * 128 / 476 / 120
    average = row["average_a"]["typical"]
    assert ASLEEP_A + awake + sensing <= average <= 1.1 * (ASLEEP_A + awake + sensing)
    charge_mah = 0.75 * 225
    leaking_a = 0.01 * 0.225 / 8760
    assert row["battery_days"]["typical"] == pytest.approx(
        charge_mah / 1000 / (average + leaking_a) / 24, rel=0.01
    )


def test_a_period_that_the_counter_cannot_hold_is_refused() -> None:
    command = [sys.executable, EXAMPLES / "vibration-year" / "run.py", "--period", "600"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "256 s" in done.stderr
