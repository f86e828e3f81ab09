"""`coincell export`: what is wrong is said in one line, before anything is written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from coincell import import_recordings, load_project

TOML = '[project]\nname = "words"\n[data]\nlabels = ["yes", "no", "silence", "unknown"]\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "words"
    folder.mkdir()
    (folder / "coincell.toml").write_text(TOML)
    random = np.random.default_rng(2)
    for label in ("yes", "no", "silence", "unknown"):
        (tmp_path / "recordings" / label).mkdir(parents=True)
        sound = random.standard_normal(16000) * 0.1
        soundfile.write(tmp_path / "recordings" / label / "one.wav", sound, 16000)
    import_recordings(tmp_path / "recordings", load_project(folder))
    return folder


def export(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "coincell.cli", "export", *words]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--format", "arduno"), "Did you mean 'arduino'?"),
        (("--format", "c", "--name", "my words"), "Try --name my_words."),
        (("--format", "c", "-o", "data"), "never writes over anything"),
        (("--format", "c"), "Run `coincell run` first"),
        (("--format", "c", "--force"), "Run `coincell run` first"),
        (("nowhere", "--format", "c"), "There is no coincell.toml"),
        ((), "Missing option '--format'"),
    ],
)
def test_a_users_mistake_is_told(project: Path, words: tuple[str, ...], said: str) -> None:
    before = sorted(path for path in project.rglob("*") if "build" not in path.parts)
    done = export(project, *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(path for path in project.rglob("*") if "build" not in path.parts) == before
