"""The ledger in MLflow's form: once a run, and what its client is given. The client is a stand-in;
the real one was tried by hand."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar

import pytest
from click.testing import CliRunner

from coincell.cli.main import cli
from coincell.errors import MissingExtraError, UserError
from coincell.pipeline import export_runs, noted_runs
from coincell.pipeline.ledger import note_run
from coincell.project import Project, load_project
from coincell.report import Metric
from report.sample_report import sample_report

TOML = '[project]\nname = "toy"\n[data]\nlabels = ["yes", "no"]\n[training]\nepochs = 3\n'


class MlflowException(Exception):  # noqa: N818 - MLflow's own name
    """As MLflow calls it."""


class StandInClient:
    """Keeps what it is given, by tracking URI."""

    stores: ClassVar[dict[str, dict[str, Any]]] = {}

    def __init__(self, tracking_uri: str) -> None:
        if tracking_uri.startswith("http"):
            raise MlflowException("nobody answers\nlong tale")
        self.store = self.stores.setdefault(tracking_uri, {"experiments": [], "runs": []})

    def get_experiment_by_name(self, name: str) -> Any:
        known = self.store["experiments"]
        return SimpleNamespace(experiment_id=known.index(name)) if name in known else None

    def create_experiment(self, name: str, artifact_location: str | None) -> int:
        assert str(artifact_location).startswith("file:///")
        self.store["experiments"].append(name)
        return len(self.store["experiments"]) - 1

    def search_runs(self, experiments: list[str], max_results: int) -> list[Any]:
        assert experiments == ["0"]
        return [SimpleNamespace(data=SimpleNamespace(tags=r["tags"])) for r in self.store["runs"]]

    def create_run(
        self, experiment: str, start_time: int, tags: dict[str, str], run_name: str
    ) -> Any:
        made = {"tags": tags, "start": start_time, "parameters": {}, "metrics": {}}
        self.store["runs"].append(made)
        return SimpleNamespace(info=SimpleNamespace(run_id=len(self.store["runs"]) - 1))

    def log_param(self, run: int, name: str, value: str) -> None:
        self.store["runs"][run]["parameters"][name] = value

    def log_metric(self, run: int, name: str, value: float) -> None:
        self.store["runs"][run]["metrics"][name] = value

    def log_artifact(self, run: int, path: str) -> None:
        self.store["runs"][run]["report"] = json.loads(Path(path).read_text())

    def set_terminated(self, run: int, end_time: int) -> None:
        self.store["runs"][run]["ended"] = end_time


@pytest.fixture
def mlflow(monkeypatch: pytest.MonkeyPatch) -> type[StandInClient]:
    module, exceptions = ModuleType("mlflow"), ModuleType("mlflow.exceptions")
    vars(exceptions)["MlflowException"] = MlflowException
    vars(module).update(MlflowClient=StandInClient, exceptions=exceptions)
    monkeypatch.setitem(sys.modules, "mlflow", module)
    monkeypatch.setitem(sys.modules, "mlflow.exceptions", exceptions)
    monkeypatch.setattr(StandInClient, "stores", {})
    return StandInClient


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "coincell.toml").write_text(TOML)
    report = sample_report()
    provenance = report.provenance.model_copy(update={"configuration": TOML})
    metrics = {"accuracy": Metric(value=0.9, ci95=(0.85, 0.95)), "unknown": Metric(value=None)}
    found = load_project(tmp_path)
    note_run(found, report.model_copy(update={"provenance": provenance, "metrics": metrics}))
    return found


def test_a_run_is_written_once(project: Project, mlflow: type[StandInClient]) -> None:
    folder = project.directory / "tracked"
    assert export_runs(project, noted_runs(project)[0], str(folder)) == [1]
    assert export_runs(project, noted_runs(project)[0], str(folder)) == []
    (store,) = mlflow.stores.values()
    assert next(iter(mlflow.stores)) == f"sqlite:///{folder.resolve()}/mlflow.db"
    assert folder.is_dir()
    assert store["experiments"] == ["toy"]
    (run,) = store["runs"]
    assert run["parameters"]["training.epochs"] == "3"
    assert run["metrics"]["accuracy"] == 0.9
    assert (run["metrics"]["accuracy.low95"], run["metrics"]["accuracy.high95"]) == (0.85, 0.95)
    assert "unknown" not in run["metrics"]
    assert run["tags"]["coincell.run"] == "1"
    assert run["report"]["metrics"]["accuracy"]["value"] == 0.9
    assert run["ended"] == run["start"] > 1e12


def test_by_the_command(project: Project, mlflow: type[StandInClient]) -> None:
    arguments = ["runs", "export", "--mlflow", "sqlite:///some.db", "--json"]
    done = CliRunner().invoke(cli, [*arguments, "--project", str(project.directory)])
    assert json.loads(done.stdout)["exported"] == [1]
    assert list(mlflow.stores) == ["sqlite:///some.db"]


def test_what_cannot_be_is_told(
    project: Project, mlflow: type[StandInClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserError, match=r"cannot take the runs: nobody answers\.?$"):
        export_runs(project, noted_runs(project)[0], "http://127.0.0.1:1")
    with pytest.raises(UserError, match="No run was kept"):
        export_runs(project, [], "folder")
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(MissingExtraError, match="mlflow-skinny"):
        export_runs(project, noted_runs(project)[0], "folder")
