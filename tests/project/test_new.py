"""A new project is complete, and never written over something."""

from __future__ import annotations

from pathlib import Path

import pytest

from coincell.errors import ConfigurationError
from coincell.project import MOST_WEIGHT_BYTES, load_project, new_project, templates


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


@pytest.mark.parametrize("template", ["visual-wake-word", "mask-detection"])
@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("net.npz", "backbone.npz"),
        ("net.weights.h5", "backbone.weights.h5"),
        ("n.h5", "backbone.h5"),
    ],
)
def test_weights_are_copied_and_named(tmp_path: Path, template: str, given: str, kept: str) -> None:
    (tmp_path / given).write_bytes(b"numbers")
    written = new_project(template, tmp_path / "mine", tmp_path / given)
    assert tmp_path / "mine" / kept in written
    assert (tmp_path / "mine" / kept).read_bytes() == b"numbers"
    configuration = load_project(tmp_path / "mine").configuration
    assert configuration.model.weights == kept
    assert configuration.training.epochs < _epochs(template, tmp_path / "without")


def _epochs(template: str, folder: Path) -> int:
    new_project(template, folder)
    return load_project(folder).configuration.training.epochs


def test_weights_that_cannot_be_are_refused(tmp_path: Path) -> None:
    for name in ("net.npz", "net.pkl"):
        (tmp_path / name).write_bytes(b"numbers")
    mine = tmp_path / "mine"
    with pytest.raises(ConfigurationError, match="begins with no weights") as caught:
        new_project("gesture", mine, tmp_path / "net.npz")
    assert "visual-wake-word" in caught.value.hint
    with pytest.raises(ConfigurationError, match=r"net\.pkl"):
        new_project("visual-wake-word", mine, tmp_path / "net.pkl")
    with pytest.raises(ConfigurationError, match=r"none\.npz"):
        new_project("visual-wake-word", mine, tmp_path / "none.npz")
    with (tmp_path / "large.h5").open("wb") as file:
        file.truncate(MOST_WEIGHT_BYTES + 1)
    with pytest.raises(ConfigurationError, match="64 MiB"):
        new_project("visual-wake-word", mine, tmp_path / "large.h5")
    assert not mine.exists()
