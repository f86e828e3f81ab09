"""BasicMotions out of aeon's wheel, and what is said where it is not there."""

from __future__ import annotations

import importlib.util
from importlib.machinery import ModuleSpec
from pathlib import Path

import numpy as np
import pytest

from coincell.data import import_recordings, make_default_data
from coincell.data.basic_motions import parse_series
from coincell.data.rest import resting
from coincell.errors import DataError, UserError
from coincell.project import Project, load_project, new_project

_ROW = ":".join([",".join(["0.5"] * 100)] * 6)


def _project(folder: Path, old: str = "", new: str = "") -> Project:
    new_project("gesture", folder / "moves")
    path = folder / "moves" / "coincell.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(old or "\0", new), encoding="utf-8")
    return load_project(folder / "moves")


def _carried(monkeypatch: pytest.MonkeyPatch, folder: Path, text: str) -> None:
    """As if aeon were installed, with `text` in both files."""
    place = folder / "aeon" / "datasets" / "data" / "BasicMotions"
    place.mkdir(parents=True)
    for name in ("TRAIN", "TEST"):
        (place / f"BasicMotions_{name}.ts").write_text(text, encoding="utf-8")
    spec = ModuleSpec("aeon", None, is_package=True)
    spec.submodule_search_locations = [str(folder / "aeon")]
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)


def test_the_archives_recordings(tmp_path: Path) -> None:
    if importlib.util.find_spec("aeon") is None:
        pytest.skip("aeon is not installed")
    project = _project(tmp_path)
    summary = make_default_data(project)
    assert summary.made == 100
    counts = summary.dataset.counts()
    assert sorted(counts) == ["badminton", "rest", "running", "standing", "walking"]
    for row in counts.values():
        assert row == {"train": 8, "validation": 2, "test": 10}
    first = next(s for s in summary.dataset.samples if s.file.endswith("motions-train-00.npy"))
    readings = np.load(project.data_directory / first.file)
    assert (readings.shape, first.label) == ((100, 6), "standing")
    # the first readings of the first two dimensions, as they stand in the file
    assert readings[:3, 0].tolist() == pytest.approx([0.079106, 0.079106, -0.903497])
    again = make_default_data(project)
    assert (again.made, again.kept) == (0, 100)


def test_carried_files_are_read_without_aeon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "\n".join(f"{_ROW}:{label}" for label in ("Standing", "Running", "Walking", "Badminton"))
    _carried(monkeypatch, tmp_path, f"#words\n@data\n{rows}\n")
    # of each movement one to learn from and one to judge by: so many of rest, too
    assert make_default_data(_project(tmp_path)).made == 8 + 2


def test_no_rest_is_made_where_none_is_wanted_or_some_was_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "\n".join(f"{_ROW}:{label}" for label in ("Standing", "Running", "Walking", "Badminton"))
    _carried(monkeypatch, tmp_path, f"@data\n{rows}\n")
    assert (
        make_default_data(_project(tmp_path / "none", 'labels = ["rest", ', "labels = [")).made == 8
    )
    recorded = _project(tmp_path / "own")
    rest = tmp_path / "recordings" / "rest"
    rest.mkdir(parents=True)
    lines = ["time,aX,aY,aZ,gX,gY,gZ", *(f"{step / 10},0.1,0,0,0,0,{step}" for step in range(60))]
    (rest / "table.csv").write_text("\n".join(lines), encoding="utf-8")
    # nothing is made beside an import: silence is made for sound alone
    assert import_recordings(rest.parent, recorded).added == 1
    summary = make_default_data(recorded)
    assert summary.made == 8
    assert sum(summary.dataset.counts()["rest"].values()) == 1


def test_rest_is_stiller_than_any_movement() -> None:
    """In BasicMotions' training files the stillest recording, one of standing, deviates on its
    widest axis by 0.38 m/s2; most made rest is below that, and none is exactly still."""
    made = [resting(100, 10, np.random.default_rng(seed)) for seed in range(200)]
    widest = np.array([readings[:, :3].std(axis=0).max() for readings in made])
    assert made[0].shape == (100, 6)
    assert made[0].dtype == np.float32
    assert 0.005 < widest.min() < 0.06 < widest.max() < 0.38
    again = resting(100, 10, np.random.default_rng(0))
    assert np.array_equal(made[0], again)


def test_without_aeon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="aeon") as caught:
        make_default_data(_project(tmp_path))
    assert "pip install" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("sample_rate_hz = 10 ", "sample_rate_hz = 50 ", "10 readings a second"),
        ('"badminton"]', '"tennis"]', "classes"),
    ],
)
def test_a_project_of_another_kind(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        make_default_data(_project(tmp_path, old, new))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (_ROW.replace("0.5", "nan", 1) + ":Walking", "no number"),
        (_ROW.replace("0.5", "x", 1) + ":Walking", "line 1"),
        (_ROW + ":Swimming", "no such class"),
        (_ROW.rsplit(":", 1)[0] + ":Walking", "6 dimensions"),
    ],
)
def test_damaged_lines(line: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        parse_series(line, "some.ts")
