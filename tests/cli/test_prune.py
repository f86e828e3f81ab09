"""`coincell prune`: a small project's network, cut until the virtual board measures the budget."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from coincell.cli.main import cli
from coincell.compiler import read_model
from coincell.data import make_default_data
from coincell.errors import UserError
from coincell.models import load_tensorflow
from coincell.pipeline import Demand, run_until
from coincell.pipeline.cost import figures_of
from coincell.project import load_project
from dealt_project import TOML

pytest.importorskip("unicorn")

PRUNING = """\
[pruning]
shares = { network_cycles = 0.6, parameters = 0.7 }
steps = 1
recovery_epochs = 2
"""


def _run(*arguments: str, code: int = 0) -> Any:
    result = CliRunner().invoke(cli, [*arguments, "--json"])
    assert result.exit_code == code, result.output
    return json.loads(result.output)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pruned")
    (folder / "coincell.toml").write_text(TOML)
    make_default_data(load_project(folder))
    return folder


def test_a_budget_is_what_the_image_takes_at_last(project: Path) -> None:
    whole = _run("quantize", "--project", str(project))
    (project / "coincell.toml").write_text(TOML + PRUNING)
    told = _run("prune", "--project", str(project))["pruning"]
    before, after = told["before"]["figures"], told["steps"][-1]["figures"]
    assert after["network_cycles"] <= 0.6 * before["network_cycles"]
    assert after["parameters"] <= 0.7 * before["parameters"]
    assert after["flash_bytes"] < before["flash_bytes"]
    assert told["before"]["validation_loss"] > 0
    assert not (project / "build" / "prune").exists()

    outcome = run_until(load_project(project), Demand(until="measure"))
    found = figures_of(outcome)
    for name in ("network_cycles", "flash_bytes", "ram_bytes"):
        assert found[name] == pytest.approx(after[name], rel=0.02)
    pruned = outcome.artefacts["quantize"].folder / "model.tflite"
    assert _numbers(pruned) < 0.75 * _numbers(Path(whole["folder"]) / "model.tflite")


def _numbers(tflite: Path) -> int:
    graph = read_model(tflite.read_bytes())
    return sum(each.elements for each in graph.tensors.values() if each.is_constant)


def test_without_a_budget_there_is_nothing_to_prune(project: Path) -> None:
    (project / "coincell.toml").write_text(TOML)
    with pytest.raises(UserError, match="how small the network is to be"):
        CliRunner().invoke(cli, ["prune", "--project", str(project)], catch_exceptions=False)


def test_a_teacher_is_told_beside_its_student(project: Path) -> None:
    (project / "coincell.toml").write_text(TOML)
    first = Path(_run("train", "--project", str(project))["folder"])
    shutil.copyfile(first / "model.keras", project / "teacher.keras")
    other = TOML.replace('"fully-connected"', '"tiny-conv"')
    taught = '[training.distillation]\nteacher = "teacher.keras"\nweight = 0.7\n'
    (project / "coincell.toml").write_text(other + taught)
    second = Path(_run("train", "--project", str(project))["folder"])
    told = json.loads((second / "training.json").read_text())["distillation"]
    before = json.loads((first / "training.json").read_text())
    best = before["history"]["validation_loss"][before["history"]["best_epoch"] - 1]
    assert told["teacher_validation_loss"] == pytest.approx(best, rel=1e-3)
    assert told["teacher_parameters"] == before["parameters"]
    assert told["student_validation_loss"] != told["teacher_validation_loss"]
    assert (told["teacher"], told["weight"]) == ("teacher.keras", 0.7)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("../teacher.keras", "must lie in the project"), ("no.keras", "not there"),
     ("teacher.h5", "must be a .keras file"), ("hostile.keras", "not a .keras file")],
)  # fmt: skip
def test_a_teacher_that_cannot_be_is_refused(project: Path, name: str, wrong: str) -> None:
    (project / "hostile.keras").write_bytes(b"PK\x03\x04 no archive")
    (project / "coincell.toml").write_text(TOML + f'[training.distillation]\nteacher = "{name}"\n')
    with pytest.raises(UserError, match=wrong):
        CliRunner().invoke(cli, ["train", "--project", str(project)], catch_exceptions=False)


@pytest.mark.parametrize(
    ("setting", "wrong"),
    [
        ('[training.distillation]\nteacher = "hostile.keras"\n', "not a .keras file"),
        ('[training.distillation]\nteacher = "other.keras"\n', "the project has"),
        ('[model]\nfile = "other.keras"\n', "the project has"),
        ('[model]\nfile = "net.onnx"\n', "must be a .keras or a .tflite file"),
    ],
)
def test_a_wrong_network_is_told_before_anything_is_made(
    project: Path, tmp_path: Path, setting: str, wrong: str
) -> None:
    _, keras = load_tensorflow()
    folder = tmp_path / "new"
    shutil.copytree(project, folder, ignore=shutil.ignore_patterns("build"))
    (folder / "hostile.keras").write_bytes(b"PK\x03\x04 no archive")
    inputs = keras.Input((7,))
    outputs = keras.layers.Dense(17, activation="softmax")(inputs)
    keras.Model(inputs, outputs).save(folder / "other.keras")
    own = TOML.replace("[model]\n", setting) if "[model]" in setting else TOML + setting
    (folder / "coincell.toml").write_text(own)
    with pytest.raises(UserError, match=wrong):
        CliRunner().invoke(cli, ["train", "--project", str(folder)], catch_exceptions=False)
    assert not list((folder / "build").rglob("manifest.json"))
