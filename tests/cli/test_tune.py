"""`coincell tune`: on a small project, from the search to the settings taken over."""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from coincell.cli.main import cli
from coincell.cli.tune_view import row_of
from coincell.data import make_default_data
from coincell.errors import ConfigurationError, UserError
from coincell.pipeline import helping_processes, open_study
from coincell.project import change_settings, load_project, parse_configuration
from coincell.tuning import Tried
from motion_project import motion_toml

WORDS = """\
[project]
name = "w"  # ours
[data]
labels = ["yes", "no"]
[model] # the network
dropout = 0.2  # was 0.3
architecture = "tiny-conv"
"""
REST = """\
[synthesis.vibration]
machines = 12
recordings = 4
seconds = 0.64
[augmentation]
copies = 0
[features]
block = "spectral"
fft_size = 128
bands = 8
[model]
architecture = "fully-connected"
[training]
epochs = 4 # few
batch_size = 16
[tune]
limits = { latency_ms = LIMIT }
[tune.space]
"features.fft_size" = [64, 256]
"training.learning_rate" = [0.002, 0.005]
"""


@pytest.mark.parametrize(
    ("value", "figure", "setting"),
    [
        (52448.0, "52,448", "52448"),
        (1_234_567.25, "1,234,567", "1234567"),
        (0.93751, "0.9375", "0.9375"),
        (128, "128", "128"),
    ],
)
def test_bytes_and_cycles_are_shown_in_full(value: float, figure: str, setting: str) -> None:
    trial = Tried(3, "complete", {"features.x": value}, {"flash_bytes": value})
    row = row_of(trial, "front", ("flash_bytes",))
    assert row.told == f"x {setting}"
    assert row.figures == (figure,)


def test_settings_are_written_and_comments_stay(tmp_path: Path) -> None:
    path = tmp_path / "coincell.toml"
    path.write_text(WORDS)
    changes = {"model.dropout": 0.1, "model.architecture": "conv-1d", "training.epochs": 9,
               "data.window_ms": 900}  # fmt: skip
    change_settings(tmp_path, changes)
    text = path.read_text()
    assert "dropout = 0.1  # was 0.3" in text
    assert '[project]\nname = "w"  # ours' in text
    found = parse_configuration(text)
    assert (found.model.dropout, found.model.architecture) == (0.1, "conv-1d")
    assert (found.training.epochs, found.data.window_ms) == (9, 900)
    braces = '[project]\nname = "w"\n[data]\nlabels = ["a", "b"]\n'
    path.write_text(f"model = {{ dropout = 0.2 }}\n{braces}")
    with pytest.raises(ConfigurationError):
        change_settings(tmp_path, {"model.dropout": 0.1})
    assert "dropout = 0.2" in path.read_text()


def project_in(folder: Path, limit: float) -> Path:
    told = 'target = "speed"\nunit = "rpm"\n[data.split]\nby = "machine"'
    text = motion_toml("regression", {"x": ("g", 4.0)}, rate_hz=200, window_ms=640, data=told,
                       rest=REST.replace("LIMIT", str(limit)))  # fmt: skip
    (folder / "coincell.toml").write_text(text)
    make_default_data(load_project(folder))
    return folder


def tune(folder: Path, *arguments: str) -> Any:
    command = ["tune", *arguments, "--project", str(folder)]
    return CliRunner().invoke(cli, command, catch_exceptions=False)


