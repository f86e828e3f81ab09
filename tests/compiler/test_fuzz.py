"""Damaged files: what once failed, and 20 seconds of new ones, in a child with little memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from fuzzing.campaign import CORPUS, fuzz, seed_models
from fuzzing.target import try_file


def _corpus() -> list[Path]:
    return sorted(CORPUS.glob("*.tflite"))


@pytest.mark.parametrize("path", _corpus(), ids=lambda path: str(path.stem))
def test_what_once_failed_ends_well(path: Path) -> None:
    assert try_file(path.read_bytes(), run_c=True) in ("refused", "compiled")


def test_there_is_a_corpus() -> None:
    assert _corpus()


@pytest.mark.slow
def test_damaged_files_are_refused_or_right(zoo: Path, tmp_path: Path) -> None:
    outcome = fuzz(seed_models(zoo), seed=20, seconds=20, keep=tmp_path)
    assert not outcome.failures, "\n".join(outcome.failures.values())
    assert outcome.refused > 20
    assert outcome.compiled > 2


def test_a_fault_is_found_and_kept(zoo: Path, tmp_path: Path) -> None:
    """The fuzzer can fail: a child that dies counts."""
    outcome = fuzz([tmp_path / "absent.tflite"], seed=1, seconds=1, keep=tmp_path)
    assert outcome.failures
