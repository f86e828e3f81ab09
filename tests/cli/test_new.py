"""`coincell new` asks what a model is for at a terminal, and nowhere else."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from coincell.cli.main import cli
from coincell.errors import ConfigurationError
from coincell.project import IntendedSettings, load_project, templates

COMMAND = [sys.executable, "-c", "from coincell.cli.main import main; main()", "new"]


def intended_of(directory: Path) -> IntendedSettings:
    return load_project(directory).configuration.intended


def at_a_terminal(folder: Path, typed: str, *options: str) -> tuple[int, str]:
    """Exit code and screen of `coincell new keyword-spotting mine` with all of `typed` waiting."""
    controller, terminal = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    os.write(controller, typed.encode())
    with subprocess.Popen(
        [*COMMAND, "keyword-spotting", "mine", *options],
        cwd=folder, env=environment, stdin=terminal, stdout=terminal, stderr=terminal,
    ) as process:  # fmt: skip
        os.close(terminal)
        screen = b""
        try:
            while part := os.read(controller, 4096):
                screen += part
        except OSError:  # the terminal is gone: the command has ended
            pass
        os.close(controller)
        return process.wait(timeout=60), screen.decode()


def test_the_answers_of_a_person_stand_in_the_file(tmp_path: Path) -> None:
    typed = 'A "lamp"\nAll \\ of us: ältere\n\nalarms; doors\na nuisance\nworse\nmany\n0\n4\n'
    code, screen = at_a_terminal(tmp_path, typed)
    assert code == 0, screen
    assert "Made mine" in screen
    assert intended_of(tmp_path / "mine") == IntendedSettings(
        use='A "lamp"',
        users="All \\ of us: ältere",
        place="",
        not_for=("alarms", "doors"),
        false_positive="a nuisance",
        false_negative="worse",
        false_negative_cost=4.0,
    )
    assert "a number is asked for; received 'many'" in screen
    assert "greater than 0" in screen
    text = (tmp_path / "mine" / "coincell.toml").read_text()
    assert '# place = "A quiet room' in text, "an open question keeps its example"
    assert "# use" not in text


def test_what_options_tell_is_not_asked(tmp_path: Path) -> None:
    options = [
        "--use", "A lamp", "--users", "Adults", "--place", "A room", "--not-for", "alarms",
        "--false-positive", "light",
    ]  # fmt: skip
    code, screen = at_a_terminal(tmp_path, "\n", *options)
    assert (code, screen.count("?")) == (0, 1), screen
    assert intended_of(tmp_path / "mine").users == "Adults"
    assert intended_of(tmp_path / "mine").false_negative == ""


@pytest.mark.parametrize("option", ["--json", "--no-questions"])
def test_nothing_is_asked_when_told_not_to(tmp_path: Path, option: str) -> None:
    code, screen = at_a_terminal(tmp_path, "", option)
    assert code == 0
    assert "?" not in screen
    assert intended_of(tmp_path / "mine") == IntendedSettings()


def test_nothing_is_asked_where_one_stream_is_a_pipe(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "gesture", "mine"], cwd=tmp_path, input="A lamp\n" * 9,
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert intended_of(tmp_path / "mine") == IntendedSettings()


@pytest.mark.parametrize("template", templates())
def test_options_set_every_key(tmp_path: Path, template: str) -> None:
    words = [
        "--use", "a", "--users", "b", "--place", "c", "--not-for", "d", "--not-for", "e",
        "--false-positive", "f", "--false-negative", "g \U0001f399",
        "--false-positive-cost", "2", "--false-negative-cost", "0.5",
    ]  # fmt: skip
    done = CliRunner().invoke(cli, ["new", template, str(tmp_path / "mine"), *words])
    assert done.exit_code == 0, done.output
    found = intended_of(tmp_path / "mine")
    assert found.model_fields_set == set(IntendedSettings.model_fields)
    assert found.not_for == ("d", "e")
    assert found.false_negative == "g \U0001f399"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--use", "a\x1b[2Jb"], "control characters"),
        (["--use", "a\x7fb"], "control characters"),
        (["--use", "x" * 3000], "at most 2000"),
        (["--false-positive-cost", "-1"], "greater than 0"),
    ],
)
def test_words_that_cannot_be_write_nothing(tmp_path: Path, words: list[str], told: str) -> None:
    done = CliRunner().invoke(cli, ["new", "gesture", str(tmp_path / "mine"), *words])
    assert isinstance(done.exception, ConfigurationError)
    assert told in done.exception.message
    assert not (tmp_path / "mine").exists()
