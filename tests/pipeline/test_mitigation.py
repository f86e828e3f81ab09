"""[mitigation] through the stages: off it changes nothing, on it makes another model."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from coincell.cli.main import cli
from coincell.errors import ConfigurationError, DataError, UserError
from coincell.pipeline import Demand, compare_mitigations, run_until
from coincell.pipeline.clips import read_clips
from coincell.pipeline.feature_arrays import read_features
from coincell.pipeline.judged import read_told
from coincell.pipeline.stages.features import STAGE as FEATURES
from coincell.pipeline.stages.train import training_settings
from coincell.pipeline.variation import with_settings
from coincell.project import Project, parse_configuration
from studio_project import tones

pytest.importorskip("sklearn")
WAYS = ["as it is", "reweighed", "targeted copies"]
SIDES = ("validation", "validation", "test")
WORDS = '[project]\nname = "toy"\n[data]\nlabels = ["yes", "no"]\n'


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return tones(tmp_path_factory.mktemp("mitigated") / "tones")


def trained(project: Project, **settings: Any) -> Any:
    varied = with_settings(project, {f"mitigation.{name}": v for name, v in settings.items()})
    return run_until(varied, Demand(until="train")).artefacts["train"]


def test_weights_make_another_model(project: Project) -> None:
    plain = trained(project)
    assert trained(project, columns=["gender"]).key == plain.key, "named alone they do nothing"
    weighed = trained(project, columns=["gender"], weights="reweigh")
    assert weighed.key != plain.key
    scores = [np.load(each.folder / "float_scores.npy") for each in (plain, weighed)]
    assert scores[0].shape == scores[1].shape


def test_targeted_copies_join_the_groups_that_lack_samples(project: Project) -> None:
    """Two women and one man are in the training split."""
    changes = {"mitigation.columns": ["gender"], "mitigation.copies": 64, "augmentation.copies": 1}
    plain, more = (
        run_until(
            with_settings(project, changes | {"mitigation.copies": copies}),
            Demand(until="features"),
        ).artefacts
        for copies in (0, 64)
    )
    clips = read_clips(more["dataset"])
    before, after = (read_features(each["features"]) for each in (plain, more))
    count = len(before.altered)
    np.testing.assert_array_equal(before.altered, after.altered[:count], "others stay as they were")
    assert len(after.altered) > count
    learned = np.concatenate([clips.rows("train"), after.altered_rows])
    genders = [clips.groups[row]["gender"] for row in learned]
    tally = Counter(zip(clips.labels[learned].tolist(), genders, strict=True))
    for label in {label for label, _ in tally}:
        assert tally[label, "man"] == tally[label, "woman"]
    own = after.clips[after.altered_rows[count:]]
    assert (own != after.altered[count:]).any(axis=(1, 2)).all(), "altered, each of them"
    assert (clips.splits[after.altered_rows] == "train").all()


def test_off_no_key_knows_of_it() -> None:
    assert "mitigation" not in training_settings(parse_configuration(WORDS))
    assert "mitigation" not in FEATURES.settings(parse_configuration(WORDS))
    copies = '[mitigation]\ncolumns = ["gender"]\ncopies = 2\n'
    assert "mitigation" in FEATURES.settings(parse_configuration(WORDS + copies))
    assert "mitigation" not in training_settings(parse_configuration(WORDS + copies))
    on = '[mitigation]\ncolumns = ["gender"]\nbatches = "balanced"\n'
    assert "mitigation" in training_settings(parse_configuration(WORDS + on))


def test_a_column_that_is_not_there_is_told(project: Project) -> None:
    with pytest.raises(DataError, match="names 'accent', which the training data do not have"):
        trained(project, columns=["accent"], weights="reweigh")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[mitigation]\nweights = "reweigh"\n', "need columns"),
        ("[mitigation]\ncopies = 1\n", "need columns"),
        ('[mitigation]\ncolumns = ["gender", "gender"]\n', "columns must be unique"),
        ('[mitigation]\ncolumns = ["a"]\ncopies = 65\n', "copies"),
        (
            '[model]\narchitecture="linear-svm"\n[mitigation]\nbatches="balanced"\ncolumns=["a"]',
            "fitted to all samples at once",
        ),
        (
            '[model]\nfile = "net.tflite"\n[mitigation]\ncolumns = ["a"]\nweights = "reweigh"\n',
            "of a model that is trained here",
        ),
    ],
)
def test_what_cannot_be_is_refused(text: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        parse_configuration(WORDS + text)


def test_ways_are_judged_on_validation(tmp_path: Path) -> None:
    """By hand: how often int8 is right, of each group, on windows that nothing was judged by."""
    project = tones(tmp_path / "tones", clips=90, splits=("train", "train", "train", *SIDES))
    facts = compare_mitigations(project, ["gender"])
    assert [way["name"] for way in facts["ways"]] == WAYS, "trees: no batches"
    dataset = run_until(project, Demand(until="dataset")).artefacts["dataset"]
    clips = read_clips(dataset)
    rows = clips.rows("validation")
    changed = {"mitigation.columns": ["gender"], "mitigation.weights": "reweigh"}
    copied = {"mitigation.columns": ["gender"], "mitigation.copies": 4}
    for way, settings in zip(facts["ways"], ({}, changed, copied), strict=True):
        assert not way["clear"], "two people in each group tell nothing"
        varied = with_settings(project, settings)
        told = run_until(varied, Demand(until="evaluate")).artefacts["evaluate"]
        said = read_told(told, "validation")["int8"].scores.argmax(axis=1)
        right = said == clips.labels[rows]
        assert way["accuracy"]["value"] == pytest.approx(right.mean())
        for group in way["groups"]:
            own = np.array([clips.groups[row]["gender"] == group["value"] for row in rows])
            assert group["accuracy"]["value"] == pytest.approx(right[own].mean())
            assert group["clips"] == own.sum()
    result = CliRunner().invoke(
        cli, ["audit", str(project.directory), "--mitigations", "--group", "gender"]
    )
    assert result.exit_code == 0, result.output
    assert "the test split was not judged by" in result.output
    assert "beyond chance" in result.output


def test_without_groups_nothing_is_trained(tmp_path: Path) -> None:
    project = tones(tmp_path / "tones", clips=36)
    with pytest.raises(UserError, match="Mitigation needs columns"):
        compare_mitigations(project)
    with pytest.raises(DataError, match="Nothing can be compared by gender"):
        compare_mitigations(project, ["gender"])
    made = [folder.name for folder in (project.build_directory).rglob("train-*")]
    assert not made
