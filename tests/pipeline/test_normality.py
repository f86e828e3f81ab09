"""Normality through the one pipeline: with a network and without, every method told."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coincell.data import make_default_data
from coincell.pipeline import Demand, find_judged, predict_files, run_project, run_until
from coincell.pipeline.clips import held_out_rows, read_clips, training_rows, watched_rows
from coincell.pipeline.detector_model import DetectorModel, smoothed
from coincell.pipeline.stream_evaluation import StreamRequest, evaluate_stream
from coincell.project import NORMALITY_METHODS, Project, load_project
from coincell.studio.performance.examples import examples_of_run
from coincell.studio.performance.figures import areas_of, figures_of
from coincell.studio.performance.wish import wish_of
from exported_project import check_exports

pytest.importorskip("tensorflow", reason="the extra `train` is not installed")
pytest.importorskip("unicorn", reason="the extra `emulator` is not installed")

TOML = """
[project]
name = "tiny-machine"
task = "anomaly-detection"

[data]
sense = "motion"
labels = ["normal", "inner", "outer"]
channels = ["x", "y"]
units = ["g", "g"]
full_scale = [8.0, 8.0]
sample_rate_hz = 400
window_ms = 320
window_step_ms = 320
split = {validation = 0.3, test = 0.3, by = "machine"}

[synthesis.vibration]
machines = 8
recordings = 2
faulty_recordings = 3
seconds = 2.0
severity_g = [0.8, 1.6]

[augmentation]
copies = 0

[training]
epochs = 3

[evaluation]
bootstrap_rounds = 100

[decision]
smoothing_windows = 2
hop_ms = 320
false_alarm_rate = 0.1

