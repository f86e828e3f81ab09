"""What a user gets wrong: one clear error, exit code 2, nothing lost, no traceback."""

import contextlib
import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from coincell.cli import main

TOML = """
[project]
name = "words"
[data]
labels = ["yes", "no"]
silence_label = ""
unknown_label = ""
[features]
bands = 8
hop_ms = 100
[model]
architecture = "tiny-conv"
[augmentation]
copies = 0
[training]
epochs = 2
[board]
clips = 2
"""


def call(*words, monkeypatch, capsys):
    """Exit code, standard output and error of `coincell WORDS`, called in this process."""
    monkeypatch.setattr(sys, "argv", ["coincell", *map(str, words)])
    with pytest.raises(SystemExit) as leaving:
        main()
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    return leaving.value.code, captured.out, captured.err


@pytest.fixture
def coincell(monkeypatch, capsys):
    return lambda *words: call(*words, monkeypatch=monkeypatch, capsys=capsys)


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    directory = tmp_path / "words"
    directory.mkdir()
    (directory / "coincell.toml").write_text(TOML)
    monkeypatch.chdir(directory)
    return directory


def tone(path: Path, hertz: float, seconds: float = 1.0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    time_s = np.arange(int(16000 * seconds)) / 16000
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * hertz * time_s), 16000)


def recordings(folder: Path, clips: int = 12) -> Path:
    """Two classes that an ear tells apart; each clip another tone."""
    for index in range(clips):
        tone(folder / "yes" / f"{index}.wav", 300 + 5 * index)
        tone(folder / "no" / f"{index}.wav", 1500 + 25 * index)
    return folder


def broken_wavs(folder: Path) -> dict[str, bytes]:
    tone(folder / "whole.wav", 440)
    whole = (folder / "whole.wav").read_bytes()
    return {
        "truncated.wav": whole[: len(whole) // 2],
        "empty.wav": b"",
        "text.wav": b"this is no sound at all\n" * 20,
        "header-only.wav": whole[:44],
    }


@pytest.mark.parametrize("name", ["truncated.wav", "empty.wav", "text.wav", "header-only.wav"])
def test_a_broken_recording_is_named_and_nothing_is_imported(name, project, tmp_path, coincell):
    source = recordings(tmp_path / "source", clips=2)
    (source / "yes" / name).write_bytes(broken_wavs(tmp_path / "other")[name])
    code, _, err = coincell("data", "import", source)
    assert code == 2
    assert name in err
    assert not (project / "data" / "manifest.csv").exists()


def test_an_empty_class(project, tmp_path, coincell):
    source = recordings(tmp_path / "source", clips=2)
    for path in (source / "no").iterdir():
        path.unlink()
    code, _, err = coincell("data", "import", source)
    assert code == 2
    assert "no" in err


def test_a_label_that_is_not_in_the_configuration(project, tmp_path, coincell):
    source = recordings(tmp_path / "source", clips=2)
    tone(source / "maybe" / "a.wav", 700)
    code, _, err = coincell("data", "import", source)
    assert code == 2
    assert "maybe" in err


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("[training]\nepoch = 3\n", "training.epochs"),
        ("[trainig]\nepochs = 3\n", "training"),
        ("[training]\nepochs = 'many'\n", "training.epochs"),
        ("[features]\nfft_size = 500\n", "power of two"),
        ("[data.split]\ntest = 0.9\nvalidation = 0.9\n", "room for training"),
        ("not toml at all", "not valid TOML"),
    ],
)
def test_a_wrong_setting_is_named_with_the_right_one(line, said, project, coincell):
    (project / "coincell.toml").write_text(
        '[project]\nname = "words"\n[data]\nlabels = ["yes", "no"]\n' + line
    )
    code, _, err = coincell("run")
    assert code == 2
    assert said in err


def test_outside_a_project(tmp_path, monkeypatch, coincell):
    monkeypatch.chdir(tmp_path)
    code, _, err = coincell("run")
    assert code == 2
    assert "coincell new" in err


