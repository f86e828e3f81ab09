"""Models that are no networks through every stage: the same bytes, gates, exports."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from pydantic import ValidationError

from coincell.cli.main import cli
from coincell.data import make_default_data
from coincell.errors import ConfigurationError
from coincell.pipeline import (
    Demand,
    RunResult,
    export_project,
    predict_files,
    run_project,
    run_until,
)
from coincell.pipeline.clips import read_clips
from coincell.pipeline.feature_arrays import read_features
from coincell.pipeline.int8_model import FOREST_FILE, MODEL_FILE, Int8Model
from coincell.pipeline.tune import Judge, plan_of
from coincell.pipeline.variation import with_settings
from coincell.project import Project, load_project
from coincell.tuning import Candidate, searched
from dealt_project import TOML
from motion_project import motion_toml

pytest.importorskip("sklearn")
pytest.importorskip("tensorflow", reason="the extra `train` is not installed")
pytest.importorskip("unicorn", reason="the extra `emulator` is not installed")

SHAKEN = motion_toml(
    "gesture",
    {"x": ("g", 2.0)},
    rate_hz=100,
    window_ms=640,
    data='labels = ["still", "slow", "fast"]\n[data.split]\nby = "speaker"',
    rest="""\
[augmentation]
copies = 0
[features]
block = "statistics"
[model]
architecture = "gradient-boosting"
yardstick = false
[model.classical]
trees = 6
[decision]
threshold = 0.4
smoothing_windows = 2
[board]
clips = 6
[gates]
min_accuracy = 0.7
""",
)


def _shaken(folder: Path) -> Project:
    """Sines of three speeds, of ten people."""

    generator = np.random.default_rng(2)
    time = np.arange(64) / 100
    for label, hertz in (("still", 0.0), ("slow", 3.0), ("fast", 12.0)):
        (folder / "in" / label).mkdir(parents=True)
        for number in range(20):
            wave = 0.8 * np.sin(2 * np.pi * hertz * time + generator.uniform(0, 6))
            lines = ["x", *(f"{value:.4f}" for value in wave + generator.normal(0, 0.05, 64))]
            path = folder / "in" / label / f"p{number % 10}_{number}.csv"
            path.write_text("\n".join(lines), encoding="utf-8")
    (folder / "coincell.toml").write_text(SHAKEN, encoding="utf-8")
    pattern = ["--speaker-pattern", r"(p\d)_"]
    done = CliRunner().invoke(
        cli, ["data", "import", str(folder / "in"), "--project", str(folder), *pattern]
    )
    assert done.exit_code == 0, done.output
    return load_project(folder)


@pytest.fixture(scope="module")
def boosted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, RunResult]:
    """Three classes by boosted trees, run once."""
    project = _shaken(tmp_path_factory.mktemp("boosted"))
    return project, run_project(project, Demand())


@pytest.fixture(scope="module")
def forest(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, RunResult]:
    """A number by a random forest, run once."""
    folder = tmp_path_factory.mktemp("forest")
    text = TOML.replace("fully-connected", "random-forest")
    (folder / "coincell.toml").write_text(text + "[board]\nclips = 3\n", encoding="utf-8")
    project = load_project(folder)
    make_default_data(project)
    return project, run_project(project, Demand())


def test_every_byte_is_the_same_of_classes(boosted: tuple[Project, RunResult]) -> None:
    report = boosted[1].report
    assert boosted[1].passed
    assert report.exact is not None
    assert (report.exact.mismatches, report.exact.clips_on_board) == (0, 6)
    assert report.board is not None
    assert "00_trees" in {layer.name for layer in report.board.layers}
    assert report.model is not None
    assert (report.model.architecture, report.model.macs) == ("gradient-boosting", 0)
    assert report.model.parameters > 50
    assert report.metrics["accuracy"].value is not None
    assert report.metrics["accuracy"].value > 0.8


def test_every_byte_is_the_same_of_a_number(forest: tuple[Project, RunResult]) -> None:
    report = forest[1].report
    assert forest[1].passed
    assert report.exact is not None
    assert (report.exact.mismatches, report.exact.clips_on_board) == (0, 3)


def test_trees_stand_where_else_the_tflite_does(forest: tuple[Project, RunResult]) -> None:
    artefacts = run_until(forest[0], Demand(until="quantize")).artefacts
    names = {path.name for path in artefacts["quantize"].folder.iterdir()}
    assert FOREST_FILE in names
    assert MODEL_FILE not in names
    features = read_features(artefacts["features"]).clips
    model = Int8Model(artefacts["quantize"])
    whole = np.load(artefacts["train"].folder / "float_scores.npy")[:, 0]
    numbers = model.shares(model.scores(features))[:, 0]
    learned = np.abs(numbers - whole) < 0.51 * model._scale
    assert learned.mean() > 0.9, "float64 trees, to half a step; beyond the reach they are cut"


def test_each_place_predicts_alike_and_float_is_scikit_learns(
    boosted: tuple[Project, RunResult],
) -> None:
    project = boosted[0]
    path = sorted((project.directory / "in" / "fast").iterdir())[0]
    said = [predict_files(project, [path], where)[0] for where in ("int8", "host", "board")]
    assert {each.label for each in said} == {"fast"}
    assert all(each.scores == said[0].scores for each in said)
    whole = predict_files(project, [path], "float")[0]
    assert whole.label == "fast"
    artefacts = run_until(project, Demand(until="train")).artefacts
    names = [Path(name).name for name in read_clips(artefacts["dataset"]).files]
    row = next(at for at, name in enumerate(names) if path.stem in name)
    fitted = np.load(artefacts["train"].folder / "float_scores.npy")[row]
    assert list(whole.scores.values()) == pytest.approx(fitted.tolist(), abs=1e-9)
    assert list(said[0].scores.values()) == pytest.approx(fitted.tolist(), abs=2 / 256)


def test_an_export_passes_its_self_test(boosted: tuple[Project, RunResult], tmp_path: Path) -> None:
    made = export_project(boosted[0], "c", tmp_path / "c")
    assert (made.folder / "core" / "trees" / "forest.c").is_file()
    if shutil.which("make") is None or shutil.which("cc") is None:
        pytest.skip("needs make and a C compiler named cc")
    done = subprocess.run(
        ["make", "test", "CFLAGS=-O0"], cwd=made.folder, capture_output=True, text=True, check=False
    )
    assert "PASS" in done.stdout, done.stderr


def test_a_linear_model_is_a_network_of_one_layer(boosted: tuple[Project, RunResult]) -> None:
    project = with_settings(boosted[0], {"model.architecture": "logistic-regression"})
    assert project.configuration.has_network
    outcome = run_until(project, Demand(until="compile", keep_all=True))
    facts = outcome.artefacts["compile"].read_json("compile.json")
    assert set(facts["operators"]) - {"reshape"} == {"fully_connected", "softmax"}
    told = outcome.artefacts["train"].read_json("training.json")
    assert told["fitted"] == "logistic-regression"
    assert told["parameters"] == facts["parameters"]


def test_what_answers_something_else_is_refused(boosted: tuple[Project, RunResult]) -> None:
    with pytest.raises((ConfigurationError, ValidationError), match="'ridge' tells a number"):
        with_settings(boosted[0], {"model.architecture": "ridge"})


def test_a_search_costs_trees_as_they_were_fitted(forest: tuple[Project, RunResult]) -> None:
    project, result = forest
    judge = Judge.of(project)
    own = judge(Candidate(0, {}, lambda _: ""))
    assert not own.refused
    report = result.report
    assert report.board is not None
    described = 64  # bytes: the image describes its data, of which the search takes few
    assert own.figures["flash_bytes"] == pytest.approx(
        report.board.image_flash_bytes, abs=described
    )
    assert own.figures["ram_bytes"] == report.board.image_ram_bytes
    artefacts = run_until(project, Demand(until="quantize")).artefacts
    clips = read_clips(artefacts["dataset"])
    rows = clips.rows("validation")
    model = Int8Model(artefacts["quantize"])
    scores = model.scores(read_features(artefacts["features"]).clips[rows])
    off = np.abs(model.shares(scores)[:, 0] - clips.targets[rows])
    assert own.figures["mae"] == pytest.approx(off.mean())
    few = judge(Candidate(1, {"model.classical.trees": 2}, lambda _: ""))
    assert few.figures["flash_bytes"] < own.figures["flash_bytes"] - 1000
    limit = few.figures["flash_bytes"] + 1
    bounded = Judge.of(with_settings(project, {"tune.limits": {"flash_bytes": limit}}))
    over = bounded(Candidate(2, {}, lambda _: ""))
    assert over.limit == "flash_bytes"
    assert "not trained" not in over.refused
    assert over.figures["mae"] == own.figures["mae"]
    shutil.rmtree(project.build_directory / "tune")


@pytest.mark.parametrize("name", ["random-forest", "gradient-boosting", "ridge"])
def test_what_is_searched_of_it_is_its_own(forest: tuple[Project, RunResult], name: str) -> None:
    project = with_settings(forest[0], {"model.architecture": name})
    plan = plan_of(project)
    settings = {key for key, _ in searched(plan.space)}
    assert {key for key in settings if not key.startswith("features.")} == {
        key for key in settings if key.startswith("model.classical.")
    }
    for key, value in searched(plan.space):
        assert with_settings(project, {key: value}).configuration.classical == name
    own = {key for key in settings if key.startswith("model.classical.")}
    assert own <= set(plan.first[0]) <= settings, "what stands is tried first"
