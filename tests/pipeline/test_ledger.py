"""The ledger: one entry a run that made something, found again, compared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from coincell.cli.main import cli
from coincell.errors import UserError
from coincell.pipeline import ledger
from coincell.pipeline.ledger import (
    Run,
    apart,
    changed_settings,
    find_run,
    last_run,
    note_run,
    noted_runs,
    with_openings,
)
from coincell.project import Project, load_project
from coincell.report import Metric, Report, StageRun
from report.sample_report import sample_report

TOML = '[project]\nname = "toy"\n[data]\nlabels = ["yes", "no"]\n[training]\nepochs = {epochs}\n'


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "coincell.toml").write_text(TOML.format(epochs=3))
    return load_project(tmp_path)


def found(key: str, accuracy: float = 0.9, epochs: int = 3) -> Report:
    """A report whose evaluation came from the key."""
    report = sample_report()
    provenance = report.provenance.model_copy(
        update={
            "stages": (StageRun(name="evaluate", key=key),),
            "configuration": TOML.format(epochs=epochs),
        }
    )
    ends = accuracy - 0.01, accuracy + 0.01
    metrics = {"accuracy": Metric(value=accuracy, ci95=ends)}
    return report.model_copy(
        update={"provenance": provenance, "metrics": metrics, "warnings": (), "stopped": None}
    )


def test_a_run_that_redid_nothing_is_no_new_entry(project: Project) -> None:
    assert note_run(project, found("a")) == 1
    assert note_run(project, found("a")) == 1
    assert note_run(project, found("b")) == 2
    assert note_run(project, found("a")) == 3  # back again is a run of its own
    assert [run.number for run in noted_runs(project)[0]] == [1, 2, 3]


def test_an_entry_is_the_whole_report(project: Project) -> None:
    report = found("a")
    note_run(project, report)
    assert find_run(project, "last").report == report
    assert find_run(project, "1").settings["training.epochs"] == 3


def test_openings_of_the_test_split_are_counted_once_a_model(project: Project) -> None:
    for key in ("a", "b", "a"):
        note_run(project, found(key))
    assert with_openings(project, found("a")).test_openings == 2
    assert with_openings(project, found("c")).test_openings == 3
    for number in range(9):
        note_run(project, found(f"more {number}"))
    told = with_openings(project, found("a"))
    assert told.test_openings == 11
    assert "opened 11 times" in told.warnings[-1]
    assert with_openings(project, found("a")).warnings[:-1] == found("a").warnings


def test_settings_and_figures_are_compared(project: Project) -> None:
    note_run(project, found("a", 0.80, epochs=3))
    note_run(project, found("b", 0.95, epochs=9))
    first, second = noted_runs(project)[0]
    assert changed_settings(first, second) == {"training.epochs": (3, 9)}
    assert apart(first.figures["accuracy"], second.figures["accuracy"])
    assert not apart(Metric(value=0.9, ci95=(0.8, 0.95)), Metric(value=0.94, ci95=(0.9, 0.99)))
    assert apart(Metric(value=0.9), Metric(value=0.1)) is None


@pytest.mark.parametrize("name", ["0", "2", "-1", "x", "1.0", "last one", "²"])
def test_what_is_no_run_is_told(project: Project, name: str) -> None:
    note_run(project, found("a"))
    with pytest.raises(UserError, match="There is no run"):
        find_run(project, name)


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff\xfe", b'{"version": 1}'])
def test_a_spoilt_entry_is_named_and_ends_no_run(project: Project, content: bytes) -> None:
    for key in ("a", "b"):
        note_run(project, found(key))
    (project.directory / "runs" / "0002.json").write_bytes(content)
    with pytest.raises(UserError, match=r"0002\.json is no report"):
        find_run(project, "2")
    known, unreadable = noted_runs(project)
    assert [*(run.number for run in known), *unreadable] == [1, 2]
    listed = CliRunner().invoke(
        cli, ["runs", "list", "--json", "--project", str(project.directory)]
    )
    assert "run 2 is left out" in listed.stderr
    assert [entry["number"] for entry in json.loads(listed.stdout)] == [1]
    assert with_openings(project, found("c")).test_openings == 3, "each may have been another"
    assert note_run(project, found("c")) == 3


def test_what_is_no_file_is_left_out(project: Project) -> None:
    note_run(project, found("a"))
    (project.directory / "runs" / "0002.json").symlink_to("/dev/zero")
    (project.directory / "runs" / "0003.json").mkdir()
    assert noted_runs(project)[1] == [2, 3]
    assert find_run(project, "last").number == 1, "the last that can be read"


def test_the_last_run_is_found_without_reading_the_others(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in ("a", "b", "c", "d"):
        note_run(project, found(key))
    (project.directory / "runs" / "0004.json").write_bytes(b"{}")
    read: list[int] = []

    def noted(folder: Path, number: int) -> Run | None:
        read.append(number)
        return readable(folder, number)

    readable = ledger._if_readable
    monkeypatch.setattr(ledger, "_if_readable", noted)
    last = last_run(project)
    assert last is not None
    assert last.number == 3
    assert read == [4, 3], "from the newest on, until one can be read"


def test_a_file_in_the_folders_place_is_told(project: Project) -> None:
    (project.directory / "runs").write_text("mine")
    with pytest.raises(UserError, match="is a file, where runs are kept"):
        noted_runs(project)
    with pytest.raises(UserError, match="is a file, where runs are kept"):
        note_run(project, found("a"))


def run(*arguments: str) -> Any:
    result = CliRunner().invoke(cli, ["runs", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_commands(project: Project) -> None:
    place = ("--project", str(project.directory))
    assert "No run was kept yet" in run("list", *place)
    note_run(project, found("a", 0.80, epochs=3))
    note_run(project, found("b", 0.95, epochs=9))
    listed = run("list", *place)
    assert "training.epochs 9" in listed
    assert "0.95 (0.94 to 0.96)" in listed
    compared = run("compare", "1", *place)
    assert "training.epochs: 3 -> 9" in compared
    assert "differ" in compared
    told = json.loads(run("compare", "1", "2", "--json", *place))
    assert told["settings"] == {"training.epochs": [3, 9]}
    assert told["figures"]["accuracy"][1]["value"] == 0.95
    assert [entry["number"] for entry in json.loads(run("list", "--json", *place))] == [1, 2]
    assert "Run 2" in run("show", *place)
    assert json.loads(run("show", "1", "--json", *place))["figures"]["accuracy"]["value"] == 0.8
