"""A study: spaces, fronts, leases, and processes that die half-way."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincell.errors import ConfigurationError, UserError
from coincell.project import Span, parse_configuration
from coincell.tuning import (
    Branch,
    Candidate,
    Plan,
    Space,
    Study,
    Verdict,
    binding,
    front,
    kept_plan,
    searched,
    space_of,
)
from coincell.tuning.leases import SILENT_SECONDS, STALE_SECONDS, is_stale, new_lease
from coincell.tuning.space import (
    candidates,
    parameters_of,
    settings_of,
    suggested,
    told,
    untold,
)

pytest.importorskip("optuna")

NAMES = ("accuracy", "latency_ms")
SPACE: Space = {"model.dropout": Span(low=0.0, high=1.0), "training.batch_size": (16, 32)}
PLAN = Plan(NAMES, SPACE, 1)
WORDS = '[project]\nname = "w"\n[data]\nlabels = ["yes", "no"]\n'


def judged(candidate: Candidate) -> Verdict:
    dropout = float(candidate.settings["model.dropout"])
    return Verdict({"accuracy": math.sqrt(dropout), "latency_ms": 10 * dropout})


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=12))
def test_the_front_is_what_nothing_beats(values: list[tuple[int, int]]) -> None:
    places = front(values, NAMES)
    for place, (good, slow) in enumerate(values):
        beaten = any(g >= good and s <= slow and (g, s) != (good, slow) for g, s in values)
        assert (place in places) is not beaten


@pytest.mark.parametrize(
    ("tune", "message"),
    [
        ('space = { "model.dropout" = { low = 0.5, high = 0.1 } }', "low <= high"),
        ('space = { "training.learning_rate" = { low = 0, high = 1, log = true } }', "above 0"),
        ('space = { "model.dropout" = [] }', "at least 1"),
        ('space = { "data.window_ms" = [1000] }', "space holds settings of"),
        ("limits = { beauty = 3 }", "latency_ms"),
        ('objectives = ["accuracy", "accuracy"]', "unlike"),
    ],
)
def test_impossible_spaces_are_refused(tune: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        parse_configuration(f"{WORDS}[tune]\n{tune}\n")


def test_a_space_is_made_for_the_project_unless_told() -> None:
    assert "features.bands" in space_of(parse_configuration(WORDS))
    told = parse_configuration(f'{WORDS}[tune.space]\n"model.dropout" = [0.1, 0.2]\n')
    assert space_of(told) == {"model.dropout": (0.1, 0.2)}


def test_a_lease_is_given_up_when_its_process_is_gone() -> None:
    lease, now = new_lease(), time.time()
    assert not is_stale(lease, now, now + 10 * STALE_SECONDS)
    reborn = lease | {"start": "1"}
    assert not is_stale(reborn, now, now)
    assert is_stale(reborn, now, now + SILENT_SECONDS + 1)
    away = lease | {"host": "elsewhere"}
    assert not is_stale(away, now, now + STALE_SECONDS / 2)
    assert is_stale(away, now, now + STALE_SECONDS + 1)


def test_a_study_goes_on_where_it_stopped(tmp_path: Path) -> None:
    Study(tmp_path, PLAN).work(judged, 4)
    again = Study(tmp_path, PLAN)
    again.work(judged, 4)
    assert len(again.trials()) == 4
    Study(tmp_path, PLAN, join=True).work(judged, 6)
    assert len(again.trials()) == 6
    accuracies = [trial.figures["accuracy"] for trial in again.front()]
    assert len(accuracies) == 6
    assert accuracies == sorted(accuracies, reverse=True)


def test_the_same_settings_are_tried_once(tmp_path: Path) -> None:
    study = Study(tmp_path, Plan(NAMES, {"training.batch_size": (16, 32)}, 1))
    tried: list[object] = []

    def evaluate(candidate: Candidate) -> Verdict:
        tried.append(candidate.settings["training.batch_size"])
        return Verdict({"accuracy": 0.5, "latency_ms": 1.0})

    study.work(evaluate, 5)  # there are but two
    assert sorted(tried) == [16, 32]  # type: ignore[type-var]
    assert len(study.trials()) < 22, "it ends with the second, not after many twins in a row"


def test_candidates_are_counted() -> None:
    """Against all that a sampler of Optuna's makes of the space."""
    optuna = pytest.importorskip("optuna")
    space: Space = {
        "a": Branch({"x": {"b": (1, 2, 3)}, "y": {"c": Span(low=2, high=8, step=3)}}),
        "d": Span(low=0.0, high=1.0, step=0.25),
        "e": Span(low=4, high=4),
    }
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    found = set()
    for _ in range(1000):
        trial = study.ask()
        suggested(trial, space)
        found.add(tuple(sorted(trial.params.items())))
    assert candidates(space) == len(found) == 30
    assert candidates({"f": Span(low=0.0, high=1.0)}) == math.inf
    assert candidates({}) == 1


