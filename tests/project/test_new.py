"""A new project is complete, and never written over something."""

from __future__ import annotations

from pathlib import Path

import pytest

from coincell.errors import ConfigurationError
from coincell.project import load_project, new_project, templates


@pytest.mark.parametrize("template", templates())
def test_a_template_is_a_project(tmp_path: Path, template: str) -> None:
    written = new_project(template, tmp_path / "mine")
    assert load_project(tmp_path / "mine").configuration.project.name == "mine"
    assert {path.name for path in written} == {"coincell.toml", "README.md", ".gitignore"}


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    with pytest.raises(ConfigurationError, match="not an empty folder"):
        new_project("keyword-spotting", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


def test_a_misspelt_template_is_told_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        new_project("keyword-spoting", tmp_path / "mine")
    assert "keyword-spotting" in caught.value.hint
    assert not (tmp_path / "mine").exists()


@pytest.mark.parametrize("name", ["sprich wörter", "--", "1", "x" * 200])
def test_any_folder_name_gives_a_project(tmp_path: Path, name: str) -> None:
    new_project("keyword-spotting", tmp_path / name)
    assert load_project(tmp_path / name).configuration.project.name
