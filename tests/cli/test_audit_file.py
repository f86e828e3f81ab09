"""`coincell audit --table`: what is printed and returned of a table."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from fairlearn.metrics import (
    demographic_parity_difference,
    equalized_odds_difference,
    equalized_odds_ratio,
)

from coincell.cli.main import cli
from coincell.errors import UserError

Command = Callable[..., Result]
SCORED = ("--truth", "hired", "--score", "score")


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Audits a table in which women's scores are lower."""
    generator = np.random.default_rng(1)
    hired = generator.random(400) < 0.4
    woman = generator.random(400) < 0.5
    score = np.clip(0.3 + 0.4 * hired - 0.15 * woman + generator.normal(0, 0.1, 400), 0, 1)
    with (tmp_path / "people.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["sex", "town", "hired", "score"])
        for at in range(400):
            town = ["here", "\x1b[31mthere"][at % 2]
            writer.writerow(["F" if woman[at] else "M", town, int(hired[at]), score[at]])
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> Result:
        given = ["--rounds", "200", *words]
        return CliRunner().invoke(cli, ["audit", "--table", "people.csv", *given])

    return run


def test_tables_and_strategies(command: Command) -> None:
    result = command(*SCORED, "--strategies")
    assert result.exit_code == 0, result.output
    text = " ".join(result.output.split())
    assert "400 test examples of 400 people" in text
    assert "A woman's '1' was missed in" in text
    assert "Thresholds for '1' by sex; a false positive costs 1 times" in text
    for name in ("one threshold", "a group's own", "equal opportunity", "equalized odds"):
        assert name in text
    assert "\x1b[31mthere" not in result.output


def test_how_far_groups_are_apart_is_fairlearns(command: Command, tmp_path: Path) -> None:
    result = command(*SCORED, "--group", "sex")
    lines = [" ".join(line.split()) for line in result.output.splitlines()]
    with (tmp_path / "people.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    sex = [row["sex"] for row in rows]
    truth = np.array([int(row["hired"]) for row in rows])
    said = np.array([float(row["score"]) >= 0.5 for row in rows]).astype(int)
    expected = {
        "demographic parity": demographic_parity_difference(truth, said, sensitive_features=sex),
        "equalized odds": equalized_odds_difference(truth, said, sensitive_features=sex),
    }
    for name, value in expected.items():
        (line,) = [each for each in lines if each.startswith(name)]
        assert f" {100 * value:.1f} points (" in line
    odds = equalized_odds_ratio(truth, said, sensitive_features=sex)
    assert f" {odds:.2f} F: " in line
    assert "apart, scored difference ratio worst best" in lines


def test_json_has_all_of_it(command: Command) -> None:
    words = ("--json", "--strategies", "--group", "sex", "--ratio", "3", "--tolerance", "0.05")
    facts = json.loads(command(*SCORED, *words).stdout)
    assert [column["name"] for column in facts["columns"]] == ["sex"]
    (found,) = facts["strategies"]
    assert (found["label"], found["column"], found["ratio"]) == ("1", "sex", 3.0)
    odds = found["strategies"][-1]
    assert odds["reached"]
    assert odds["difference"] <= 0.05
    one, own = (each["cost"]["value"] for each in found["strategies"][:2])
    assert own < one


def test_numbers_are_the_projects_where_there_is_one(command: Command) -> None:
    Path("coincell.toml").write_text(
        '[project]\nname = "toy"\n[data]\nlabels = ["yes", "no"]\n'
        "[intended]\nfalse_positive_cost = 6.0\nfalse_negative_cost = 3.0\n"
        "[audit]\nsmallest_group = 250\n",
        encoding="utf-8",
    )
    facts = json.loads(command(*SCORED, "--json", "--strategies", "--group", "sex").stdout)
    assert facts["smallest_group"] == 250
    assert facts["strategies"][0]["ratio"] == 2.0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "received no --truth"),
        (("--truth", "hired"), "received neither"),
        (("--truth", "hired", "--decision", "hired"), "named twice"),
        ((*SCORED, "--score", "x"), "each is CLASS=COLUMN"),
        (("--truth", "hired", "--decision", "sex", "--strategies"), "Thresholds need scores"),
        ((*SCORED, "--strategies", "--ratio", "-1"), "above 0; received -1"),
        ((*SCORED, "--strategies", "--ratio", "1e300"), "1e-12 to 1e+12"),
        ((*SCORED, "--privacy"), "are of a project"),
        ((*SCORED, "--group", ""), "need a name; received ''"),
        (("--truth", "hired", "--score", ""), "need a name; received ''"),
        ((*SCORED, "--ratio", "2"), "--ratio is of --strategies"),
        ((*SCORED, "--tolerance", "0.1"), "--tolerance is of --strategies"),
        ((*SCORED, "--decision", "sex", "--threshold", "0.3"), "beside --decision"),
        (("--truth", "hired", "--decision", "sex", "--positive", "1"), "with no --score"),
    ],
)
def test_what_is_refused(command: Command, words: tuple[str, ...], says: str) -> None:
    result = command(*words)
    assert isinstance(result.exception, UserError), result.output
    assert says in result.exception.message


def test_options_of_a_table_without_one(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["audit", str(tmp_path), *SCORED])
    assert isinstance(result.exception, UserError)
    assert "--truth is of a table; received no --table" in result.exception.message
    result = CliRunner().invoke(cli, ["audit", str(tmp_path), "--ratio", "2"])
    assert isinstance(result.exception, UserError)
    assert "--ratio is of --strategies" in result.exception.message
