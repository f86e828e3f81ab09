"""The ledger's runs in MLflow's form, for those who keep experiments there.

Where to is for the user to say: a folder, an SQLite file, or a server's URL. Nothing else of the
project is sent: settings, figures, and the run's report as JSON.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from coincell.errors import MissingExtraError, UserError
from coincell.pipeline.ledger import Run
from coincell.project import Project

_NUMBER = "coincell.run"
_SQLITE, _REPORTS = "sqlite:///", "mlflow-reports"
_MOST_LETTERS = 500
"""Of a parameter's value, by MLflow's documentation."""


def export_runs(project: Project, runs: Sequence[Run], address: str) -> list[int]:
    """Write runs into MLflow, each once; gives the numbers of those that were not there before.

    Args:
        project: whose name the experiment bears.
        runs: of its ledger.
        address: a folder, or what MLflow calls a tracking URI: sqlite:///FILE, a server's URL.

    Raises:
        MissingExtraError: MLflow is not installed.
        UserError: there is nothing to be written, or the store cannot be reached.
    """
    if not runs:
        raise UserError("No run was kept yet.", "coincell run")
    mlflow = _mlflow()
    try:
        uri, artefacts = _places(address)
        client = mlflow.MlflowClient(tracking_uri=uri)
        experiment = _experiment(client, project.configuration.project.name, artefacts)
        known = {
            entry.data.tags.get(_NUMBER)
            for entry in client.search_runs([experiment], max_results=50000)
        }
        new = [run for run in runs if str(run.number) not in known]
        for run in new:
            _write(client, experiment, run)
    except (mlflow.exceptions.MlflowException, OSError) as error:
        raise UserError(
            f"MLflow at {address} cannot take the runs: {str(error).splitlines()[0]}",
            "Name a folder, sqlite:///FILE, or the URL of a server that runs.",
        ) from error
    return [run.number for run in new]


def _write(client: Any, experiment: str, run: Run) -> None:
    created = run.report.created
    began = int(datetime.fromisoformat(created).timestamp() * 1000) if created else None
    tags = {_NUMBER: str(run.number), "coincell.passed": str(run.passed).lower()}
    entry = client.create_run(
        experiment, start_time=began, tags=tags, run_name=f"run {run.number}"
    ).info.run_id
    for name, value in run.settings.items():
        client.log_param(entry, name, str(value)[:_MOST_LETTERS])
    for name, metric in run.figures.items():
        if metric.value is None:
            continue
        client.log_metric(entry, name, metric.value)
        for end, bound in zip(("low", "high"), metric.ci95 or (), strict=False):
            client.log_metric(entry, f"{name}.{end}95", bound)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.json"
        path.write_text(run.report.to_json(), encoding="utf-8")
        client.log_artifact(entry, str(path))
    client.set_terminated(entry, end_time=began)


def _experiment(client: Any, name: str, artefacts: str | None) -> str:
    found = client.get_experiment_by_name(name)
    if found:
        return str(found.experiment_id)
    return str(client.create_experiment(name, artifact_location=artefacts))


def _places(address: str) -> tuple[str, str | None]:
    """The tracking URI, and where reports go; None: where the server keeps such things.

    A folder holds both, as `mlflow ui --backend-store-uri sqlite:///FOLDER/mlflow.db` reads it:
    MLflow 3 refuses folders of plain files.
    """
    if address.startswith(_SQLITE):
        folder = Path(address.removeprefix(_SQLITE)).resolve().parent
        return address, (folder / _REPORTS).as_uri()
    if ":" in address:
        return address, None
    folder = Path(address).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return f"{_SQLITE}{folder / 'mlflow.db'}", (folder / _REPORTS).as_uri()


def _mlflow() -> Any:
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # nothing leaves unasked
    os.environ.setdefault("DO_NOT_TRACK", "true")
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")  # a server that is not there
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")  # else takes minutes to tell
    try:
        import mlflow
        import mlflow.exceptions
    except ImportError as error:
        raise MissingExtraError("mlflow", "mlflow-skinny", "Export to MLflow") from error
    return mlflow
