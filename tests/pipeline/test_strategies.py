"""Thresholds of a project: chosen on validation alone, judged on test, and the device's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import coincell.pipeline
from coincell.cli.main import cli
from coincell.errors import DataError, UserError
from coincell.evaluation import decide
from coincell.pipeline import Outcome, StrategyWish, device_threshold, project_strategies
from coincell.pipeline.clips import Clips
from coincell.pipeline.judged import write_told
from coincell.pipeline.store import Artefact
from coincell.project import Configuration, parse_configuration

TOML = (
    '[project]\nname = "toy"\n[data]\nlabels = ["yes", "no", "silence"]\n'
    'silence_label = "silence"\nunknown_label = ""\n[audit]\nrounds = 100\nsmallest_group = 2\n'
    "[intended]\nfalse_positive_cost = 3.0\n"
)
PEOPLE = 12


class Judged:
    """Made-up windows of both splits, and what int8 said of them."""

    def __init__(self, folder: Path, seed: int = 1, each: int = 6) -> None:
        generator = np.random.default_rng(seed)
        count = 2 * PEOPLE * each
        who = np.repeat(np.arange(2 * PEOPLE), each)
        self.labels = generator.integers(0, 3, count)
        woman = who % 2 == 1
        shares = generator.dirichlet([1, 1, 1], count)
        shares[np.arange(count), self.labels] += np.where(woman, 0.4, 1.0)
        self.scores = np.round(shares / shares.sum(axis=1, keepdims=True), 2)
        self.splits = np.where(who < PEOPLE, "validation", "test")
        rows = tuple(
            {"speaker": f"s{one}", "gender": "female" if one % 2 else "male"} for one in who
        )
        files = tuple(f"{at}.wav" for at in range(count))
        self.clips = Clips(folder, files, self.labels, np.zeros(count), self.splits, rows)
        for split in ("validation", "test"):
            told = self.scores[self.splits == split]
            write_told(folder, "int8", told, decide(told, 0.7), split)
        (folder / "audit.json").write_text("{}", encoding="utf-8")
        names = ("dataset", "evaluate", "audit")
        artefacts = {name: Artefact(name, "0", folder) for name in names}
        self.outcome = Outcome(artefacts, (), "", "", {})

    def side(self, split: str) -> tuple[Any, Any]:
        """Labels and scores."""
        own = self.splits == split
        return self.labels[own], self.scores[own]


@pytest.fixture
def judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Judged:
    made = Judged(tmp_path)
    monkeypatch.setattr("coincell.pipeline.strategies.read_clips", lambda _: made.clips)
    return made


@pytest.fixture
def configuration() -> Configuration:
    return parse_configuration(TOML)


def test_each_class_that_is_told_is_judged_on_test(
    judged: Judged, configuration: Configuration
) -> None:
    found = project_strategies(judged.outcome, configuration, StrategyWish())
    assert [(each["column"], each["label"]) for each in found] == [
        ("gender", "yes"),
        ("gender", "no"),
    ]
    labels, scores = judged.side("test")
    people = np.repeat(np.arange(PEOPLE), 6)
    for at, facts in enumerate(found):
        assert facts["ratio"] == 3.0, "as [intended] says"
        for strategy in facts["strategies"]:
            for group in strategy["groups"]:
                own = people % 2 == (group["value"] == "female")
                said = scores[own, at] >= (group["threshold"] or np.inf)
                real = labels[own] == at
                assert group["counts"] == {
                    "tp": int((said & real).sum()),
                    "fp": int((said & ~real).sum()),
                    "fn": int((~said & real).sum()),
                    "tn": int((~said & ~real).sum()),
                }


def test_the_test_split_chooses_nothing(
    judged: Judged, configuration: Configuration, tmp_path: Path
) -> None:
    def chosen() -> Any:
        found = project_strategies(judged.outcome, configuration, StrategyWish(label="yes"))
        device = device_threshold(judged.outcome, configuration, StrategyWish())
        groups = [each["groups"] for each in found[0]["strategies"]]
        return [[one["threshold"] for one in each] for each in groups], device["threshold"]

    before = chosen()
    told = np.full_like(judged.side("test")[1], 1 / 3)
    write_told(tmp_path, "int8", told, decide(told, 0.7), "test")
    assert chosen() == before


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), ratio=st.sampled_from([0.2, 1.0, 3.0]))
def test_no_threshold_of_the_devices_rule_is_cheaper(
    tmp_path_factory: pytest.TempPathFactory, seed: int, ratio: float
) -> None:
    """Against every threshold in steps of 0.005, by `decide`, which firmware is held to."""
    judged = Judged(tmp_path_factory.mktemp("told"), seed, each=2)

    def cost(split: str, threshold: float) -> float:
        labels, scores = judged.side(split)
        said = decide(scores, threshold)
        said = np.where(said == 2, -1, said)  # silence is not told
        false = (said >= 0) & (said != labels)
        return float(false.sum() * ratio + ((labels != 2) & (said != labels)).sum())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("coincell.pipeline.strategies.read_clips", lambda _: judged.clips)
        found = device_threshold(
            judged.outcome, parse_configuration(TOML), StrategyWish(ratio=ratio)
        )
    least = min(cost("validation", threshold) for threshold in np.arange(0, 1.0001, 0.005))
    assert cost("validation", found["threshold"]) == pytest.approx(least)
    assert found["test"]["now"]["cost"] == pytest.approx(cost("test", found["now"]))
    chosen = found["test"]["threshold"]["cost"]
    assert chosen == pytest.approx(cost("test", found["threshold"]))


@pytest.mark.parametrize(
    ("wish", "error", "told"),
    [
        (StrategyWish(label="maybe"), UserError, "none of the project's classes"),
        (StrategyWish(columns=("accent",)), DataError, "that the data do not have: 'accent'"),
        (StrategyWish(place="float"), UserError, "There are int8"),
        (StrategyWish(ratio=-1.0), DataError, "above 0"),
        (StrategyWish(tolerance=2.0), DataError, "0 to 1"),
        (StrategyWish(columns=("speaker",)), DataError, "no group that is in both splits"),
    ],
)
def test_what_cannot_be_is_told(
    judged: Judged, configuration: Configuration, wish: StrategyWish, error: Any, told: str
) -> None:
    with pytest.raises(error) as caught:
        project_strategies(judged.outcome, configuration, wish)
    assert told in f"{caught.value} {caught.value.hint}"


def test_without_validation_there_is_nothing_to_choose_by(
    judged: Judged, configuration: Configuration, tmp_path: Path
) -> None:
    for file in tmp_path.glob("told-*-validation-*"):
        file.unlink()
    with pytest.raises(DataError, match="The validation split has no windows"):
        project_strategies(judged.outcome, configuration, StrategyWish())


def test_a_detector_has_a_threshold_of_its_own(judged: Judged) -> None:
    other = parse_configuration(
        '[project]\nname = "toy"\ntask = "anomaly-detection"\n[data]\nlabels = ["good", "bad"]\n'
        'normal_label = "good"\nsense = "motion"\nchannels = ["x"]\nunits = ["g"]\n'
        "full_scale = [4.0]\nsample_rate_hz = 100\nwindow_ms = 1000\n[features]\n"
        'block = "statistics"\n[model]\narchitecture = "mahalanobis"\n'
    )
    with pytest.raises(UserError, match="how strange"):
        project_strategies(judged.outcome, other, StrategyWish())


def test_the_command_writes_the_devices_threshold(
    judged: Judged, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "coincell.toml"
    file.write_text(TOML + "[decision]\nthreshold = 0.99  # mine\n", encoding="utf-8")
    monkeypatch.setattr(coincell.pipeline, "run_until", lambda *_: judged.outcome)

    def ask(*words: str) -> Any:
        return CliRunner().invoke(cli, ["audit", str(tmp_path), *words])

    told = ask("--strategies", "--json")
    assert told.exit_code == 0, told.output
    facts = json.loads(told.output)
    assert not facts["written"]
    assert "threshold = 0.99  # mine" in file.read_text(encoding="utf-8")
    written = ask("--strategies", "--write", "--positive", "no")
    assert written.exit_code == 0, written.output
    assert "equalized odds" in written.output
    assert "'yes'" not in written.output, "one class was asked for"
    assert f"threshold = {facts['device']['threshold']}  # mine" in file.read_text("utf-8")
    for words in (["--write"], ["--ratio", "2"], ["--strategies", "--truth", "x"]):
        refused = ask(*words)
        assert isinstance(refused.exception, UserError), words
