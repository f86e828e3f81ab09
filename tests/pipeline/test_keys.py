"""A stage's key holds all that its artefact depends on."""

import pytest

from coincell.pipeline import fingerprint
from coincell.pipeline.stages.table import STAGES
from coincell.project import Project, parse_configuration

TOML = '[project]\nname = "toy"\n[data]\nlabels = ["yes", "no"]\n'
RUNS_C_HERE = {
    "features",
    "yardstick",
    "quantize",
    "evaluate",
    "reference",
    "measure",
    "prove",
    "gallery",
}
BUILDS_AN_IMAGE = {"firmware", "measure", "prove"}


def tree(root):
    """A package that runs a worker script, whose path it knows and which it does not import."""
    package = root / "board"
    package.mkdir(parents=True)
    (root / "__init__.py").touch()
    (package / "__init__.py").write_text("from coincell.board.emulator import Emulator\n")
    (package / "emulator.py").write_text('WORKER = "emulator_worker.py"\n')
    (package / "emulator_worker.py").write_text("import sys\n")
    (package / "voices_worker").mkdir()
    (package / "voices_worker" / "voice.py").write_text("import sys\n")
    (package / "counter.c").write_text("int count;\n")
    (package / "notes.txt").write_text("of no effect\n")
    return package


def digest(root, monkeypatch):
    monkeypatch.setattr(fingerprint, "_ROOT", root)
    return fingerprint.source_digest.__wrapped__("coincell.board")


@pytest.mark.parametrize(
    "name", ["emulator.py", "emulator_worker.py", "counter.c", "voices_worker/voice.py"]
)
def test_sources_count_whether_imported_run_or_compiled(name, tmp_path, monkeypatch):
    before, after = tmp_path / "before", tmp_path / "after"
    tree(before)
    (tree(after) / name).write_text("other = 1\n")
    assert digest(before, monkeypatch) != digest(after, monkeypatch)


def test_other_files_do_not_count(tmp_path, monkeypatch):
    before, after = tmp_path / "before", tmp_path / "after"
    tree(before)
    (tree(after) / "notes.txt").write_text("changed\n")
    assert digest(before, monkeypatch) == digest(after, monkeypatch)


def test_the_emulator_of_the_board_counts():
    paths = fingerprint._reachable(["coincell.board"])
    assert any((path.parent / "emulator_worker" / "worker.py").is_file() for path in paths)


def test_what_only_shows_artefacts_does_not_count():
    paths = fingerprint._reachable([stage.run.__module__ for stage in STAGES])
    assert paths
    assert not any("report" in path.parent.parts for path in paths)


def test_compilers_count_where_c_is_compiled(tmp_path):
    project = Project(tmp_path, parse_configuration(TOML))
    used = {stage.name: set(stage.toolchain(project)) for stage in STAGES}
    assert {name for name, tools in used.items() if "for this computer" in tools} == (RUNS_C_HERE)
    assert {name for name, tools in used.items() if "for the board" in tools} == BUILDS_AN_IMAGE


def test_the_version_in_the_image_counts(monkeypatch):
    import coincell

    configuration = parse_configuration(TOML)
    settings = {stage.name: stage.settings for stage in STAGES}
    before = {name: settings[name](configuration) for name in BUILDS_AN_IMAGE}
    monkeypatch.setattr(coincell, "__version__", "99")
    assert all(settings[name](configuration) != before[name] for name in BUILDS_AN_IMAGE)


def test_words_for_the_card_and_limits_on_groups_redo_nothing():
    pruned = TOML + "[pruning]\nshares = { channels = 0.5 }\n"
    told = '[intended]\nuse = "A lamp"\n[card]\nauthors = "We"\n[audit]\nsmallest_group = 9\n'
    bare, with_words = parse_configuration(pruned), parse_configuration(pruned + told)
    for stage in STAGES:
        if stage.name != "audit":
            assert stage.settings(bare) == stage.settings(with_words), stage.name


MOTION = """
channels = ["x"]
units = ["g"]
full_scale = [4.0]
sample_rate_hz = 100
[features]
block = "statistics"
"""
CLASSES = '[data]\nlabels = ["yes", "no"]\n[features]\nblock = "log-mel"\n'
NORMALITY = (
    '[data]\nlabels = ["good", "bad"]\nnormal_label = "good"\nsense = "motion"\n'
    'window_step_ms = 500\n[model]\narchitecture = "mahalanobis"\n'
)
QUANTITY = '[data]\ntarget = "speed"\nunit = "rpm"\nsense = "motion"\n'
TASKS = {
    "keyword-spotting": CLASSES,
    "anomaly-detection": NORMALITY.replace("[model]", MOTION.strip() + "\n[model]"),
    "regression": QUANTITY + MOTION,
}
CHAIN = {"firmware", "measure", "prove"}
"""Whose image carries the whole configuration's digest: they follow every change."""