def test_a_search_from_trials_to_promotion(tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    pytest.importorskip("tensorflow", reason="the extra `train` is not installed")
    folder = project_in(tmp_path, 2.4)
    found = json.loads(tune(folder, "--trials", "3", "--json").stdout)
    whole = [trial for trial in found["trials"] if trial["state"] == "complete"]
    assert whole
    for trial in whole:
        assert {"mae", "latency_ms", "ram_bytes", "flash_bytes", "macs"} <= set(trial["figures"])
        assert trial["figures"]["latency_ms"] <= 2.4
    for trial in found["trials"]:
        if trial["limit"]:
            assert trial["figures"]["latency_ms"] > 2.4
            assert "mae" not in trial["figures"]  # nothing was trained
    assert (folder / "build" / "tune.svg").read_text().count("<circle") == len(whole)
    assert not list((folder / "build" / "cache").glob("evaluate-*"))  # the test split is unread
    best = found["front"][0]
    told = json.loads(tune(folder, "promote", str(best), "--json").stdout)
    configuration = load_project(folder).configuration
    settings = found["trials"][best]["settings"]
    assert configuration.training.learning_rate == settings["training.learning_rate"]
    assert set(told["changed"]) <= set(settings)
    assert "epochs = 4 # few" in (folder / "coincell.toml").read_text()
    assert str(best) in tune(folder, "list").output
    with pytest.raises(UserError, match="there is none"):
        tune(folder, "promote", "99")
    change_settings(folder, {"training.epochs": 5})
    again = CliRunner().invoke(cli, ["tune", "promote", str(best), "--project", str(folder)])
    assert "changed since the study began" in again.stderr


@pytest.mark.parametrize(
    ("tune", "told"),
    [
        ('storage = "postgresql://ada:geheim@127.0.0.1:1/x"', "needs a driver|cannot be used"),
        ('storage = "nonsense://ada:geheim@127.0.0.1/x"', "cannot be used"),
        ('storage = "geheim"', "cannot be used"),
        ("limits = { latency_ms = 0 }", "greater than 0"),
        ('space = { "model.architecture" = ["nix", "nox"] }', "no value of model.architecture"),
        (
            'space = { "training.batch_size" = { low = -3, high = 0 } }',
            "no value of training",
        ),
        ('space = { "training.nix" = [1] }', "has no setting 'training.nix'"),
        ('space = { "model.dropout" = { low = nan, high = 0.5 } }', "of finite numbers"),
    ],
)
def test_what_cannot_be_searched_is_refused_and_no_password_shown(
    tmp_path: Path, tune: str, told: str
) -> None:
    text = motion_toml(
        "regression", {"x": ("g", 2.0)}, rate_hz=100, window_ms=640,
        data='target = "speed"\nunit = "rpm"',
        rest=f'[features]\nblock = "statistics"\n[tune]\n{tune}\n',
    )  # fmt: skip
    (tmp_path / "coincell.toml").write_text(text)
    pytest.importorskip("optuna")
    with pytest.raises((UserError, ConfigurationError)) as refused:
        open_study(load_project(tmp_path))
    shown = f"{refused.value} {refused.value.hint}"
    assert re.search(told, shown)
    assert "geheim" not in shown


def test_where_nothing_fits_the_limit_is_named(tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    pytest.importorskip("tensorflow", reason="the extra `train` is not installed")
    done = tune(project_in(tmp_path, 0.1), "--trials", "2", "--json")
    found = json.loads(done.stdout)
    assert done.exit_code == 1
    assert "latency_ms refused" in found["binding"]
    assert not found["front"]


def child_at_work_in(folder: Path) -> int:
    """The first process of ours whose command names `folder`; the list of children can leave some
    out while others end (proc_pid_task(5)), so that it is asked again."""
    me, until = os.getpid(), time.monotonic() + 30
    while time.monotonic() < until:
        for child in Path(f"/proc/{me}/task/{me}/children").read_text().split():
            with contextlib.suppress(OSError):
                if str(folder) in Path(f"/proc/{child}/cmdline").read_text():
                    return int(child)
        time.sleep(0.02)
    raise AssertionError(f"no process works in {folder}")


def test_helpers_that_are_lost_are_told_and_end_nothing(tmp_path: Path) -> None:
    """One is killed, the other finds no study to join; both are named, each with its reason."""
    project = load_project(project_in(tmp_path, 2.4))
    (project.build_directory / "tune").mkdir(parents=True)
    told: list[str] = []
    with helping_processes(project, 2, 1, math.inf, told.append):
        os.kill(child_at_work_in(tmp_path), signal.SIGKILL)
    assert len(told) == 2
    # Which of the two is found first is the kernel's choice.
    killed = next(n for n in (1, 2) if f"helper {n} was killed by signal 9" in told[n - 1])
    assert f"helper {3 - killed} failed" in told[2 - killed]
    log = project.build_directory / "tune" / f"helper-{3 - killed}.log"
    assert str(log) in told[2 - killed]
    assert log.read_text()