def test_run_without_recordings_says_how_to_get_some(project, coincell):
    code, _, err = coincell("run")
    assert code == 2
    assert "coincell data import" in err


def test_predict_without_a_run_makes_what_it_needs_or_says_why(project, tmp_path, coincell):
    tone(tmp_path / "a.wav", 440)
    code, _, err = coincell("predict", tmp_path / "a.wav")
    assert code == 2
    assert "coincell data import" in err


@pytest.mark.parametrize("content", [b"", b"no model", b"\x00" * 4096, b"\x1c\x00\x00\x00TFL3" * 9])
def test_a_tflite_that_is_none(content, tmp_path, coincell):
    path = tmp_path / "net.tflite"
    path.write_bytes(content)
    code, _, err = coincell("compile", path, "-o", tmp_path / "out")
    assert code == 2
    assert "net.tflite" in err
    assert not (tmp_path / "out").exists()


def test_a_model_file_that_is_not_there(project, coincell):
    text = TOML.replace('architecture = "tiny-conv"', 'file = "net.tflite"')
    (project / "coincell.toml").write_text(text)
    recordings_manifest(project)
    code, _, err = coincell("run")
    assert code == 2
    assert "net.tflite" in err


def recordings_manifest(project: Path) -> None:
    """Import two classes of tones into the project, by the public call."""
    from coincell.data import import_recordings
    from coincell.project import load_project

    source = recordings(project.parent / "recordings")
    import_recordings(source, load_project(project))


