"""`coincell audit` on what a run left: tables, JSON, exit codes, what a stopped run says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import coincell.pipeline
from audit.judged import LABELS, SOUND, judged
from coincell.audit import audit_people
from coincell.cli.main import cli
from coincell.errors import UserError
from coincell.pipeline import Outcome
from coincell.pipeline.stages.audit import STAGE
from coincell.pipeline.store import Artefact
from coincell.project import AuditSettings, load_project

TOML = '[project]\nname = "toy"\n[data]\nlabels = ["yes", "no", "stop"]\n'
Command = Callable[..., Result]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs the command as if the stages had left an audit of an unfair model."""

    def run(*words: str, toml: str = "", reached: bool = True) -> Result:
        (tmp_path / "coincell.toml").write_text(TOML + toml, encoding="utf-8")
        project = load_project(tmp_path)
        clips, settings = judged(harm=0.35), AuditSettings(rounds=100)
        facts = audit_people(
            clips.people(settings), [clips.place()], settings, SOUND, seed=1, labels=LABELS
        )
        (tmp_path / "audit.json").write_text(json.dumps(facts), encoding="utf-8")
        left = Artefact("audit", "0", tmp_path)
        outcome = Outcome(
            {"audit": left} if reached else {},
            tuple(STAGE.gates(left, project)),
            "" if reached else "dataset",
            "" if reached else "Labels are missing.",
            {},
        )
        monkeypatch.setattr(coincell.pipeline, "run_until", lambda *_: outcome)
        return CliRunner().invoke(cli, ["audit", str(tmp_path), *words])

    return run


def test_tables_in_the_terminal(command: Command) -> None:
    result = command()
    assert result.exit_code == 0, result.output
    assert "A woman's 'stop' was missed in" in result.output


def test_json_is_all_of_it(command: Command) -> None:
    result = command("--json")
    facts = json.loads(result.output)
    assert result.exit_code == 0
    assert {"columns", "comparisons", "widening", "notes", "overall"} <= set(facts)
    assert facts["gates"] == []


def test_a_limit_that_breaks_is_told_and_leaves_with_one(command: Command) -> None:
    limit = "[audit]\naccuracy_difference = 0.05\n"
    result = command(toml=limit)
    assert result.exit_code == 1
    assert "for 'a1, female' and" in " ".join(result.output.split())
    (gate,) = json.loads(command("--json", toml=limit).output)["gates"]
    assert (gate["name"], gate["passed"]) == ("accuracy_difference", False)
    assert command(toml="[audit]\naccuracy_difference = 0.9\n").exit_code == 0


def test_a_run_that_was_stopped_before_says_where(command: Command) -> None:
    result = command(reached=False)
    assert isinstance(result.exception, UserError)
    assert "before the audit, at dataset: Labels are missing." in result.exception.message


@pytest.mark.parametrize(
    "words",
    [
        ("--collect", "--strategies"),
        ("--collect", "--privacy"),
        ("--width", "0.1"),
        ("--collect", "--width", "0"),
        ("--collect", "--width", "nan"),
        ("--collect", "--width", "1e-300"),
        ("--collect", "--table", "people.csv"),
    ],
)
def test_options_of_collecting_that_do_not_fit_are_told(
    command: Command, words: tuple[str, ...]
) -> None:
    done = command(*words)
    assert done.exit_code
    assert done.exception is not None
    assert "Traceback" not in done.output
    assert isinstance(done.exception, (UserError, SystemExit))