def test_no_numbers_and_faults_fail_a_trial_alone(tmp_path: Path) -> None:
    def evaluate(candidate: Candidate) -> Verdict:
        if candidate.number == 1:
            raise UserError("Training diverged.")
        if candidate.number == 2:
            return Verdict({"accuracy": math.nan, "latency_ms": 1.0})
        if candidate.number == 3:
            return Verdict({}, "latency_ms 9 of 6", "latency_ms", 0.5)
        return judged(candidate)

    study = Study(tmp_path, PLAN)
    study.work(evaluate, 5)
    states = [trial.state for trial in study.trials()]
    assert states == ["complete", "failed", "failed", "pruned", "complete"]
    assert study.trials()[1].reason == "Training diverged."
    assert "accuracy came out as no number" in study.trials()[2].reason
    assert binding(study.trials()) == {"latency_ms": (1, 0.5)}


def test_what_others_beat_half_way_is_given_up(tmp_path: Path) -> None:
    given_up = []

    def evaluate(candidate: Candidate) -> Verdict:
        worth = {"accuracy": 1 / (1 + candidate.number), "latency_ms": float(candidate.number)}
        reason = candidate.early(worth)
        given_up.append(bool(reason))
        return Verdict(worth, reason)

    Study(tmp_path, PLAN).work(evaluate, 4)
    assert given_up == [False, False, True, True]


def test_other_plans_and_versions_are_refused(tmp_path: Path) -> None:
    study = Study(tmp_path, PLAN)
    with pytest.raises(UserError, match=r"other settings \(tune.objectives\)"):
        Study(tmp_path, Plan(("accuracy",), SPACE, 1))
    with pytest.raises(UserError, match="of the project"):
        Study(tmp_path, Plan(NAMES, SPACE, 1, about={"task": "other"}))
    study._study.set_user_attr("version", 0)
    with pytest.raises(UserError, match="another version"):
        Study(tmp_path, PLAN)
    with pytest.raises(UserError, match="no study to join"):
        Study(tmp_path / "empty", PLAN, join=True)
    with pytest.raises(UserError, match="cannot be used"):
        Study(tmp_path, PLAN, "nosuch://database")
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    for content in (b"no json\nat all\n", b"\xff\xfe\n{}\n", b"[]\n[]\n", b'{"op_code": 99}\n{}\n'):
        (damaged / "journal.log").write_bytes(content)
        with pytest.raises(UserError, match="damaged"):
            Study(damaged, PLAN)
        with pytest.raises(UserError, match="damaged"):
            kept_plan(damaged)


WORKER = """
import sys, time
from pathlib import Path
from coincell.project import Span
from coincell.tuning import Plan, Study, Verdict, leases
leases.RENEWED_SECONDS, leases.SILENT_SECONDS = 0.1, 0.6
space = {"model.dropout": Span(low=0.0, high=1.0)}
def evaluate(candidate):
    Path(sys.argv[1], f"begun-{sys.argv[2]}").touch()
    time.sleep(600 if sys.argv[2] == "0" and candidate.number > 2 else 0.05)
    dropout = candidate.settings["model.dropout"]
    return Verdict({"accuracy": dropout, "latency_ms": dropout})
plan = Plan(("accuracy", "latency_ms"), space, 0)
Study(Path(sys.argv[1]), plan, join=True).work(evaluate, 24)
"""


