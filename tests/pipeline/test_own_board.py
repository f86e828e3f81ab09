"""A board of one's own, named in coincell.toml by the path of its file."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from coincell.errors import BoardError
from coincell.firmware import load_board
from coincell.pipeline import run_project
from coincell.pipeline.stages.compilers import board_compiler
from coincell.project import Project, load_project

PICO = (resources.files("coincell.firmware") / "boards" / "pico.toml").read_text()
TEXT = """
[project]
name = "own"
[data]
labels = ["yes", "no"]
[board]
name = "boards/mine.toml"
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """In a folder that is not the one where we work."""
    folder, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    (folder / "boards").mkdir(parents=True)
    elsewhere.mkdir()
    (folder / "coincell.toml").write_text(TEXT)
    (folder / "boards" / "mine.toml").write_text(PICO.replace('name = "pico"', 'name = "mine"'))
    monkeypatch.chdir(elsewhere)
    return load_project(Path("../project"))


def test_it_is_found_from_the_projects_folder(project: Project) -> None:
    assert load_board(project.configuration.board.source).name == "mine"
    assert board_compiler(project)
    with pytest.raises(BoardError, match=r"no firmware .* Raspberry Pi Pico"):
        run_project(project)


def test_a_path_from_the_root_stays(project: Project, tmp_path: Path) -> None:
    whole = str(tmp_path / "project" / "boards" / "mine.toml")
    (tmp_path / "project" / "coincell.toml").write_text(TEXT.replace("boards/mine.toml", whole))
    settings = load_project(tmp_path / "project").configuration.board
    assert settings.source == settings.name == whole


def test_a_missing_file_is_told_by_its_whole_path(project: Project) -> None:
    (project.directory / "boards" / "mine.toml").unlink()
    with pytest.raises(BoardError, match=r"Cannot read .*/project/boards/mine\.toml"):
        run_project(project)


def test_settings_do_not_tell_where_the_project_lies(project: Project) -> None:
    dump = project.configuration.model_dump_json()
    assert str(project.directory) not in dump
    assert '"boards/mine.toml"' in dump
