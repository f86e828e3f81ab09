"""The scripts that a person types first: small, plain sh, and clear when they refuse."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from source_tree import ROOT, where

LOCKED = ("requirements.lock", "requirements-data.lock", "pyproject.toml")

SCRIPTS = [path for path in sorted((ROOT / "scripts").iterdir()) if not path.suffix]
MOST_LINES = 50


@pytest.mark.parametrize("script", SCRIPTS, ids=where)
def test_a_script_is_small_plain_sh(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    assert text.startswith("#!/bin/sh\n# ")
    assert "set -eu" in text
    assert os.access(script, os.X_OK)
    assert len(text.splitlines()) <= MOST_LINES
    for bashism in ("[[", "pipefail", "function ", "$'", "<<<", "source ", "&>", "local "):
        assert bashism not in text


@pytest.mark.parametrize("script", [*SCRIPTS, ROOT / ".ci" / "run"], ids=where)
def test_a_script_parses(script: Path) -> None:
    shell = "bash" if script.name == "run" else (shutil.which("dash") or "sh")
    subprocess.run([shell, "-n", str(script)], check=True)


def _set_up(folder: Path, python: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run scripts/setup of a clone in `folder`, on a machine whose python3 is the script `python`.

    The stand-in answers the questions that the script asks before it does anything.
    """
    (folder / "scripts").mkdir()
    shutil.copy2(ROOT / "scripts" / "setup", folder / "scripts")
    shutil.copy2(ROOT / "requirements.lock", folder)
    shutil.copy2(ROOT / "requirements-data.lock", folder)
    shutil.copy2(ROOT / "pyproject.toml", folder)
    (folder / "bin").mkdir()
    if python:
        (folder / "bin" / "python3").write_text(f"#!/bin/sh\n{python}\n")
        (folder / "bin" / "python3").chmod(0o755)
    for name in ("dirname", "cat", "cksum", "uname", "sed"):
        program = shutil.which(name)
        assert program
        (folder / "bin" / name).symlink_to(program)
    return subprocess.run(
        [shutil.which("sh") or "sh", str(folder / "scripts" / "setup")],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": str(folder / "bin"), **variables},
    )


def test_without_python_it_says_what_is_needed(tmp_path: Path) -> None:
    done = _set_up(tmp_path, "")
    assert done.returncode == 2
    assert "needs Python 3.11" in done.stderr


def test_an_untested_python_is_refused_by_name(tmp_path: Path) -> None:
    done = _set_up(tmp_path, "echo 3.99")
    assert done.returncode == 2
    assert "Python 3.99 is untested" in done.stderr
    assert "COINCELL_UNTESTED_PYTHON=3.99" in done.stderr


_WITHOUT_VENV = 'case "$2" in *ensurepip*) exit 1 ;; *) echo 3.11 ;; esac'


def test_a_python_without_venv_is_told_what_to_install(tmp_path: Path) -> None:
    done = _set_up(tmp_path, _WITHOUT_VENV)
    assert done.returncode == 2
    assert "apt-get install python3.11-venv" in done.stderr


_MAKES_NOTHING = (
    'case "$*" in "-m "*) echo "asked: $*"; exit 9 ;; *version_info*) echo 3.11 ;; esac'
)


def test_size_and_time_are_told_before_anything_is_fetched(tmp_path: Path) -> None:
    done = _set_up(tmp_path, _MAKES_NOTHING)
    first, second = done.stdout.splitlines()
    assert "MB" in first
    assert "minute" in first
    assert second == "asked: -m venv --clear .venv"
    assert done.returncode == 9


def test_another_python_may_be_tried(tmp_path: Path) -> None:
    done = _set_up(
        tmp_path, _MAKES_NOTHING.replace("3.11", "3.99"), COINCELL_UNTESTED_PYTHON="3.99"
    )
    assert "asked: -m venv" in done.stdout


def test_what_is_set_up_is_not_set_up_again(tmp_path: Path) -> None:
    (tmp_path / ".venv").mkdir()
    lock = b"".join((ROOT / name).read_bytes() for name in LOCKED)
    sums = subprocess.run(["cksum"], input=lock, capture_output=True, check=True).stdout.decode()
    (tmp_path / ".venv" / "stamp").write_text(f"3.11 {tmp_path} {sums}")
    done = _set_up(tmp_path, _MAKES_NOTHING)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "asked" not in done.stdout
    assert done.stdout.splitlines()[-1] == "  . .venv/bin/activate && coincell --help"
