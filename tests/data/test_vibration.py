"""Machines as a data set: splits, targets, faults, and what is made again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from coincell.data import make_default_data
from coincell.errors import DataError
from coincell.project import Project, parse_configuration

_REGRESSION = """
[project]
name = "speed"
task = "regression"
[data]
sense = "motion"
sample_rate_hz = 400
window_ms = 500
channels = {channels}
units = {units}
full_scale = {full_scale}
target = "speed"
unit = "{unit}"
[data.split]
by = "machine"
[features]
block = "raw"
[synthesis.vibration]
machines = 6
recordings = 3
seconds = 0.5
"""
_ANOMALY = """
[project]
name = "fan"
task = "anomaly-detection"
[data]
sense = "motion"
sample_rate_hz = 800
window_ms = 500
channels = ["x"]
units = ["g"]
full_scale = [8.0]
labels = ["normal", "inner", "outer"]
[features]
block = "spectrogram"
[synthesis.vibration]
machines = 5
recordings = 2
faulty_recordings = 1
seconds = 0.5
"""


def _regression(
    folder: Path, unit: str = "rpm", channel_unit: str = "g", count: int = 3
) -> Project:
    text = _REGRESSION.format(
        channels=["x", "y", "z", "w"][:count],
        units=[channel_unit] * count,
        full_scale=[80.0] * count,
        unit=unit,
    )
    return Project(folder, parse_configuration(text))


def test_machines_never_cross_splits(tmp_path: Path) -> None:
    summary = make_default_data(_regression(tmp_path))
    assert summary.made == 18
    sides: dict[str, set[str]] = {}
    for sample in summary.dataset.samples:
        sides.setdefault(sample.groups["machine"], set()).add(sample.split)
        assert sample.unit == "rpm"
        assert sample.target == pytest.approx(float(sample.groups["speed_rpm"]), abs=0.06)
    assert len(sides) == 6
    assert all(len(splits) == 1 for splits in sides.values())
    assert set.union(*sides.values()) == {"train", "validation", "test"}


def test_what_is_there_is_kept(tmp_path: Path) -> None:
    project = _regression(tmp_path)
    first = make_default_data(project)
    again = make_default_data(project)
    assert (again.made, again.kept, again.removed) == (0, 18, 0)
    assert again.dataset == first.dataset
    other = make_default_data(_regression(tmp_path, unit="Hz"))
    assert (other.made, other.kept) == (18, 0)
    rpm = {sample.file: sample.target for sample in first.dataset.samples}
    for sample in other.dataset.samples:
        assert sample.target == pytest.approx((rpm[sample.file] or 0.0) / 60)


def test_units_of_channels(tmp_path: Path) -> None:
    """The same readings, in g and in metres a second squared (9.80665 to one g, by definition)."""
    files = []
    for name, unit in (("a", "g"), ("b", "m/s2")):
        folder = tmp_path / name
        folder.mkdir()
        dataset = make_default_data(_regression(folder, channel_unit=unit)).dataset
        files.append(np.load(folder / "data" / dataset.samples[0].file))
    assert files[0].shape == (200, 3)
    # at a full scale of 80 m/s2 the sensor's range is another, but nothing reaches it here
    assert np.allclose(files[0] * 9.80665, files[1], rtol=1e-5, atol=1e-6)


def test_faults_are_held_out(tmp_path: Path) -> None:
    project = Project(tmp_path, parse_configuration(_ANOMALY))
    dataset = make_default_data(project).dataset
    counts = dataset.counts()
    assert set(counts) == {"normal", "inner", "outer"}
    held = {sample.groups["machine"] for sample in dataset.samples if sample.split == "test"}
    for fault in ("inner", "outer"):
        assert counts[fault] == {"train": 0, "validation": 0, "test": len(held)}
    assert counts["normal"]["train"] > 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"unit": "furlong"}, "rotational speed"),
        ({"channel_unit": "deg/s"}, "acceleration"),
        ({"count": 4}, "up to 3"),
    ],
)
def test_what_cannot_be_made(tmp_path: Path, change: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        make_default_data(_regression(tmp_path, **change))  # type: ignore[arg-type]