def settings_of(task, changed=("", "")):
    text = f'[project]\nname = "toy"\ntask = "{task}"\nseed = 1\n' + TASKS[task] + EXTRA[task]
    assert changed[0] in text
    configuration = parse_configuration(text.replace(*changed))
    return {stage.name: dict(stage.settings(configuration)) for stage in STAGES}


COMMON = (
    '[data.split]\nby = "who"\n[training]\nepochs = 9\n[quantization]\ncalibration_samples = 50\n'
    "[evaluation]\nbootstrap_rounds = 300\n[board]\nclips = 7\n[decision]\nsmoothing_windows = 2\n"
)
EXTRA = {
    "keyword-spotting": COMMON + "threshold = 0.7\n[gates]\nmin_accuracy = 0.5\n",
    "anomaly-detection": COMMON + "false_alarm_rate = 0.02\n[gates]\nmin_auc = 0.5\n",
    "regression": COMMON + "[gates]\nmax_error = 5\n",
}


@pytest.mark.parametrize(
    ("task", "changed", "redone"),
    [
        ("keyword-spotting", ("epochs = 9", "epochs = 8"), {"train", "yardstick"}),
        ("keyword-spotting", ("calibration_samples = 50", "calibration_samples = 60"),
         {"quantize"}),
        ("keyword-spotting", ("bootstrap_rounds = 300", "bootstrap_rounds = 400"),
         {"evaluate"}),
        ("keyword-spotting", ("threshold = 0.7", "threshold = 0.8"), {"evaluate", "gallery"}),
        ("keyword-spotting", ("min_accuracy = 0.5", "min_accuracy = 0.6"), set()),
        ("keyword-spotting", ('"no"]', '"not"]'),
         {"dataset", "train", "yardstick", "evaluate", "audit", "gallery"}),
        ("keyword-spotting", ('by = "who"', 'by = "voice"'),
         {"dataset", "yardstick", "evaluate", "audit", "gallery"}),
        ("anomaly-detection", ("false_alarm_rate = 0.02", "false_alarm_rate = 0.03"),
         {"yardstick", "quantize", "evaluate", "gallery"}),
        ("anomaly-detection", ("smoothing_windows = 2", "smoothing_windows = 3"),
         {"yardstick", "quantize", "evaluate", "gallery"}),
        ("anomaly-detection", ('"bad"]', '"inner"]'),
         {"dataset", "evaluate", "audit", "gallery"}),
        ("anomaly-detection", ("window_step_ms = 500", "window_step_ms = 250"),
         {"dataset", "evaluate", "audit", "gallery"}),
        ("anomaly-detection", ("min_auc = 0.5", "min_auc = 0.6"), set()),
        ("regression", ('"rpm"', '"1/min"'), {"dataset", "evaluate", "audit", "gallery"}),
        ("regression", ("smoothing_windows = 2", "smoothing_windows = 3"), {"evaluate", "gallery"}),
        ("regression", ("max_error = 5", "max_error = 6"), set()),
    ],
)  # fmt: skip
def test_a_setting_redoes_the_stages_that_read_it_and_no_others(task, changed, redone):
    before, after = settings_of(task), settings_of(task, changed)
    found = {name for name in before if before[name] != after[name]}
    assert found - CHAIN == redone
    assert changed[0].startswith(("min_", "max_")) or found >= CHAIN - {"measure"}


def test_weights_that_a_file_holds_are_read_by_training_alone(tmp_path):
    text = '[project]\nname = "toy"\ntask = "visual-wake-word"\n[data]\nsense = "picture"\n'
    text += 'labels = ["face", "none"]\n[features]\nblock = "picture"\nwidth = 96\nheight = 96\n'
    text += '[model]\narchitecture = "mobilenet-v1"\nweights = "mine.npz"\n'
    (tmp_path / "mine.npz").touch()
    project = Project(tmp_path, parse_configuration(text))
    stages = [stage for stage in STAGES if stage.name != "dataset"]
    assert {s.name: s.files(project) for s in stages if s.files(project)} == {
        "train": [tmp_path / "mine.npz"]
    }
    imagenet = Project(tmp_path, parse_configuration(text.replace("mine.npz", "imagenet")))
    assert not any(stage.files(imagenet) for stage in stages)
    changed = {
        stage.name
        for stage in STAGES
        if stage.settings(imagenet.configuration) != stage.settings(project.configuration)
    }
    assert changed - CHAIN == {"train"}