def test_of_four_processes_one_is_killed_half_way(tmp_path: Path) -> None:
    """Each parameter set has exactly one complete trial, what the dead one held included."""
    plan = Plan(NAMES, {"model.dropout": Span(low=0.0, high=1.0)}, 0)
    study = Study(tmp_path, plan)
    arguments = [sys.executable, "-c", WORKER, str(tmp_path)]
    workers = [subprocess.Popen([*arguments, str(number)]) for number in range(4)]
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            leases = [t.user_attrs.get("lease") for t in study._study.get_trials(deepcopy=False)
                      if t.state.name == "RUNNING" and t.number > 2]  # fmt: skip
            if any(lease and lease["pid"] == workers[0].pid for lease in leases):
                break
            time.sleep(0.02)
        os.kill(workers[0].pid, signal.SIGKILL)
        assert workers[0].wait() == -signal.SIGKILL
        assert [worker.wait(timeout=60) for worker in workers[1:]] == [0, 0, 0]
    finally:
        for worker in workers:
            worker.kill()
    trials = study.trials()
    complete = Counter(json.dumps(t.settings) for t in trials if t.state == "complete")
    assert len(complete) == 24
    assert set(complete.values()) == {1}
    dead = [trial for trial in trials if trial.state == "failed"]
    assert len(dead) == 1
    assert [t.number for t in trials if t.again_of == dead[0].number and t.state == "complete"]
    assert complete[json.dumps(dead[0].settings)] == 1
    assert all("the same settings" in t.reason for t in trials if t.state == "pruned")
    assert {trial.state for trial in trials} <= {"complete", "failed", "pruned"}


BLOCKS: Space = {
    "features.block": Branch(
        {
            "mfcc": {"features.coefficients": (8, 10), "features.hop_ms": (20.0,)},
            "log-mel": {
                "features.width": Branch({48: {"features.height": (48,)}, 32: {}}),
                "features.hop_ms": (15.0, 20.0),
            },
        }
    ),
    "model.dropout": Span(low=0.0, high=0.5),
}


def blocks_judged(candidate: Candidate) -> Verdict:
    settings = candidate.settings
    ways = {"mfcc": {"features.coefficients"}, "log-mel": {"features.width"}}
    block = settings["features.block"]
    expected = {"features.block", "features.hop_ms", "model.dropout"} | ways[block]
    assert set(settings) - {"features.height"} == expected
    assert settings.get("features.height", 48) == 48
    assert ("features.height" in settings) is (settings.get("features.width") == 48)
    return Verdict({"accuracy": settings["model.dropout"], "latency_ms": 1.0})


def test_along_a_branch_only_its_own_settings_are_tried(tmp_path: Path) -> None:
    first = (
        {"features.block": "log-mel", "features.width": 32, "other": 1},
        {"features.block": "mfcc"},
    )
    study = Study(tmp_path, Plan(NAMES, BLOCKS, 1, about={"auto": "seen"}, first=first))
    study.work(blocks_judged, 12)
    tried = [trial.settings for trial in study.trials()]
    assert {trial.state for trial in study.trials()} == {"complete"}
    assert [each["features.block"] for each in tried[:2]] == ["log-mel", "mfcc"]
    assert tried[0]["features.width"] == 32
    assert {each["features.block"] for each in tried[2:]} == {"log-mel", "mfcc"}
    for settings in tried:
        assert settings_of(parameters_of(settings, BLOCKS)) == settings
    kept = kept_plan(tmp_path)
    again = Plan.kept(kept)
    assert (again.space, again.objectives, again.about) == (BLOCKS, NAMES, {"auto": "seen"})
    Study(tmp_path, again, join=True).work(blocks_judged, 13)
    assert len(study.trials()) == 13


def test_a_space_is_told_and_understood_again() -> None:
    assert untold(json.loads(json.dumps(told(BLOCKS)))) == BLOCKS
    assert dict(searched(BLOCKS))["features.hop_ms"] in (15.0, 20.0)
    assert [name for name, _ in searched(BLOCKS)].count("features.block") == 1
    assert kept_plan(Path("nowhere")) == {}


def test_a_storage_that_goes_away_is_told_and_what_was_done_stays(tmp_path: Path) -> None:
    database = tmp_path / "study.db"
    study = Study(tmp_path / "a", PLAN, f"sqlite:///{database}")
    study.work(judged, 2)
    away = tmp_path / "away.db"

    def evaluate(candidate: Candidate) -> Verdict:
        database.rename(away)
        database.mkdir()  # nothing can be opened or made there
        return judged(candidate)

    with pytest.raises(UserError, match="cannot be"):
        Study(tmp_path / "a", PLAN, f"sqlite:///{database}").work(evaluate, 4)
    with pytest.raises(UserError, match="cannot be"):
        Study(tmp_path / "a", PLAN, f"sqlite:///{database}")
    database.rmdir()
    away.rename(database)
    again = Study(tmp_path / "a", PLAN, f"sqlite:///{database}")
    assert [trial.state for trial in again.trials()][:2] == ["complete", "complete"]
