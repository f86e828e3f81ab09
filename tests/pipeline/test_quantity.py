"""A number from readings, end to end: the smallest regression project through every stage."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from coincell.data import make_default_data
from coincell.pipeline import Demand, RunResult, predict_files, run_project, run_until
from coincell.pipeline.quantity_model import QuantityModel
from coincell.pipeline.stages.firmware import application
from coincell.project import Project, load_project
from coincell.runtime import QuantityUnit
from exported_project import check_exports
from motion_project import motion_toml

pytest.importorskip("tensorflow", reason="the extra `train` is not installed")
pytest.importorskip("unicorn", reason="the extra `emulator` is not installed")
metrics = pytest.importorskip("sklearn.metrics")

TOML = motion_toml(
    "regression",
    {"x": ("g", 4.0), "z": ("m/s2", 40.0)},
    rate_hz=200,
    window_ms=640,
    data='target = "speed"\nunit = "Hz"\n[data.split]\nby = "machine"',
    rest="""\
[synthesis.vibration]
machines = 10
recordings = 6
seconds = 0.64
speed_rpm = [600, 3000]
[augmentation]
copies = 1
[features]
block = "spectral"
fft_size = 128
bands = 24
[model]
architecture = "fully-connected"
dropout = 0.0
[training]
epochs = 12
batch_size = 16
learning_rate = 0.01
quantity_loss = "{loss}"
[decision]
smoothing_windows = 3
[board]
clips = 4
[gates]
max_error = {limit}
""",
)


def _project(directory: Path, loss: str = "huber", limit: float = 40.0) -> Project:
    directory.mkdir(parents=True, exist_ok=True)
    text = TOML.format(loss=loss, limit=limit)
    (directory / "coincell.toml").write_text(text, encoding="utf-8")
    return load_project(directory)


@pytest.fixture(scope="module")
def speed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, RunResult]:
    """A project that has been run once."""
    project = _project(tmp_path_factory.mktemp("quantity") / "speed")
    make_default_data(project)
    return project, run_project(project, Demand())


def test_every_byte_is_the_same(speed: tuple[Project, RunResult]) -> None:
    report = speed[1].report
    assert report.exact is not None
    assert (report.exact.mismatches, report.exact.clips_on_board) == (0, 4)
    assert speed[1].passed


def test_figures_are_scikit_learns(speed: tuple[Project, RunResult]) -> None:
    report = json.loads(speed[1].report.to_json())
    for name in ("float", "int8"):
        part = report[name]["quantity"]
        assert (part["target"], part["unit"]) == ("speed", "Hz")
        truth, predicted = np.array(part["truth"]), np.array(part["predicted"])
        assert len(truth) == report[name]["samples"] > 0
        expected = metrics.mean_absolute_error(truth, predicted)
        assert part["mae"]["value"] == pytest.approx(expected)
        assert part["r2"]["value"] == pytest.approx(metrics.r2_score(truth, predicted))
        assert part["mae"]["value"] < part["spread"]["value"], "better than the mean"
    assert report["metrics"]["mae"]["value"] == report["int8"]["quantity"]["mae"]["value"]
    assert report["metrics"]["mae_difference"]["value"] == pytest.approx(
        report["int8"]["quantity"]["mae"]["value"] - report["float"]["quantity"]["mae"]["value"]
    )


def test_the_image_tells_the_unit(speed: tuple[Project, RunResult]) -> None:
    """From a smoothed raw value to the number, by the description alone."""
    artefacts = run_until(speed[0], Demand(until="firmware")).artefacts
    chain = application(artefacts["features"], artefacts["quantize"], speed[0].configuration)
    told = json.loads(chain.description)
    assert (told["goal"], told["quantity"]["unit"], told["labels"]) == ("quantity", "Hz", ["speed"])
    unit = QuantityUnit(told["quantity"]["scale"], told["quantity"]["zero_point"])
    model = QuantityModel(artefacts["quantize"])
    scores = np.array([[-128], [-1], [0], [77]], np.int8)
    _, raw = model.decide(scores, speed[0].configuration.decision)
    assert [unit.value(value) for value in raw.tolist()] == pytest.approx(
        model.values(scores).tolist()
    )
    low, high = model.reach
    assert low < 15 < 40 < high, "600 to 3000 rpm are 10 to 50 Hz"


def test_every_place_tells_the_same_number(speed: tuple[Project, RunResult]) -> None:
    project, _ = speed
    file = sorted((project.data_directory / "vibration").glob("*.npy"))[0]
    told = {}
    for where in ("float", "int8", "host", "board"):
        (prediction,) = predict_files(project, [file], where)
        assert (prediction.label, prediction.unit) == (None, "Hz")
        told[where] = prediction.scores["speed"]
    assert told["int8"] == told["host"] == told["board"]
    assert told["float"] == pytest.approx(told["int8"], abs=3.0)


def test_every_export_tells_the_same_number(
    speed: tuple[Project, RunResult], tmp_path: Path
) -> None:
    check_exports(speed[0], tmp_path)


@pytest.mark.parametrize("loss", ["squared", "absolute"])
def test_a_limit_that_does_not_hold(
    speed: tuple[Project, RunResult], tmp_path: Path, loss: str
) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "data").symlink_to(speed[0].data_directory)
    outcome = run_until(_project(tmp_path / "other", loss, 0.01), Demand(until="evaluate"))
    gate = next(gate for gate in outcome.gates if gate.name == "mae")
    assert (gate.passed, gate.unit, gate.limit) == (False, "Hz", 0.01)
    assert gate.value is not None
    assert gate.value < 12, "a model of this loss learned something; the spread is near 11"
