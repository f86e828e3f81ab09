"""[mitigation] through the stages: off it changes nothing, on it makes another model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from coincell.errors import ConfigurationError, DataError
from coincell.pipeline import Demand, run_until
from coincell.pipeline.stages.train import training_settings
from coincell.pipeline.variation import with_settings
from coincell.project import Project, parse_configuration
from studio_project import tones

pytest.importorskip("sklearn")
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


def test_off_no_key_knows_of_it() -> None:
    assert "mitigation" not in training_settings(parse_configuration(WORDS))
    on = '[mitigation]\ncolumns = ["gender"]\nbatches = "balanced"\n'
    assert "mitigation" in training_settings(parse_configuration(WORDS + on))


def test_a_column_that_is_not_there_is_told(project: Project) -> None:
    with pytest.raises(DataError, match="names 'accent', which the training data do not have"):
        trained(project, columns=["accent"], weights="reweigh")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[mitigation]\nweights = "reweigh"\n', "need columns"),
        (
            '[model]\narchitecture = "linear-svm"\n[mitigation]\ncolumns = ["a"]\nbatches = "balanced"\n',
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
