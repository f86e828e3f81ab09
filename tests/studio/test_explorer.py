"""What the page "What if" is made of: the model kept ready, points, neighbours, dependence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from coincell.data import correct_labels, undo_correction
from coincell.data.corrections import Corrected
from coincell.errors import UserError
from coincell.features import make_feature_block
from coincell.pipeline import Demand, find_ready, predict_files, run_until
from coincell.project import Project, load_project
from coincell.studio.dependence import dependence, steps_of
from coincell.studio.edits import edits_for
from coincell.studio.explorer import Explorer, open_explorer
from coincell.studio.model import Model
from coincell.studio.neighbours import distances, nearest_apart, nearest_otherwise, spreads
from studio_project import shaken, tones

pytest.importorskip("sklearn")


def _silent(done: int, total: int, message: str = "") -> None:
    del done, total, message


@pytest.fixture(scope="module")
def explorer(ran: Project) -> Explorer:
    return open_explorer(ran, _silent)


def test_without_a_run_it_says_what_to_do(tmp_path: Path) -> None:
    project = tones(tmp_path / "p", clips=6)
    assert find_ready(project) is None
    with pytest.raises(UserError, match="no model") as told:
        open_explorer(project, _silent)
    assert "coincell run" in told.value.hint


def test_it_says_what_predict_says(explorer: Explorer, ran: Project) -> None:
    clips = explorer.ready.clips
    rows = clips.rows("test")[:6]
    files = [ran.data_directory / clips.files[row] for row in rows]
    for row, told in zip(rows, predict_files(ran, files, "int8"), strict=True):
        answer = explorer.model.answer(explorer.chosen(str(row)).window)
        assert dict(zip(explorer.ready.names, answer.scores.tolist(), strict=True)) == told.scores
        assert explorer.said(answer.label) == (told.label or "no decision")
        assert np.array_equal(answer.features, told.features)
        assert np.array_equal(explorer.scores[row], answer.scores)
        assert explorer.labels[row] == answer.label


def test_float_says_what_training_noted(explorer: Explorer) -> None:
    noted = explorer.ready.float_scores()
    assert noted is not None
    for row in (0, 5, 40):
        answer = explorer.model.answer(explorer.chosen(str(row)).window)
        assert answer.float_scores == pytest.approx(noted[row], abs=1e-6)
        assert answer.float_label == noted[row].argmax()


@pytest.mark.slow
def test_a_network_before_quantization_answers_from_its_own_process(tmp_path: Path) -> None:
    pytest.importorskip("tensorflow", reason="the extra `train` is not installed")
    project = tones(tmp_path / "p", clips=36)
    text = (project.directory / "coincell.toml").read_text()
    text = text.replace("random-forest", "tiny-conv") + "[training]\nepochs = 1\n"
    (project.directory / "coincell.toml").write_text(text)
    project = load_project(project.directory)
    run_until(project, Demand(until="quantize"))
    explorer = open_explorer(project, _silent)
    before, noted = explorer.model.before, explorer.ready.float_scores()
    assert before is not None
    assert noted is not None
    try:
        assert before.wait(120) == "ready"
        answer = explorer.model.answer(explorer.chosen("3").window)
        assert answer.float_scores == pytest.approx(noted[3], abs=1e-5)
    finally:
        explorer.model.close()


def test_features_are_those_of_the_project(explorer: Explorer) -> None:
    window = explorer.chosen("3").window
    configuration = explorer.ready.configuration
    block = make_feature_block(configuration.features, configuration.data.form)
    assert explorer.model.answer(window).features.shape == block.shape
    assert np.array_equal(explorer.ready.features[3], explorer.model.answer(window).features)


def test_answers_are_kept_and_a_damaged_file_is_made_again(explorer: Explorer) -> None:
    asked: list[str] = []

    def told(done: int, total: int, message: str = "") -> None:
        asked.append(message)

    again = Model(explorer.ready, Path(explorer.model._folder).parents[2])
    assert np.array_equal(again.answers(told)[0], explorer.scores)
    assert not asked
    (kept,) = explorer.model._folder.glob("*.npy")
    kept.write_bytes(b"\x93NUMPY broken")
    assert np.array_equal(again.answers(told)[0], explorer.scores)
    assert asked
    again.close()


def test_columns_tell_what_is_known(explorer: Explorer) -> None:
    columns = {column.name: column for column in explorer.columns("test")}
    rows, clips = explorer.rows("test"), explorer.ready.clips
    truth = columns["truth"]
    assert [truth.names[at] for at in truth.values] == [
        explorer.data.labels[at] for at in clips.labels[rows]
    ]
    gender = columns["group.gender"]
    assert [gender.names[at] for at in gender.values] == [
        clips.groups[row]["gender"] for row in rows
    ]
    outcome = columns["outcome"]
    right = [outcome.names[at] == "right" for at in outcome.values]
    assert right == (explorer.labels[rows] == clips.labels[rows]).tolist()
    assert columns["int8.low"].values == pytest.approx(explorer.scores[rows, 0])
    window = np.asarray(clips.windows[rows[0]], float) / 32768
    assert columns["level"].values[0] == pytest.approx(10 * np.log10(np.mean(window**2)))
    assert len(explorer.columns("all")[0].values) == len(clips.files)


@pytest.mark.parametrize(("norm", "metric"), [("L1", "cityblock"), ("L2", "euclidean")])
def test_distances_are_those_of_scipy(norm: str, metric: str) -> None:
    scipy = pytest.importorskip("scipy.spatial.distance")
    generator = np.random.default_rng(2)
    features = generator.integers(-128, 128, (1300, 5, 4)).astype(np.int8)
    features[:, 0, 0] = 7  # never changes: does not count
    rows = np.arange(0, 1300, 2)
    spread = spreads(features, rows)
    flat = features[rows].reshape(len(rows), -1).astype(float)
    assert spread == pytest.approx(flat.std(axis=0))
    scaled = flat[:, 1:] / spread[1:]
    many = scaled.shape[1] if norm == "L1" else np.sqrt(scaled.shape[1])
    wanted = scipy.cdist(scaled[3:4], scaled, metric)[0] / many
    got = distances(features, rows, features[rows[3]], spread, norm)  # type: ignore[arg-type]
    assert got == pytest.approx(wanted, rel=1e-9)
    assert got[3] == 0


def test_the_nearest_one_that_is_otherwise() -> None:
    far, decisions = np.array([0.0, 0.2, 0.1, 0.05]), np.array([1, 0, -1, 1])
    assert nearest_otherwise(far, decisions, 1) == 2
    assert nearest_otherwise(far, np.ones(4, int), 1) is None
    values = np.array([10.0, 12.0, 20.0, 10.5])
    assert nearest_apart(far, values, 10.0, 5.0) == 2
    assert nearest_apart(far, values, 10.0, 50.0) is None


def test_dependence_passes_through_what_is(explorer: Explorer) -> None:
    edits = {edit.name: edit for edit in edits_for(explorer.data)}
    window = explorer.chosen("0").window
    others = np.asarray(explorer.ready.clips.windows[:5])

    def ask(windows):
        return explorer.model.ask(windows).scores

    told = dependence(edits["gain_db"], window, others, {}, explorer.data, ask)
    assert np.all(np.diff(told.values) > 0)
    at = told.values.tolist().index(0.0)
    assert told.one[at] == pytest.approx(explorer.scores[0])
    assert told.mean[at] == pytest.approx(explorer.scores[:5].mean(axis=0))
    kinds = steps_of(edits["noise"])
    assert kinds.tolist() == [0, 1, 2, 3]
    noisy = dependence(edits["noise"], window, others, {"snr_db": 0.0}, explorer.data, ask)
    assert np.ptp(noisy.one, axis=0).max() > 0, "the other edits stay as they are"


def test_own_recordings_are_kept_in_memory_alone(explorer: Explorer, ran: Project) -> None:
    before = sorted(ran.directory.rglob("*"))
    content = (ran.data_directory / "low" / "00000.wav").read_bytes()
    first = explorer.bring(content, "mine.wav")
    assert explorer.chosen(first.source) == first
    for _ in range(8):
        explorer.bring(content, "more.wav")
    with pytest.raises(UserError):
        explorer.chosen(first.source)
    with pytest.raises(UserError):
        explorer.bring(b"RIFF", "broken.wav")
    assert sorted(ran.directory.rglob("*")) == before


@pytest.mark.parametrize("source", ["", "-1", "99999999", "x", "own-99", "1" * 30, "²"])
def test_no_such_window(explorer: Explorer, source: str) -> None:
    with pytest.raises(UserError):
        explorer.chosen(source)


def test_a_corrected_label_makes_a_run_due(ran: Project) -> None:
    made = correct_labels(ran, [Corrected("low/00000.wav", "low", "high")])
    try:
        assert find_ready(load_project(ran.directory)) is None
    finally:
        undo_correction(ran, made.number)
    assert find_ready(load_project(ran.directory)) is not None


def test_readings_are_explored_too(tmp_path: Path) -> None:
    project = shaken(tmp_path / "p")
    run_until(project, Demand(until="quantize"))
    explorer = open_explorer(project, _silent)
    chosen = explorer.chosen(str(explorer.row_of("fast/001.npy")))
    assert explorer.said(explorer.model.answer(chosen.window).label) == "fast"
    lying = explorer.altered(chosen, explorer.values({"scale": 0}))
    assert not lying.any()
    assert explorer.said(explorer.model.answer(lying).label) != "fast"
