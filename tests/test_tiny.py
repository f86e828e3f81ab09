"""The front door: a few spoken words become firmware, each step proved. Read this file first."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import coincell
from exported_project import check_exports
from tiny_project import TOML
from watched_commands import check_connections

pytest.importorskip("tensorflow", reason="the extra `train` is not installed")
pytest.importorskip("unicorn", reason="the extra `emulator` is not installed")
pytest.importorskip("espeakng_loader", reason="the extra `voices` is not installed")

pytestmark = pytest.mark.slow


def run_cli(*words, cwd):
    return subprocess.run(
        [sys.executable, "-m", "coincell.cli", *map(str, words)],
        cwd=cwd, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def words(tmp_path_factory) -> Path:
    """A project that has been run once."""
    directory = tmp_path_factory.mktemp("tiny") / "words"
    assert run_cli("new", "keyword-spotting", directory, cwd=directory.parent).returncode == 0
    (directory / "coincell.toml").write_text(TOML)
    made = run_cli("data", "synthesize", "--json", cwd=directory)
    assert made.returncode == 0, made.stderr
    done = run_cli("run", cwd=directory)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All 6 gates passed\n" in done.stdout
    return directory


def report_of(directory):
    return json.loads((directory / "build" / "report.json").read_text())


def test_recordings_become_measured_firmware(words):
    report = report_of(words)
    assert report["task"] == "keyword-spotting"
    assert report["dataset"]["synthetic"] is True
    assert report["dataset"]["split_by"] == "speaker"
    assert report["board"]["image_flash_bytes"] == (words / "build/firmware.bin").stat().st_size
    assert report["board"]["instructions"] > report["model"]["macs"] > 0
    assert report["board"]["cycles_flash"] == (
        report["board"]["cycles"] + 3 * report["board"]["flash_loads"]
    )
    assert len(report["provenance"]["tools"]) == 2, "a compiler for the host, one for the board"
    layers = report["board"]["layers"]
    assert sum(layer["weight_bytes"] or 0 for layer in layers) >= report["model"]["parameters"]
    assert sum(layer["cycles_flash"] for layer in layers) == report["board"]["cycles_flash"]
    assert sum(layer["instructions"] for layer in layers) == report["board"]["instructions"]
    for name in ("float", "int8"):
        low, high = report[name]["accuracy"]["ci95"]
        assert low <= report[name]["accuracy"]["value"] <= high
    assert all(gate["passed"] for gate in report["gates"])
    for name in ("firmware.elf", "firmware.hex", "model.tflite", "report.html", "c/tiny_words.h"):
        assert (words / "build" / name).stat().st_size > 0


def test_the_same_bytes_everywhere(words):
    exact = report_of(words)["exact"]
    assert exact["mismatches"] == 0
    test = next(split for split in report_of(words)["dataset"]["splits"] if split["name"] == "test")
    assert exact["clips"] == test["samples"]
    assert exact["clips_on_board"] == 5
    assert exact["oracle"].startswith("tflite-micro")


def test_the_stack_told_is_that_of_a_board_that_listens(words):
    """Interrupts take the stack too: more of it than one window by itself."""
    from coincell.board import BoardClient, VirtualBoard
    from coincell.firmware import load_board, read_elf

    elf = read_elf((words / "build" / "firmware.elf").read_bytes())
    with VirtualBoard(elf, load_board("nano33ble")) as virtual:
        client = BoardClient(virtual)
        client.process(np.zeros(client.info().window_values, np.int16))
        alone = client.info().stack_peak
    assert report_of(words)["board"]["stack_bytes"] > alone


def test_the_model_goes_elsewhere(words, tmp_path):
    """Every export of a real model tests itself, and decides as Python does."""
    done = run_cli("export", "--format", "c", "-o", tmp_path / "told", "--json", cwd=words)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["manifest"]["labels"] == ["yes", "no", "silence", "unknown"]
    for fact in ("data", "configuration", "features", "model_sha256", "metrics", "tools"):
        assert told["manifest"][fact], fact
    assert all((tmp_path / "told" / path).is_file() for path in told["files"])
    card = (words / "build" / "model_card.md").read_text()
    assert (tmp_path / "told" / "MODEL_CARD.md").read_text() == card
    check_exports(coincell.load_project(words), tmp_path / "all")


def test_it_goes_onto_a_board(words, tmp_path, monkeypatch):
    """A tool that stands in for OpenOCD gets the image that was proved, and no other."""
    tool = tmp_path / "openocd"
    tool.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/words\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    done = run_cli("flash", "--tool", "openocd", "--json", cwd=words)
    assert done.returncode == 0, done.stderr
    assert (
        json.loads(done.stdout)["sha256"]
        == report_of(words)["provenance"]["hashes"]["firmware.bin"]
    )
    assert "verify reset exit" in (tmp_path / "words").read_text()
    other = tmp_path / "build"
    shutil.copytree(words / "build", other, ignore=shutil.ignore_patterns("cache"))
    data = bytearray((other / "firmware.elf").read_bytes())
    data[data.index(b"tiny_words", 0x1000)] ^= 1  # in flash: the name that the image tells
    (other / "firmware.elf").write_bytes(data)
    refused = run_cli("flash", other / "firmware.elf", "--tool", "openocd", cwd=words)
    assert refused.returncode == 1
    assert "is not the image that" in refused.stderr
    told = json.loads(run_cli("board", "info", "--json", ".", cwd=words).stdout)
    for fact in (
        "data",
        "configuration",
        "features",
        "model_sha256",
        "packages",
        "compiler",
        "build",
    ):
        assert told[fact], fact
    assert told["metrics"]["accuracy"] == round(report_of(words)["int8"]["accuracy"]["value"], 4)


def test_listen_decides_with_the_projects_chain(words):
    clip = sorted((words / "data" / "yes").rglob("*.wav"))[0]
    done = run_cli("listen", clip, "--all", "--json", cwd=words)
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert events
    assert {event["label"] for event in events} <= {"yes", "no", "silence", "unknown", None}


def test_nothing_changed_nothing_redone(words):
    again = run_cli("run", "--json", cwd=words)
    assert again.returncode == 0
    assert all(stage["reused"] for stage in json.loads(again.stdout)["provenance"]["stages"])


def test_cards_tell_what_was_measured_and_what_a_person_must_add(words):
    report = report_of(words)
    model = (words / "build" / "model_card.md").read_text()
    assert f"{report['model']['parameters']:,}" in model
    assert "**To add** (intended.use)" in model
    data = (words / "build" / "data_card.md").read_text()
    assert "Nobody was recorded" in data
    assert "| accent | " in data
    for name in ("model_card", "data_card"):
        assert "default-src 'none'" in (words / "build" / f"{name}.html").read_text()
    told = run_cli("run", cwd=words).stdout
    assert "The cards lack what only a person can tell: card.authors" in told
    lacking = json.loads(run_cli("run", "--json", cwd=words).stdout)["cards_lack"]
    both = model + data
    marked = re.findall(r"\*\*To add\*\* \(([^)]+)\)", both)
    # Markdown escapes the underscores of the keys; the keys themselves have none of its marks.
    assert set(lacking) == {key.replace("\\_", "_") for key in marked}


def test_no_command_opens_a_connection(words, tmp_path):
    """Nor does any process that a command starts, down to compilers and the emulator."""
    check_connections(words, tmp_path)


def test_predict_says_the_same_on_int8_host_and_board(words):
    clip = sorted((words / "data" / "yes").rglob("*.wav"))[0]
    answers = {}
    for where in ("float", "int8", "host", "board"):
        done = run_cli("predict", clip, "--on", where, "--json", cwd=words)
        assert done.returncode == 0, done.stderr
        (answers[where],) = json.loads(done.stdout)
    for told in ("scores", "label"):
        assert answers["int8"][told] == answers["host"][told] == answers["board"][told]
    assert sum(answers["float"]["scores"].values()) == pytest.approx(1.0, abs=1e-3)
    shown = run_cli("predict", clip, cwd=words)
    assert shown.returncode == 0
    assert "yes" in shown.stdout


def test_what_does_not_fit_is_refused_before_the_board(words, tmp_path):
    small = tmp_path / "small"
    shutil.copytree(words, small, ignore=shutil.ignore_patterns(".*.lock"))
    (small / "coincell.toml").write_text(TOML + "max_flash_bytes = 4096\n")
    refused = run_cli("run", cwd=small)
    assert refused.returncode == 1
    report = report_of(small)
    gates = {gate["name"]: gate for gate in report["gates"]}
    assert gates["flash"]["passed"] is False
    assert "Largest:" in gates["flash"]["reason"]
    assert gates["latency"]["passed"] is None
    assert report["board"]["instructions"] is None
    assert report["exact"] is None
    assert report["stopped"]["stage"] == "firmware"
    assert (small / "build" / "report.html").is_file()


def test_a_stack_that_overflows_is_refused_and_the_setting_named(words, tmp_path):
    shallow = tmp_path / "shallow"
    shutil.copytree(words, shallow, ignore=shutil.ignore_patterns(".*.lock"))
    (shallow / "coincell.toml").write_text(
        TOML.replace("clips = 5", "clips = 5\nstack_bytes = 256")
    )
    refused = run_cli("run", cwd=shallow)
    assert refused.returncode == 1
    report = report_of(shallow)
    (stack,) = (gate for gate in report["gates"] if gate["name"] == "stack")
    assert stack["passed"] is False
    assert stack["limit"] == 256
    assert "board.stack_bytes" in report["stopped"]["reason"]


def test_ready_made_tflite_runs_without_training(words, tmp_path):
    ready = tmp_path / "ready"
    shutil.copytree(words / "data", ready / "data")
    shutil.copy(words / "build" / "model.tflite", ready / "net.tflite")
    text = TOML.replace('architecture = "tiny-conv"', 'file = "net.tflite"')
    (ready / "coincell.toml").write_text(text.replace("copies = 1", "copies = 0"))
    done = run_cli("run", cwd=ready)
    assert done.returncode == 0, done.stdout + done.stderr
    assert report_of(ready)["float"] is None
    theirs = (words / "build" / "model.tflite").read_bytes()
    assert (ready / "build" / "model.tflite").read_bytes() == theirs


def test_python_api(words):
    project = coincell.load_project(words)
    clip = sorted((words / "data" / "no").rglob("*.wav"))[0]
    (prediction,) = coincell.predict_files(project, [clip], "host")
    assert prediction.features.shape == tuple(report_of(words)["features"]["shape"])
    assert set(prediction.scores) == {"yes", "no", "silence", "unknown"}
