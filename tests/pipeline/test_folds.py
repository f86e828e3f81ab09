"""Cross-validation: nobody on two sides, the test split unread, figures of float and int8."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from coincell.cli.main import cli
from coincell.data import make_default_data
from coincell.errors import UserError
from coincell.evaluation import over_folds
from coincell.pipeline import searching
from coincell.pipeline.folds import deal
from coincell.project import Project, load_project, parse_configuration
from dealt_project import TOML, WORDS, clips_of
from motion_project import motion_toml

stats = pytest.importorskip("scipy.stats")
pytest.importorskip("sklearn")

DETECTION = parse_configuration(
    motion_toml(
        "anomaly-detection", {"x": ("g", 2.0)}, rate_hz=100, window_ms=1000,
        data='labels = ["normal", "coin"]\n[data.split]\nby = "machine"',
        rest='[features]\nblock = "statistics"\n[model]\narchitecture = "k-means"\n',
    )
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_every_window_is_judged_once_by_who_never_met_its_person(data: st.DataObject) -> None:
    count = data.draw(st.integers(2, 6))
    people = data.draw(st.integers(3 * count, 40))
    rows = [(f"p{n % people}", n % 3) for n in range(3 * people + data.draw(st.integers(0, 50)))]
    tested = {f"p{n}" for n in range(people) if n % 5 == 4}
    splits = ["test" if who in tested else "train" for who, _ in rows]
    clips = clips_of([who for who, _ in rows], [label for _, label in rows], splits, "speaker")
    for label in range(3):
        assume(len({who for who, own in rows if own == label and who not in tested}) >= count)
    dealt = deal(clips, WORDS, count)
    judged = np.zeros(len(rows), int)
    for number in range(count):
        sides = dealt.splits(number)
        judged += sides == "test"
        assert not (sides[clips.splits == "test"] != "").any()
        by_side = [{who for (who, _), s in zip(rows, sides, strict=True) if s == side}
                   for side in ("train", "validation", "test")]  # fmt: skip
        assert not by_side[0] & by_side[1] | by_side[0] & by_side[2] | by_side[1] & by_side[2]
        assert by_side[0]
        assert by_side[2]
        assert bool(by_side[1]) == (count > 2)
    assert (judged == (clips.splits != "test")).all()


def test_strange_windows_judge_every_fold_and_teach_none() -> None:
    people = [f"m{n % 10}" for n in range(60)]
    labels = [int(n % 4 == 0) for n in range(60)]
    clips = clips_of(people, labels, ["train"] * 60, "machine")
    dealt = deal(clips, DETECTION, 5)
    for number in range(5):
        sides = dealt.splits(number)
        assert set(sides[clips.labels == 1]) == {"test"}
        assert "train" in set(sides[clips.labels == 0])


@pytest.mark.parametrize(
    ("people", "labels", "count", "message"),
    [
        (["a", "b", "c"] * 6, [0, 1, 2] * 6, 4, "there are 3 outside the test split"),
        (["a"] * 9 + ["b", "c", "d"] * 3, [0] * 9 + [1, 1, 2] * 3, 3, "'yes' would be missing"),
        (["a", "b", "c"] * 6, [0, 1, 2] * 6, 2, "would be missing from a fold"),
    ],
)
def test_too_few_for_the_folds(
    people: list[str], labels: list[int], count: int, message: str
) -> None:
    clips = clips_of(people, labels, ["train"] * len(people), "speaker")
    with pytest.raises(UserError, match=message):
        deal(clips, WORDS, count)


def test_the_interval_over_folds_holds_the_truth() -> None:
    """Folds of a mean: drawn many times, the interval has the expected value in about 95 %."""
    generator = np.random.default_rng(1)
    held = 0
    for _ in range(400):
        common = generator.normal(0, 0.05)  # what all folds share, since they share their training
        estimate = over_folds((0.8 + common + generator.normal(0, 0.1, 5)).tolist())
        held += estimate.low <= 0.8 <= estimate.high  # type: ignore[operator]
    assert 0.93 < held / 400 <= 1
    high = over_folds([0.97, 1.0, 1.0], share=True)
    assert high.high == 1.0
    estimate = over_folds([0.7, 0.8, 0.9])
    reach = stats.t.ppf(0.975, 2) * 0.1 * np.sqrt(1 / 3 + 1 / 2)
    assert estimate.low == pytest.approx(0.8 - reach)


def test_the_command(tmp_path: Path) -> None:
    pytest.importorskip("tensorflow", reason="the extra `train` is not installed")
    (tmp_path / "coincell.toml").write_text(TOML)
    make_default_data(load_project(tmp_path))

    def run(*arguments: str) -> Any:
        command = ["train", "--project", str(tmp_path), *arguments]
        return CliRunner().invoke(cli, command, catch_exceptions=False)

    told = json.loads(run("--folds", "3", "--json").output)
    assert len(told["folds"]) == 3
    assert {fold["test"] > 0 for fold in told["folds"]} == {True}
    for model in ("float", "int8"):
        values = [fold[model]["mae"] for fold in told["folds"]]
        assert told[model]["mae"]["value"] == pytest.approx(np.mean(values))
        assert told[model]["mae"]["spread"] == pytest.approx(np.std(values, ddof=1))
        low, high = told[model]["mae"]["ci95"]
        assert low < told[model]["mae"]["value"] < high
    again = json.loads(run("--folds", "3", "--json").output)
    assert again == told
    assert not (tmp_path / "build" / "folds").exists()
    text = run("--folds", "3").output
    assert "the test split was not read" in text
    with pytest.raises(UserError, match="Folds are 2 to 50") as refused:
        run("--folds", "1")
    assert "--folds 5" in refused.value.hint
    with pytest.raises(UserError, match="outside the test split"):
        run("--folds", "40")


def test_each_fold_may_search_its_own_settings(tmp_path: Path) -> None:
    pytest.importorskip("tensorflow", reason="the extra `train` is not installed")
    pytest.importorskip("optuna")
    space = '[tune.space]\n"training.learning_rate" = [0.000001, 0.005]\n'
    (tmp_path / "coincell.toml").write_text(TOML + "[tune]\nearly_epochs = 0\n" + space)
    make_default_data(load_project(tmp_path))
    command = ["train", "--project", str(tmp_path), "--folds", "3", "--search", "2"]
    done = CliRunner().invoke(cli, [*command, "--json"], catch_exceptions=False)
    told = json.loads(done.output)
    chosen = [fold["settings"]["training.learning_rate"] for fold in told["folds"]]
    assert set(chosen) <= {0.000001, 0.005}
    assert 0.005 in chosen  # the other learns nothing
    assert not (tmp_path / "build" / "folds").exists()
    assert not (tmp_path / "build" / "folds.json").exists()  # of the project as it stands alone
    with pytest.raises(UserError, match="at least 3 folds"):
        searching(load_project(tmp_path), 2, 2)
    with pytest.raises(UserError, match="nothing to choose by"):
        searching(Project(tmp_path, DETECTION), 3, 2)
    alone = CliRunner().invoke(cli, ["train", "--project", str(tmp_path), "--search", "2"])
    assert alone.exit_code == 2
