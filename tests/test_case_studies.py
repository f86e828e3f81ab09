"""The case studies' steps, on little data: the audit fails, names the group, and is mended."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from click.testing import CliRunner

from coincell.cli.main import cli

STUDIES = Path(__file__).parent.parent / "examples" / "case-studies" / "run.py"


@pytest.fixture(scope="module")
def studies() -> ModuleType:
    """The example's script, its commands run in this process: starting each takes seconds."""
    specification = importlib.util.spec_from_file_location("case_studies", STUDIES)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = module  # where dataclasses look for its types
    specification.loader.exec_module(module)
    setattr(module, "coincell", in_process)  # noqa: B010 - mypy knows no such attribute
    return module


def in_process(*words: object, allowed: tuple[int, ...] = (0,)) -> SimpleNamespace:
    """As the script's own `coincell`."""
    done = CliRunner().invoke(cli, [str(word) for word in words])
    assert done.exit_code in allowed, f"{words}: {done.output} {done.exception}"
    return SimpleNamespace(returncode=done.exit_code, stdout=done.stdout)


@pytest.mark.skipif(
    importlib.util.find_spec("espeakng_loader") is None,
    reason='needs the extra "voices" (espeakng-loader)',
)
def test_words_without_women_fail_and_added_voices_help(
    studies: ModuleType, tmp_path: Path
) -> None:
    project = tmp_path / "words"
    lacking, added = studies.study("words", studies.words_steps(fast=True), project, fast=True)
    assert lacking["exit"] == 1
    assert "gender" in lacking["failed"]["worst_group_recall"]
    of = [row["groups"]["female"]["recall"]["value"] for row in (lacking, added)]
    assert of[1] > of[0]
    assert lacking["groups"]["female"]["people"] == added["groups"]["female"]["people"]
    advice = json.loads(in_process("audit", project, "--collect", "--json").stdout)
    women = next(each for each in advice["training"] if each["value"] == "female")
    assert women["against"] == "male"
    assert women["people"] == 3


def test_digits_without_an_accent_fail_and_its_recordings_help(
    studies: ModuleType, tmp_path: Path, shared: Path
) -> None:
    steps = studies.digits_steps(shared / "data" / "spoken_digits", fast=True)
    lacking, whole = studies.study("digits", steps, tmp_path / "digits", fast=True)
    assert lacking["exit"] == 1
    assert "accent" in lacking["failed"]["worst_group_recall"]
    of = [row["groups"]["GRC/Greek"]["recall"]["value"] for row in (lacking, whole)]
    assert of[1] > of[0]
    assert [group["people"] for group in lacking["groups"].values()] == [
        group["people"] for group in whole["groups"].values()
    ], "the test split is the same"


def test_what_is_not_there_is_told() -> None:
    command = [sys.executable, str(STUDIES), "digits", "--recordings", "nowhere"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--recordings" in done.stderr
