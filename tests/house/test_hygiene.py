"""What is committed works on any machine, and is named in words of our own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from source_tree import ROOT, tracked_files, where

# A bracket round one letter keeps each pattern from matching this file.
FORBIDDEN = {
    "a folder of one machine": r"(?<![\w.])/(?:wor[k]|op[t]|roo[t]|home/\w+|tm[p])/",
    "the address of a package index": r"pypi\.or[g]|pythonhoste[d]|--(?:extra-)?index-ur[l]",
    "a place to find packages": r"--find-link[s]",
}
BINARY = {".png", ".wav", ".flac", ".tflite", ".npz", ".elf", ".bin"}
OUTSIDE_THE_CLONE = r"\.\./share[d]"
MAY_LOOK_OUTSIDE = ("tests", "benchmarks", ".ci")


def _text_files() -> list[Path]:
    vendored = {"vendor", "vendored"}
    return [
        path
        for path in tracked_files()
        if path.suffix not in BINARY and not vendored & set(path.relative_to(ROOT).parts)
    ]


def _faults(pattern: str, path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [
        f"{where(path)}:{i}: {line}" for i, line in enumerate(lines, 1) if re.search(pattern, line)
    ]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_nothing_names_a_machine_or_an_index(what: str) -> None:
    faults = [fault for path in _text_files() for fault in _faults(FORBIDDEN[what], path)]
    assert not faults, f"{what}:\n" + "\n".join(faults)


def test_only_tests_and_benchmarks_look_outside_the_clone() -> None:
    faults = [
        fault
        for path in _text_files()
        if path.relative_to(ROOT).parts[0] not in MAY_LOOK_OUTSIDE
        for fault in _faults(OUTSIDE_THE_CLONE, path)
    ]
    assert not faults, "\n".join(faults)


def test_nothing_is_left_to_do() -> None:
    pattern = r"\b(?:TOD[O]|FIXM[E]|XX[X]|HAC[K])\b"
    faults = [fault for path in _text_files() for fault in _faults(pattern, path)]
    assert not faults, "\n".join(faults)
