"""Numbers to be predicted, from a CSV: in one unit, finite, one a recording."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from coincell.data import ExportFormat, check_dataset, export_recordings, import_recordings
from coincell.errors import DataError
from coincell.project import Project, parse_configuration
from motion_project import motion_toml

_PROJECT = motion_toml(
    "regression",
    {"x": ("g", 2.0), "y": ("g", 2.0)},
    rate_hz=50,
    window_ms=200,
    data='target = "speed"\nunit = "rpm"\n[data.split]\nby = "machine"',
)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "project").mkdir()
    return Project(tmp_path / "project", parse_configuration(_PROJECT))


def _readings(path: Path, seed: int, header: str = "x,y", change: str = "") -> None:
    values = np.random.default_rng(seed).normal(size=(12, 2)).round(3)
    lines = [header, *(f"{x},{y}" for x, y in values)]
    if change:
        lines[5] = change
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _source(folder: Path, lines: list[str], header: str = "file,target,unit,machine") -> Path:
    folder.mkdir(exist_ok=True)
    for number in range(len(lines)):
        if not (folder / f"{number}.csv").exists():
            _readings(folder / f"{number}.csv", number)
    table = folder / "speeds.csv"
    table.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return table


def _lines(units: list[str]) -> list[str]:
    return [f"{n}.csv,{1000 + n},{unit},m{n}" for n, unit in enumerate(units)]


def test_targets_are_kept(tmp_path: Path, project: Project) -> None:
    """One unit, however it is written."""
    table = _source(tmp_path / "mine", _lines(["rpm", "RPM", "1/min", "rpm"]))
    summary = import_recordings(table, project)
    assert summary.added == 4
    assert sorted(s.target or 0 for s in summary.dataset.samples) == [1000, 1001, 1002, 1003]
    assert {(s.label, s.unit) for s in summary.dataset.samples} == {("", "rpm")}
    assert {s.groups["machine"] for s in summary.dataset.samples} == {"m0", "m1", "m2", "m3"}


def test_a_copy_with_another_target_is_told_as_a_contradiction(
    tmp_path: Path, project: Project
) -> None:
    import_recordings(_source(tmp_path / "mine", _lines(["rpm"] * 4)), project)
    other = tmp_path / "other"
    other.mkdir()
    _readings(other / "0.csv", 2)
    table = _source(other, ["0.csv,1777,rpm,m7", "1.csv,1001,rpm,m1"])
    (other / "1.csv").write_bytes((tmp_path / "mine" / "1.csv").read_bytes())
    summary = import_recordings(table, project)
    assert (summary.added, summary.already_there) == (1, 1)
    (told,) = [note for note in summary.notes if "under another target" in note]
    assert told.startswith("The content of 1 recording is there")
    (found,) = [each for each in check_dataset(project).findings if each.rule == "two-labels"]
    assert (found.severity, found.count) == ("error", 2)
    assert "labels or targets" in found.message


def test_a_mended_target_is_taken(tmp_path: Path, project: Project) -> None:
    _source(tmp_path / "mine", _lines(["rpm"] * 3))
    import_recordings(tmp_path / "mine" / "speeds.csv", project)
    table = _source(tmp_path / "mine", [*_lines(["rpm"] * 3)[:2], "2.csv,1500,rpm,m2"])
    summary = import_recordings(table, project)
    assert (summary.added, summary.updated) == (0, 1)
    assert sorted(s.target or 0 for s in summary.dataset.samples) == [1000, 1001, 1500]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1.csv,17,Hz,m1", "Multiply it by 60 "),
        ("1.csv,17,km,m1", "the target is in km; data.unit is 'rpm'"),
        ("1.csv,17,,m1", "the target is in no unit"),
        ("1.csv,,rpm,m1", "the target is empty"),
        ("1.csv,nan,rpm,m1", "target"),
        ("1.csv,fast,rpm,m1", "target"),
    ],
)
def test_targets_that_are_refused(
    tmp_path: Path, project: Project, line: str, message: str
) -> None:
    table = _source(tmp_path / "mine", [_lines(["rpm"])[0], line])
    with pytest.raises(DataError) as caught:
        import_recordings(table, project)
    told = f"{caught.value} {caught.value.hint}"
    assert message in told
    assert "line 3" in told
    assert not (project.data_directory / "manifest.csv").exists()


@pytest.mark.parametrize("header", ["file,speed,unit,machine", "file,target,rpm,machine"])
def test_columns_that_are_missing(tmp_path: Path, project: Project, header: str) -> None:
    with pytest.raises(DataError, match="is missing"):
        import_recordings(_source(tmp_path / "mine", _lines(["rpm"]), header), project)


@pytest.mark.parametrize(
    ("header", "change", "message"),
    [
        ("x,z", "", "'y'"),
        ("x,y", "0.1,nan", "no number"),
        ("x,y", "0.1,oops", "line 6"),
        ("x,y", "0.1", "line 6"),
    ],
)
def test_readings_that_are_refused(
    tmp_path: Path, project: Project, header: str, change: str, message: str
) -> None:
    """A missing axis, NaN, and text in the middle: told, and nothing is imported."""
    table = _source(tmp_path / "mine", _lines(["rpm"] * 2))
    _readings(tmp_path / "mine" / "1.csv", 1, header, change)
    with pytest.raises(DataError) as caught:
        import_recordings(table, project)
    told = f"{caught.value} {caught.value.hint}"
    assert "1.csv" in told
    assert message in told
    assert not (project.data_directory / "manifest.csv").exists()


@pytest.mark.parametrize("form", ["csv", "npy", "acquisition-json"])
def test_what_is_exported_comes_back_with_its_target(
    tmp_path: Path, project: Project, form: ExportFormat
) -> None:
    """A number that no decimal of few digits tells, its unit, its machine and its side."""
    lines = [f"{n}.csv,{1000 + n / 3},rpm,m{n}" for n in range(12)]
    before = import_recordings(_source(tmp_path / "mine", lines), project).dataset
    export_recordings(project, tmp_path / "out", form)
    (tmp_path / "second").mkdir()
    second = Project(tmp_path / "second", parse_configuration(_PROJECT))
    after = import_recordings(tmp_path / "out", second).dataset
    told = [
        sorted((s.sha256, s.label, s.target, s.unit, s.split, s.groups["machine"]) for s in d)
        for d in (before.samples, after.samples)
    ]
    assert told[0] == told[1]
    assert len({side for *_, side, _ in told[0]}) == 3


@pytest.mark.parametrize("form", ["csv", "acquisition-json"])
def test_what_a_generator_made_stays_marked(
    tmp_path: Path, project: Project, form: ExportFormat
) -> None:
    """Through a CSV, an export, an import, and both again; a person's recordings get no mark."""
    marks = ["synthetic vibration", "", "a synthetic thought"] * 4
    lines = [f"{n}.csv,{1000 + n},rpm,m{n},{mark}" for n, mark in enumerate(marks)]
    table = _source(tmp_path / "mine", lines, "file,target,unit,machine,source_format")
    here, found = project, import_recordings(table, project).dataset
    for place in ("second", "third"):
        assert found.notes(50).get("synthetic vibration, imported") == 4
        assert sum(one.source.format.startswith("synthetic") for one in found.samples) == 4
        export_recordings(here, tmp_path / f"to-{place}", form)
        (tmp_path / place).mkdir()
        here = Project(tmp_path / place, parse_configuration(_PROJECT))
        found = import_recordings(tmp_path / f"to-{place}", here).dataset
    marked = {one.target for one in found.samples if one.source.format.startswith("synthetic")}
    assert marked == {1000.0, 1003.0, 1006.0, 1009.0}


def test_files_without_targets_are_told_so(tmp_path: Path, project: Project) -> None:
    """There are no labels to have a wrong one of."""
    _source(tmp_path / "mine", ["0.csv,1,rpm,m"])
    (tmp_path / "mine" / "speeds.csv").unlink()
    (tmp_path / "mine" / "1.csv").write_text("x,y\n1,2\n2,3\n", encoding="utf-8")
    with pytest.raises(DataError, match="the target is empty"):
        import_recordings(tmp_path / "mine", project)
