"""`coincell baselines`: the folds of cross-validation, the test split unread."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from coincell.cli.main import cli
from coincell.data import make_default_data
from coincell.evaluation import Estimate
from coincell.pipeline import Baseline, Baselines, Cost, Demand, run_until, verdict
from coincell.pipeline.clips import Clips
from coincell.pipeline.folds import _key, remembered_folds
from coincell.pipeline.variation import with_settings
from coincell.project import load_project
from dealt_project import TOML

pytest.importorskip("sklearn")
pytest.importorskip("scipy.stats")
pytest.importorskip("tensorflow")
pytest.importorskip("unicorn")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("baselines")
    (made / "coincell.toml").write_text(TOML, encoding="utf-8")
    make_default_data(load_project(made))
    return made


def _asked(folder: Path, *words: str) -> dict[str, Any]:
    result = CliRunner().invoke(cli, ["baselines", "--project", str(folder), "--json", *words])
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_every_window_outside_the_test_split_judges_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[set[str]] = []
    rows = Clips.rows

    def watched(clips: Clips, split: str) -> Any:
        found = rows(clips, split)
        if split == "test":
            seen.append({clips.files[row] for row in found})
        return found

    monkeypatch.setattr(Clips, "rows", watched)
    methods = ("k-nearest-neighbours", "ridge", "random-forest")
    asked = [word for name in methods for word in ("--method", name)]
    found = _asked(folder, "--folds", "2", *asked)
    files = json.loads(_samples(folder).read_text())
    pairs = zip(files["files"], files["splits"], strict=True)
    tested = {file for file, split in pairs if split == "test"}
    assert tested
    assert seen
    assert not set.union(*seen) & tested
    assert found["windows"] == sum(split != "test" for split in files["splits"])
    assert tuple(each["name"] for each in found["methods"]) == methods
    assert found["by"] == "machine"
    assert not (folder / "build" / "baselines").exists()
    neighbours, ridge, forest = found["methods"]
    assert "int8" not in neighbours
    assert neighbours["cost"] is None
    assert "compared with every new one" in neighbours["refused"]
    for each in (ridge, forest):
        assert each["refused"] == ""
        assert each["cost"]["windows"] == 8, "run on the virtual board, to the same bytes"
        assert each["cost"]["flash_bytes"] > 100
        apart = abs(each["int8"]["mae"]["value"] - each["float"]["mae"]["value"])
        assert apart < 0.1 * each["float"]["mae"]["value"]
        assert len(each["folds"]) == 2
    assert "ridge" in found["verdict"] or "forest" in found["verdict"]


def _samples(folder: Path) -> Path:
    (found,) = (folder / "build" / "cache").glob("dataset-*/samples.json")
    return found


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--folds", "1"], "Folds are 2 to 50"),
        (["--folds", "40"], "40 folds need as many values of 'machine'"),
        (["--method", "linear-svm"], "There is no baseline 'linear-svm'"),
    ],
)
def test_what_cannot_be_is_refused(folder: Path, words: list[str], message: str) -> None:
    result = CliRunner().invoke(cli, ["baselines", "--project", str(folder), *words])
    assert message in str(result.exception)


def _row(name: str, worths: list[float], cycles: int) -> Baseline:
    folds = [{"int8": {"recall_macro": worth}} for worth in worths]
    figures = {"int8": {"recall_macro": Estimate(sum(worths) / len(worths))}}
    cost = Cost(1000, 100, 50, cycles, 1.0, None, 8)
    return Baseline(name, name, folds, figures, cost)


@pytest.mark.parametrize(
    ("network", "said"),
    [
        ([0.95, 0.96, 0.94, 0.95], "it is worth having"),
        ([0.70, 0.71, 0.69, 0.70], "you need none"),
        ([0.90, 0.70, 0.85, 0.80], "a 50th of the cycles"),
        (None, "is not known"),
    ],
)
def test_the_verdict_is_of_paired_folds(network: list[float] | None, said: str) -> None:
    rows = [_row("worse", [0.5] * 4, 10), _row("forest", [0.80, 0.82, 0.79, 0.81], 200)]
    if network is not None:
        rows.append(_row("network", network, 10_000))
    found = Baselines("classes", ("recall_macro",), 4, 9, "speaker", 90, tuple(rows), "b", ())
    assert verdict(found).startswith("forest")
    assert said in verdict(found)


def test_folds_are_remembered_until_a_setting_changes(folder: Path) -> None:
    project = load_project(folder)
    dataset = run_until(project, Demand(until="dataset")).artefacts["dataset"]
    place = folder / "build" / "folds.json"
    for text in ("{", "[]", '{"key": 1}', '{"key": "a", "folds": [{"int8": {"mae": "x"}}]}'):
        place.write_text(text)
        assert remembered_folds(project, dataset, 2) is None
    told = [{"float": {"mae": 2.0}, "int8": {"mae": value}} for value in (2.0, 3.0)]
    place.write_text(json.dumps({"key": _key(project, dataset, 2), "folds": told}))
    known = remembered_folds(project, dataset, 2)
    assert known == {"float": [{"mae": 2.0}] * 2, "int8": [{"mae": 2.0}, {"mae": 3.0}]}
    assert remembered_folds(project, dataset, 3) is None
    other = with_settings(project, {"training.epochs": 4})
    assert remembered_folds(other, dataset, 2) is None
    place.unlink()