[board]
clips = 3
"""
WITHOUT_NETWORK = """
[features]
block = "statistics"
statistics = ["deviation", "kurtosis", "mean-crossings"]
[model]
architecture = "mahalanobis"
yardstick = false
[gates]
min_auc = 0.6
"""
WITH_NETWORK = """
[features]
block = "spectrogram"
frame_ms = 160
hop_ms = 80
fft_size = 64
bands = 8
[model]
architecture = "autoencoder-conv"
"""


def made(folder: Path, more: str) -> Project:
    (folder / "coincell.toml").write_text(TOML + more)
    project = load_project(folder)
    make_default_data(project)
    return project


@pytest.fixture(scope="module")
def without_network(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Any]:
    """A project in whose training part two faults stand, and its run."""
    project = made(tmp_path_factory.mktemp("without"), WITHOUT_NETWORK)
    manifest = project.data_directory / "manifest.csv"
    with manifest.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    for row in [row for row in rows if row["label"] == "inner"][:2]:
        row["split"] = "train"
    with manifest.open("w", newline="") as lines:
        writer = csv.DictWriter(lines, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return project, run_project(project)


@pytest.fixture(scope="module")
def with_network(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Any]:
    project = made(tmp_path_factory.mktemp("with"), WITH_NETWORK)
    return project, run_project(project)


def test_a_detector_without_a_network_becomes_firmware(without_network: Any) -> None:
    project, result = without_network
    report = result.report
    assert result.passed
    assert report.exact.mismatches == 0
    assert report.exact.clips == report.int8.samples > 3
    gate = next(gate for gate in report.gates if gate.name == "auc")
    assert gate.value == report.metrics["auc"].value >= gate.limit == 0.6
    assert report.board.arena_bytes == 0
    parts = [layer.name for layer in report.board.layers]
    assert parts == ["features", "detector", "decision", "dispatch"]
    build = project.build_directory
    assert not (build / "model.tflite").exists()
    assert (build / "c" / "tiny_machine_detector.c").is_file()
    numbers = json.loads((build / "detector.json").read_text())
    assert type(numbers["threshold"]) is int
    assert report.provenance.hashes["detector.json"]


def test_what_is_strange_in_the_training_part_is_counted_and_not_learned_from(
    without_network: Any,
) -> None:
    project, result = without_network
    assert result.report.dataset.notes["strange, left out of training"] == 2
    artefacts = run_until(project, Demand(until="features")).artefacts
    clips = read_clips(artefacts["dataset"])
    for rows in (training_rows, watched_rows):
        learned = rows(clips, project.configuration)
        assert len(learned)
        assert set(clips.labels[learned]) == {0}
    strange = clips.labels != 0
    assert set(clips.splits[strange]) == {"train", "test"}


def test_the_figures_are_told_by_label_and_beside_those_in_float(without_network: Any) -> None:
    _, result = without_network
    part = result.report.int8.normality
    assert [each.label for each in part.labels] == ["normal", "inner", "outer"]
    assert [each.strange for each in part.labels] == [False, True, True]
    assert part.normal + part.strange == result.report.int8.samples
    assert sum(each.samples for each in part.labels) == result.report.int8.samples
    in_float = result.report.float_.normality
    assert in_float.auc.value == pytest.approx(part.auc.value, abs=0.02)
    assert part.wished_false_alarm_rate == 0.1


def test_the_studio_shows_the_reports_figures(without_network: Any) -> None:
    project, result = without_network
    judged = find_judged(project)
    assert judged is not None
    examples = examples_of_run(judged)
    facts = result.report.metrics
    for asked in ({}, {"threshold": str(judged.threshold)}):
        wish = wish_of(asked, examples)
        row = figures_of(examples, wish)["rows"]["int8"][0]
        assert row["figures"]["recall"]["value"] == pytest.approx(facts["detection_rate"].value)
        assert row["figures"]["fpr"]["value"] == pytest.approx(facts["false_alarm_rate"].value)
    area = areas_of(examples, wish)["areas"]["int8"]["all"]
    assert area["value"] == pytest.approx(facts["auc"].value)


def test_the_threshold_is_that_of_held_out_windows_smoothed_as_on_the_device(
    without_network: Any,
) -> None:
    project, _ = without_network
    artefacts = run_until(project, Demand(until="quantize")).artefacts
    clips, model = read_clips(artefacts["dataset"]), DetectorModel(artefacts["quantize"])
    rows, shared = held_out_rows(clips, project.configuration, trained=False)
    assert not shared
    assert np.array_equal(rows, clips.rows("validation")), "a fit watches nothing"
    features = np.load(artefacts["features"].folder / "clips.npy")[rows]
    scores = model.strangeness(features)
    means = smoothed(scores, clips, rows, project.configuration.decision)
    files = [clips.files[row] for row in rows]
    for at in range(len(rows)):
        first = at == 0 or files[at] != files[at - 1]
        expected = scores[at] if first else (int(scores[at - 1]) + int(scores[at])) // 2
        assert means[at] == expected
    alarms = int((means >= model.threshold).sum())
    assert alarms == int(0.1 * (len(rows) + 1)) - 1, "the least threshold that keeps the wish"


def test_what_training_watched_chooses_no_threshold(without_network: Any) -> None:
    """By units: no machine is in both halves; all of them where a half is too small."""
    project, _ = without_network
    configuration = project.configuration
    clips = read_clips(run_until(project, Demand(until="dataset")).artefacts["dataset"])
    watched = watched_rows(clips, configuration)
    apart, shared = held_out_rows(clips, configuration, trained=True)
    assert not shared
    assert sorted([*watched, *apart]) == clips.rows("validation").tolist()
    by = configuration.data.split.by
    machines = [{clips.groups[row].get(by) or clips.files[row] for row in rows}
                for rows in (watched, apart)]  # fmt: skip
    assert all(machines)
    assert not machines[0] & machines[1]
    decision = configuration.decision.model_copy(update={"false_alarm_rate": 1 / (len(apart) + 2)})
    rare = configuration.model_copy(update={"decision": decision})
    rows, shared = held_out_rows(clips, rare, trained=True)
    assert shared
    assert np.array_equal(rows, clips.rows("validation"))


def test_an_hour_of_vibration_is_told_as_one_kind_of_event(without_network: Any) -> None:
    project, _ = without_network
    clips = read_clips(run_until(project, Demand(until="dataset")).artefacts["dataset"])
    strange = int((clips.labels[clips.rows("test")] != 0).sum())
    found = evaluate_stream(project, StreamRequest(hours=1.0))
    assert found.stitched
    assert found.events == ("anomaly",)
    assert found.now.seconds >= 3600
    assert found.now.intervals == strange, "each strange test window stands in it once"
    assert found.misses["anomaly"] == (found.now.missed, strange)
    thresholds = [point.threshold for point in found.points]
    assert found.threshold in thresholds
    assert thresholds == sorted(thresholds)
    above_all = found.points[-1].metrics
    assert (above_all.missed, above_all.false_alarms) == (strange, 0), "beyond the highest score"
    assert found.now.missed < strange


def test_every_place_says_the_same_of_a_recording(without_network: Any) -> None:
    project, _ = without_network
    files = sorted((project.data_directory / "outer").glob("*"))[:1]
    files += sorted((project.data_directory / "normal").glob("*"))[:1]
    answers = [predict_files(project, files, where) for where in ("int8", "host", "board")]
    for other in answers[1:]:
        assert [each.scores for each in other] == [each.scores for each in answers[0]]
        assert [each.label for each in other] == [each.label for each in answers[0]]
    for each in answers[0]:
        strange = each.scores["strangeness"] >= each.scores["threshold"]
        assert each.label == ("anomaly" if strange else "normal")
        assert each.unit == "deviations of normal windows"


def test_every_export_tells_the_same_strangeness(without_network: Any, tmp_path: Path) -> None:
    check_exports(without_network[0], tmp_path)


def test_an_autoencoder_becomes_firmware_and_all_methods_are_told(with_network: Any) -> None:
    project, result = with_network
    report = result.report
    assert result.passed
    assert report.exact.mismatches == 0
    assert report.board.arena_bytes > 0
    assert "detector" in [layer.name for layer in report.board.layers]
    assert (project.build_directory / "model.tflite").is_file()
    assert report.model.history.loss[-1] < report.model.history.loss[0]
    methods = report.int8.normality.methods
    assert {each.name for each in methods} == set(NORMALITY_METHODS)
    assert [each.name for each in methods if each.used] == ["autoencoder-conv"]
    assert all(each.auc.value is not None and each.table_bytes for each in methods)
    areas = [each.auc.value for each in methods]
    assert areas == sorted(areas, reverse=True)


def test_a_gate_on_the_area_can_fail(without_network: Any) -> None:
    project, result = without_network
    text = (project.directory / "coincell.toml").read_text()
    (project.directory / "coincell.toml").write_text(text.replace("min_auc = 0.6", "min_auc = 1.0"))
    try:
        area = result.report.metrics["auc"].value
        assert area < 1.0, "the project must be hard enough for this test"
        again = run_project(load_project(project.directory))
        assert not again.passed
        assert again.report.exact is not None, "the gate fails at the end, not before"
    finally:
        (project.directory / "coincell.toml").write_text(text)