def test_a_missing_extra_is_named(project, tmp_path):
    recordings_manifest(project)
    absent = tmp_path / "absent"
    absent.mkdir()
    (absent / "tensorflow.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'tensorflow'\", name='tensorflow')\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "coincell.cli", "train"],
        cwd=project, env=os.environ | {"PYTHONPATH": str(absent)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "coincell[train]" in done.stderr


@pytest.mark.parametrize(
    "said",
    [(errno.ENOSPC, os.strerror(errno.ENOSPC)), ("1920000 requested and 49936 written",)],
    ids=["the-system", "numpy"],
)
def test_a_full_disk_is_told_and_keeps_what_was_finished(said, project, monkeypatch, coincell):
    recordings_manifest(project)
    assert coincell("features")[0] == 0

    def full(*words, **named):
        raise OSError(*said)

    with monkeypatch.context() as patch:
        patch.setattr(np, "save", full)
        code, _, err = coincell("features", "--force")
    assert code == 2
    assert "disk is full" in err
    left = [path.name for path in (project / "build" / "cache").iterdir() if path.is_dir()]
    assert [name.partition("-")[0] for name in left] == ["dataset"]
    assert coincell("features")[0] == 0


def test_a_recording_that_went_away(project, coincell):
    recordings_manifest(project)
    victim = next((project / "data" / "yes").rglob("*.wav"))
    victim.unlink()
    code, _, err = coincell("run")
    assert code == 2
    assert victim.name in err


def test_a_fault_of_ours_is_exit_3_without_traceback(project, monkeypatch, coincell):
    import coincell.project

    monkeypatch.setattr(coincell.project, "load_project", lambda directory: 1 / 0)
    code, _, err = coincell_call(monkeypatch)
    assert code == 3
    assert "ZeroDivisionError" in err


def coincell_call(monkeypatch):
    """`coincell data check` with standard error caught, for a fault that we provoke."""
    import contextlib
    import io

    stream = io.StringIO()
    monkeypatch.setattr(sys, "argv", ["coincell", "data", "check"])
    with contextlib.redirect_stderr(stream), pytest.raises(SystemExit) as leaving:
        main()
    return leaving.value.code, "", stream.getvalue()


def test_a_failed_gate_of_a_single_stage_is_exit_1(project, monkeypatch, coincell):
    import coincell.pipeline as pipeline
    from coincell.pipeline.store import Artefact
    from coincell.report import Gate

    gate = Gate(name="accuracy", limit=0.9, value=0.5, passed=False, unit="share", reason="Worse.")
    artefacts = {"evaluate": Artefact("evaluate", "0", project)}
    outcome = pipeline.Outcome(artefacts, (gate,), "", "", {})
    monkeypatch.setattr(pipeline, "run_until", lambda *words: outcome)
    code, out, _ = coincell("evaluate")
    assert code == 1
    assert "FAILS" in out
    assert "Worse." in out


@pytest.mark.slow
def test_ctrl_c_leaves_130_and_the_next_run_goes_on(project):
    recordings_manifest(project)
    text = TOML.replace("epochs = 2", "epochs = 5000\npatience = 0")
    (project / "coincell.toml").write_text(text)
    process = subprocess.Popen(
        [sys.executable, "-m", "coincell.cli", "run"],
        cwd=project, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    said: list[str] = []
    reader = threading.Thread(target=lambda: said.extend(iter(process.stderr.readline, "")))
    reader.start()
    deadline = time.monotonic() + 120
    while not any("Train" in line for line in said) and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(1)
    code = None
    for _ in range(12):  # one that comes while a library is being imported may be lost in it
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = process.wait(timeout=15)
            break
    process.kill()
    reader.join(timeout=10)
    process.stderr.close()
    text = "".join(said)
    assert code == 130, text
    assert "Traceback" not in text
    finished = {path.name.partition("-")[0] for path in (project / "build/cache").glob("[a-z]*-*")}
    assert {"dataset", "features"} <= finished
    assert "train" not in finished
    (project / "coincell.toml").write_text(TOML)
    again = subprocess.run(
        [sys.executable, "-m", "coincell.cli", "run", "--json"],
        cwd=project, capture_output=True, text=True, check=False,
    )  # fmt: skip
    stages = {stage["name"]: stage for stage in json.loads(again.stdout)["provenance"]["stages"]}
    assert stages["features"]["reused"]
    assert not stages["train"]["reused"]


def test_names_that_are_too_long(project, tmp_path, coincell):
    long = "a" * 300
    assert coincell("data", "import", tmp_path / long)[0] == 2
    assert coincell("new", "keyword-spotting", tmp_path / long)[0] == 2
    source = tmp_path / "source"
    source.mkdir()
    (source / "labels.csv").write_text(f"file,label\n{long}.wav,yes\n")
    code, _, err = coincell("data", "import", source)
    assert code == 2
    assert "line 2" in err


def test_a_file_name_cannot_drive_the_terminal(project, tmp_path, coincell):
    source = recordings(tmp_path / "source", clips=2)
    (source / "yes" / "red\x1b[31m.wav").write_bytes(b"")
    code, _, err = coincell("data", "import", source)
    assert code == 2
    assert "red\\x1b[31m.wav" in err
    assert "\x1b" not in err
    assert " at 0x" not in err


def test_a_fault_is_told_even_when_it_cannot_be_written_down(monkeypatch, coincell):
    import tempfile

    import coincell.project

    def no_room(*words, **named):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(coincell.project, "load_project", lambda directory: 1 / 0)
    monkeypatch.setattr(tempfile, "NamedTemporaryFile", no_room)
    code, _, err = coincell_call(monkeypatch)
    assert code == 3
    assert "ZeroDivisionError" in err


@pytest.mark.parametrize("name", ["features", "application", "x" * 64])
def test_any_name_of_a_project_makes_c(name, project):
    """No name is refused once the training is over."""
    (project / "coincell.toml").write_text(TOML.replace('name = "words"', f'name = "{name}"'))
    recordings_manifest(project)
    from coincell.pipeline import run_project
    from coincell.project import load_project

    assert run_project(load_project(project)).report.exact.mismatches == 0


def test_a_model_that_is_a_device(tmp_path, coincell):
    code, _, err = coincell("compile", "/dev/zero", "-o", tmp_path / "out")
    assert code == 2
    assert "not a file" in err


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
def test_a_clip_that_is_no_file(make, project, coincell):
    recordings_manifest(project)
    victim = min((project / "data" / "yes").glob("*.wav"))
    victim.unlink()
    make(victim)
    for words in (["run"], ["data", "check"]):
        code, out, err = coincell(*words)
        assert code == (2 if words == ["run"] else 1)
        assert victim.name in out + err
