"""Collecting lines of text: the unit of their times, whole takes, numbers to be predicted."""

from __future__ import annotations

from pathlib import Path

import pytest

from coincell.data import read_manifest
from collecting_boards import (
    MOTION,
    collect,
    last_take,
    port_of,
    printing,
    project,
    six,
    told,
)

pytest.importorskip("serial", reason="the extra `hardware` is not installed")


@pytest.mark.parametrize(("tick_s", "left_out"), [(1.0, False), (0.001, False), (0.03, True)])
def test_times_without_a_name_have_the_unit_that_the_clock_says(
    tmp_path: Path, tick_s: float, left_out: bool
) -> None:
    """2 Hz, of which a count of seconds would be nearer than the clock's 400 Hz."""
    text = MOTION.replace("sample_rate_hz = 100", "sample_rate_hz = 2")
    place = project(tmp_path / "p", text.replace("window_ms = 400", "window_ms = 2000"))
    step = 0.0025 / tick_s
    with port_of(printing(lambda n: f"{n * step:.4f},{six(n)}", 400.0)) as port:
        result = collect(port, place, "--json", "--seconds", "2")
    assert result.exit_code == 0, result.output
    take = last_take(result)
    assert (take["answer"], take["times_left_out"]) == ("keep", left_out)
    assert 1.5 <= take["seconds"] <= 3.0


def test_a_recording_is_as_long_as_asked_though_lines_at_its_ends_are_damaged(
    tmp_path: Path,
) -> None:
    place = project(tmp_path / "p", MOTION)
    with port_of(printing(lambda n: six(n) if n % 10 < 6 else "x" + six(n), 97.0)) as port:
        result = collect(port, place, "--json", "--seconds", "0.5", "--count", "4")
    assert result.exit_code == 0, result.output
    takes = [fact for fact in told(result) if fact["kind"] == "take"]
    assert {take["seconds"] for take in takes if take["answer"] == "keep"} == {0.5}
    assert all(take["damaged_lines"] for take in takes)


def test_a_quantity_is_collected_by_its_number(tmp_path: Path) -> None:
    text = MOTION.replace('"gesture"', '"regression"').replace('labels = ["punch", "still"]', "")
    text = text.replace("[features]", 'target = "speed"\nunit = "rpm"\n[features]')
    place = project(tmp_path / "p", text)
    words = ("--json", "--seconds", "0.5", "--group", "machine=a")
    with port_of(printing(six, 100.0)) as port:
        wrong = collect(port, place, *words)
        result = collect(port, place, *words, "--target", "-12.5", label="")
        other = collect(port, project(tmp_path / "q", MOTION), *words, "--target", "3")
    assert "speed in rpm; a recording of it has no label" in str(wrong.exception)
    assert "--target is the number of a regression" in str(other.exception)
    assert result.exit_code == 0, result.output
    assert told(result)[-1] == {"kind": "done", "target": -12.5, "unit": "rpm", "kept": 1}
    (sample,) = read_manifest(place.data_directory).samples
    assert (sample.label, sample.target, sample.unit) == ("", -12.5, "rpm")
    assert sample.groups == {"machine": "a"}
