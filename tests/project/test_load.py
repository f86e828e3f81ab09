"""A project is a folder with coincell.toml in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from coincell.errors import ConfigurationError
from coincell.project import CONFIGURATION_FILE, load_project

TEXT = '[project]\nname = "words"\n[data]\nlabels = ["yes", "no"]\n'


def test_a_project_knows_its_folders(tmp_path: Path) -> None:
    (tmp_path / CONFIGURATION_FILE).write_text(TEXT)
    project = load_project(tmp_path)
    assert project.configuration.project.name == "words"
    assert project.data_directory == tmp_path / "data"
    assert project.build_directory == tmp_path / "build"


def test_the_folder_is_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / CONFIGURATION_FILE).write_text(TEXT)
    monkeypatch.chdir(tmp_path)
    assert load_project(Path()).directory == tmp_path


def test_a_folder_without_a_project_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no coincell\.toml") as caught:
        load_project(tmp_path)
    assert "coincell new" in caught.value.hint


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xfe", "must be text in UTF-8"),
        (b"#" * ((1 << 20) + 1), "larger than 1 MiB"),
        (b"", "missing"),
        (b"seed = " + b"9" * 5000, "too many digits"),
    ],
)
def test_a_file_that_cannot_be_a_configuration(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / CONFIGURATION_FILE).write_bytes(content)
    with pytest.raises(ConfigurationError, match=words):
        load_project(tmp_path)


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    (tmp_path / CONFIGURATION_FILE).mkdir()
    with pytest.raises(ConfigurationError, match="Cannot read"):
        load_project(tmp_path)


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    """Windows' editor writes one."""
    (tmp_path / CONFIGURATION_FILE).write_bytes(b"\xef\xbb\xbf" + TEXT.encode())
    assert load_project(tmp_path).configuration.project.name == "words"
