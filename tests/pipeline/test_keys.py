"""A stage's key holds all that its artefact depends on."""

import pytest

from coincell.pipeline import fingerprint
from coincell.pipeline.stages.table import STAGES
from coincell.project import Project, parse_configuration

TOML = '[project]\nname = "toy"\n[data]\nlabels = ["yes", "no"]\n'
RUNS_C_HERE = {"features", "yardstick", "quantize", "evaluate", "measure", "prove", "gallery"}
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
