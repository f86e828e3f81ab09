"""`coincell runs compare` by groups: what is kept of a run, and two runs person by person."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from click.testing import CliRunner

from coincell.cli.main import cli
from coincell.pipeline import fairness_of, find_run, paired_fairness
from coincell.pipeline.clips import SAMPLES_FILE, Clips
from coincell.pipeline.judged import write_told
from coincell.pipeline.kept_answers import keep_answers, read_answers
from coincell.pipeline.ledger import note_run
from coincell.pipeline.runner import Outcome
from coincell.pipeline.store import Artefact
from coincell.project import Project, load_project
from pipeline.test_ledger import found
from report.sample_fairness import sample_fairness

PEOPLE, EACH = 24, 6


@pytest.fixture
def project(tmp_path: Path) -> Project:
    text = '[project]\nname = "toy"\n[data]\nlabels = ["yes", "no"]\n[audit]\nrounds = 200\n'
    (tmp_path / "coincell.toml").write_text(text)
    return load_project(tmp_path)


def outcome(
    folder: Path, monkeypatch: pytest.MonkeyPatch, wrong_of_women: int, shift: int = 0
) -> Outcome:
    """Women get so many of their clips wrong; nobody else any."""
    who = np.repeat(np.arange(PEOPLE), EACH)
    labels = np.arange(len(who)) % 2
    wrong = (who % 2 == 1) & (np.arange(len(who)) % EACH < wrong_of_women)
    folder.mkdir(parents=True)
    np.save(folder / "windows.npy", np.arange(len(who) * 4, dtype=np.int16).reshape(-1, 4) + shift)
    write_told(folder, "int8", np.eye(2)[labels], np.where(wrong, 1 - labels, labels))
    clips = Clips(
        folder,
        tuple(f"{at}.wav" for at in range(len(who))),
        labels.astype(np.int64),
        np.zeros(len(who)),
        np.full(len(who), "test"),
        tuple(
            {"speaker": f"s{one}", "gender": "female" if one % 2 else "male"}
            for one in who.tolist()
        ),
    )
    monkeypatch.setattr("coincell.pipeline.kept_answers.read_clips", lambda _: clips)
    artefact = Artefact("any", "key", folder)
    made = SimpleNamespace(artefacts=dict.fromkeys(("dataset", "evaluate", "audit"), artefact))
    return cast(Outcome, made)


def two_runs(project: Project, monkeypatch: pytest.MonkeyPatch, shift: int = 0) -> list[Any]:
    for number, wrong in ((1, 3), (2, 1)):
        report = found(str(number)).model_copy(update={"fairness": sample_fairness()})
        assert note_run(project, report) == number
        folder = project.directory / f"build-{number}"
        made = outcome(folder, monkeypatch, wrong, shift * number)
        keep_answers(project, number, made)
    return [find_run(project, "1"), find_run(project, "2")]


def test_what_changed_is_told_person_by_person(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes, why_not = paired_fairness(project, two_runs(project, monkeypatch))
    assert why_not == ""
    assert changes is not None
    gender = next(column for column in changes["columns"] if column["name"] == "gender")
    told = {group["value"]: group["accuracy"]["value"] for group in gender["groups"]}
    assert told == pytest.approx({"female": 2 / 6, "male": 0})
    assert gender["accuracy_parity"]["value"] == pytest.approx(-2 / 6)
    low, high = gender["accuracy_parity"]["ci95"]
    assert low <= gender["accuracy_parity"]["value"] <= high < 0


def test_other_windows_are_not_paired(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    changes, why_not = paired_fairness(project, two_runs(project, monkeypatch, shift=1))
    assert changes is None
    assert "same test windows" in why_not


@pytest.mark.parametrize(
    "spoil",
    [
        {"person": [0]},
        {"person": [-1] * PEOPLE * EACH},
        {"person": [10**9] * PEOPLE * EACH},
        {"decisions": [7] * PEOPLE * EACH},
        {"truth": [2] * PEOPLE * EACH},
        {"windows": "../../etc"},
        {"more": 1},
    ],
)
def test_spoilt_answers_are_told_and_the_rest_is_compared(
    project: Project, monkeypatch: pytest.MonkeyPatch, spoil: dict[str, Any]
) -> None:
    runs = two_runs(project, monkeypatch)
    path = project.directory / "runs" / "0002.answers.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | spoil))
    changes, why_not = paired_fairness(project, runs)
    assert changes is None
    assert why_not
    place = ("--project", str(project.directory))
    done = CliRunner().invoke(cli, ["runs", "compare", "1", *place], catch_exceptions=False)
    assert done.exit_code == 0
    assert "Not compared person by person" in done.output


def test_without_answers_the_figures_are_compared_alone(project: Project) -> None:
    for key in ("a", "b"):
        note_run(project, found(key).model_copy(update={"fairness": sample_fairness()}))
    assert read_answers(project, 1) is None
    runs = [find_run(project, name) for name in ("1", "2")]
    changes, why_not = paired_fairness(project, runs)
    assert changes is None
    assert "run 1 and 2" in why_not


def test_the_worst_group_and_the_gaps_are_the_audits(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = two_runs(project, monkeypatch)
    part = runs[0].report.fairness
    told = fairness_of(runs[0])
    assert told is not None
    recalls = {
        group.value: group.figures[part.judged]["accuracy"].value
        for group in part.groups
        if group.claimed and group.told
    }
    assert told["worst"]["value"] == min(recalls, key=lambda value: recalls[value])
    own = [gap for gap in part.gaps if gap.place == part.judged]
    assert [gap["worst"] for gap in told["gaps"]] == [gap.worst for gap in own]
    assert fairness_of(find_run(project, "1")) == told
    place = ("--project", str(project.directory))
    shown = CliRunner().invoke(cli, ["runs", "compare", "1", *place], catch_exceptions=False)
    assert "worst group" in shown.output
    assert "recall of the worst group by gender" in shown.output
    plain = CliRunner().invoke(cli, ["runs", "compare", "1", "--json", *place])
    assert json.loads(plain.output)["fairness"]["runs"][0] == told


def test_people_are_kept_as_numbers(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    two_runs(project, monkeypatch)
    text = (project.directory / "runs" / "0001.answers.json").read_text()
    assert '"s3"' not in text
    assert SAMPLES_FILE not in text
    kept = read_answers(project, 1)
    assert kept is not None
    assert kept.people.count == PEOPLE
