"""Variations go through the same stages and leave the project's own artefacts alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coincell.errors import ConfigurationError
from coincell.pipeline.clips import SAMPLES_FILE
from coincell.pipeline.runner import Demand, run_stages
from coincell.pipeline.stage import Stage, StageContext
from coincell.pipeline.variation import dealt_out, run_variation, with_settings
from coincell.project import Configuration, Project, parse_configuration

TOML = '[project]\nname = "toy"\n[data]\nlabels = ["yes", "no"]\n[training]\nepochs = 3\n'


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path, parse_configuration(TOML))


class Chain:
    """Two stages that note what they were given."""

    def __init__(self) -> None:
        self.ran: list[tuple[str, Any]] = []

    @property
    def stages(self) -> tuple[Stage, ...]:
        def read(context: StageContext) -> None:
            self.ran.append(("dataset", None))
            splits = {"splits": ["train", "train", "test"], "files": ["a", "b", "c"]}
            (context.output / SAMPLES_FILE).write_text(json.dumps(splits))
            (context.output / "windows.npy").write_bytes(b"windows")

        def learn(context: StageContext) -> None:
            splits = context.inputs["dataset"].read_json(SAMPLES_FILE)["splits"]
            assert (context.inputs["dataset"].folder / "windows.npy").read_bytes() == b"windows"
            self.ran.append(("train", (context.configuration.training.epochs, splits)))
            (context.output / "made.json").write_text("1")

        def epochs(configuration: Configuration) -> Mapping[str, Any]:
            return {"epochs": configuration.training.epochs}

        return (
            Stage("dataset", "Read", (), lambda configuration: {}, (), read),
            Stage("train", "Train", ("dataset",), epochs, (), learn),
        )


def test_another_setting_redoes_what_reads_it_and_finds_the_rest(project: Project) -> None:
    chain = Chain()
    run_stages(project, chain.stages)
    varied = with_settings(project, {"training.epochs": 9})
    outcome = run_variation(varied, chain.stages, "train")
    assert [name for name, _ in chain.ran] == ["dataset", "train", "train"]
    assert chain.ran[-1][1] == (9, ["train", "train", "test"])
    assert outcome.artefacts["dataset"].folder.parent == project.build_directory / "cache"
    assert "variations" in str(outcome.artefacts["train"].folder)
    run_variation(varied, chain.stages, "train")
    assert len(chain.ran) == 3


def test_many_variations_sweep_nothing_away(project: Project) -> None:
    chain = Chain()
    run_stages(project, chain.stages)
    for epochs in range(10, 20):
        run_variation(with_settings(project, {"training.epochs": epochs}), chain.stages, "train")
    before = len(chain.ran)
    for epochs in range(10, 20):
        run_variation(with_settings(project, {"training.epochs": epochs}), chain.stages, "train")
    run_stages(project, chain.stages, Demand())
    assert len(chain.ran) == before == 12


def test_other_splits_are_learned_from_and_the_rest_is_the_same(project: Project) -> None:
    chain = Chain()
    own = run_stages(project, chain.stages).artefacts["dataset"]
    splits = np.array(["test", "", "train"])
    run_variation(project, dealt_out(chain.stages, own, splits), "train")
    assert chain.ran[-1] == ("train", (3, ["test", "", "train"]))
    assert own.read_json(SAMPLES_FILE)["splits"] == ["train", "train", "test"]
    count = len(chain.ran)
    run_variation(project, dealt_out(chain.stages, own, splits), "train")
    assert len(chain.ran) == count


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"training.epochs": -1}, "training.epochs = -1 cannot be"),
        ({"training.epoch": 3}, "training.epoch = 3 cannot be"),
        ({"nothing.at.all": 3}, "cannot be"),
    ],
)
def test_what_cannot_be_is_refused(project: Project, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        with_settings(project, changes)
