"""`coincell data synthesize` by group: options become settings; what fails changes nothing."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from coincell.cli.main import cli
from coincell.project import load_project

TOML = """# my words
[project]
name = "words"
[data]
labels = ["yes", "no"]
[synthesis]
clips_per_word_and_voice = 1
"""

needs_voices = pytest.mark.skipif(
    importlib.util.find_spec("espeakng_loader") is None,
    reason='needs the extra "voices" (espeakng-loader)',
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "coincell.toml").write_text(TOML)
    return tmp_path


@needs_voices
def test_options_are_written_and_repeat_themselves(folder: Path) -> None:
    asked = ["--voices", "10", "--share", "gender=female:0.25", "--json"]
    first = CliRunner().invoke(cli, ["data", "synthesize", "--project", str(folder), *asked])
    assert first.exit_code == 0, first.output
    settings = load_project(folder).configuration.synthesis
    assert settings.voices == 10
    assert settings.training_shares == ("gender=female:0.25",)
    assert (folder / "coincell.toml").read_text().startswith("# my words")
    again = CliRunner().invoke(cli, ["data", "synthesize", "--project", str(folder), "--json"])
    found = json.loads(again.stdout)
    assert found["made"] == 0
    assert found["voices"] == json.loads(first.stdout)["voices"]
    added = ["--add-for", "gender=female", "--voices", "2"]
    more = CliRunner().invoke(cli, ["data", "synthesize", "--project", str(folder), *added])
    assert "Written to coincell.toml: synthesis.training_added" in more.output
    assert load_project(folder).configuration.synthesis.training_added == ("gender=female:2",)


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (["--add-for", "gender=female"], "--voices"),
        (["--share", "gender=female"], "is written"),
        (["--share", "gender=nobody:0.5"], "no gender 'nobody'"),
        (["--voices", "0"], "greater than or equal to 3"),
        (["--voices", "41"], "less than or equal to 40"),
        (["--add-for", "gender=female", "--voices", "0"], "from 1 to 200"),
        (["--add-for", "gender=female", "--voices", "200"], "asks for 200 voices"),
    ],
)
@needs_voices
def test_what_fails_leaves_the_settings(folder: Path, asked: list[str], why: str) -> None:
    done = CliRunner().invoke(cli, ["data", "synthesize", "--project", str(folder), *asked])
    assert done.exit_code
    assert why in f"{done.output} {done.exception}"
    assert (folder / "coincell.toml").read_text() == TOML


def test_another_task_has_no_voices(folder: Path) -> None:
    text = TOML.replace('name = "words"', 'name = "words"\ntask = "gesture"')
    (folder / "coincell.toml").write_text(text)
    done = CliRunner().invoke(
        cli, ["data", "synthesize", "--project", str(folder), "--voices", "5"]
    )
    assert done.exit_code
    assert "of keyword spotting" in f"{done.output} {done.exception}"
