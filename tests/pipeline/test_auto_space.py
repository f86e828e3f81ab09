"""What `tune --auto` searches, by the data."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from coincell.data import make_default_data
from coincell.errors import MissingExtraError, UserError
from coincell.pipeline import Judge, open_study, work_on_ray
from coincell.pipeline.auto_space import auto_space
from coincell.pipeline.variation import with_settings
from coincell.project import Project, load_project, parse_configuration
from coincell.tuning import Branch, Candidate, searched
from motion_project import motion_toml

MACHINES = """\
[synthesis.vibration]
machines = 12
recordings = 4
faulty_recordings = 2
seconds = 0.64
[augmentation]
copies = 0
[features]
block = "spectral"
fft_size = 128
bands = 8
"""


def machines(folder: Path, task: str, data: str, rest: str = MACHINES) -> Project:
    text = motion_toml(task, {"x": ("g", 4.0)}, rate_hz=200, window_ms=640, data=data, rest=rest)
    (folder / "coincell.toml").write_text(text)
    project = load_project(folder)
    make_default_data(project)
    return project


def ways_of(space: Any) -> dict[str, Any]:
    branch = space["features.block"]
    assert isinstance(branch, Branch)
    return dict(branch.ways)


def families(way: Any) -> set[str]:
    return set(way["model.architecture"].ways)


def test_blocks_that_fit_and_families_that_take_them(tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    data = 'target = "speed"\nunit = "rpm"\n[data.split]\nby = "machine"'
    project = machines(tmp_path, "regression", data)
    found = auto_space(project)
    ways = ways_of(found.space)
    assert {"raw", "statistics", "spectral", "spectrogram"} == set(ways)
    assert families(ways["statistics"]) == {"fully-connected"}
    assert "conv-1d" in families(ways["raw"])
    assert "training.label_smoothing" not in found.space  # of classes alone
    assert "augmentation.copies" in found.space  # there are few windows
    assert [first["features.block"] for first in found.first] == list(ways)
    for settings in found.first:  # each can be, whatever the project's own block is
        made = with_settings(project, settings).configuration
        assert made.features.block == settings["features.block"]
        assert made.model.architecture == settings["model.architecture"]
    named = with_settings(project, {"model.architecture": "tiny-conv"})
    with pytest.raises(UserError, match="names one"):
        auto_space(with_settings_of_file(named))


def with_settings_of_file(project: Project) -> Project:
    from dataclasses import replace

    model = project.configuration.model.model_copy(update={"file": "own.keras"})
    return replace(project, configuration=project.configuration.model_copy(update={"model": model}))


def test_detectors_are_searched_where_something_strange_validates(tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    data = 'labels = ["normal", "inner"]\n[data.split]\nby = "machine"\nvalidation = 0.3\nSTRANGE'
    lacking = tmp_path / "lacking"
    lacking.mkdir()
    project = machines(lacking, "anomaly-detection", data.replace("STRANGE", ""))
    with pytest.raises(UserError, match="needs strange windows"):
        Judge.of(project)
    project = machines(
        tmp_path, "anomaly-detection", data.replace("STRANGE", "strange_validation = 0.3"), STRANGE
    )
    judge = Judge.of(project)
    study = open_study(project, auto=True)
    assert dict(searched(study.plan.space))["features.block"] in ("statistics", "spectral", "raw")
    assert "gaussian-mixture" in families(ways_of(study.plan.space)["statistics"])
    verdict = judge(Candidate(0, FITTED, lambda _: ""))
    assert 0 <= verdict.figures["auc"] <= 1
    assert verdict.figures["features"] > 0
    assert not verdict.refused


STRANGE = MACHINES + "[decision]\nfalse_alarm_rate = 0.25\n"
FITTED = {
    "features.block": "statistics", "model.architecture": "k-means", "model.detector.centres": 2,
}  # fmt: skip


def test_weights_keep_their_family() -> None:
    from coincell.pipeline.auto_space import _families
    from coincell.pipeline.families import families_of

    text = (
        '[project]\nname = "p"\ntask = "visual-wake-word"\n[data]\nsense = "picture"\n'
        'labels = ["a", "b"]\n[features]\nblock = "picture"\nvalues = "centred"\n'
        '[model]\narchitecture = "mobilenet-v2"\nweights = "imagenet"\n'
    )
    configuration = parse_configuration(text)
    names = families_of(configuration)["picture"]
    assert "mobilenet-v1" not in names
    assert names[0] == "mobilenet-v2"
    assert _families(names, configuration).ways["mobilenet-v2"] == {}
    scratch = parse_configuration(text.replace('weights = "imagenet"\n', ""))
    assert "model.alpha" in _families(names, scratch).ways["mobilenet-v2"]


class StandInRay(ModuleType):
    """As much of Ray as is used, in this process."""

    exceptions = SimpleNamespace(RayError=type("RayError", (Exception,), {}))

    def __init__(self, cpus: int) -> None:
        super().__init__("ray")
        self.cpus, self.addresses, self.down = cpus, list[str](), 0

    def init(self, address: str, **_: Any) -> None:
        if address == "auto":
            raise ConnectionError("Could not find any running Ray instance.\nStart one.")
        self.addresses.append(address)

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": float(self.cpus)}

    def remote(self, **options: Any) -> Callable[..., Any]:
        assert options["num_cpus"] == 1
        return lambda function: SimpleNamespace(remote=lambda *a: (function, a))

    def get(self, tasks: list[Any]) -> list[str]:
        return [function(*arguments) for function, arguments in tasks]

    def shutdown(self) -> None:
        self.down += 1


def test_a_ray_cluster_joins_the_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("optuna")
    data = 'labels = ["normal", "inner"]\n[data.split]\nby = "machine"\nvalidation = 0.3\n'
    limits = '[tune]\nlimits = { latency_ms = 0.01 }\n[tune.space]\n"features.bands" = [4, 8]\n'
    rest = STRANGE + '[model]\narchitecture = "k-means"\ndetector.centres = 2\n' + limits
    project = machines(tmp_path, "anomaly-detection", data + "strange_validation = 0.3", rest)
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match="ray"):
        work_on_ray(project, "local", 2)
    ray = StandInRay(2)
    monkeypatch.setitem(sys.modules, "ray", ray)
    with pytest.raises(UserError, match="No Ray cluster at 'auto': Could not find"):
        work_on_ray(project, "auto", 2)
    with pytest.raises(UserError, match="None of 2 Ray workers"):  # there is no study yet
        work_on_ray(project, "local", 2)
    study = open_study(project)
    assert work_on_ray(project, "local", 2) == 2
    tried = [trial for trial in study.trials() if trial.limit]
    assert [trial.figures["latency_ms"] > 0.01 for trial in tried] == [True, True]
    assert ray.down == 2
