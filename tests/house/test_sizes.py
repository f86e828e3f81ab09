"""Files, functions and lines stay small enough to read."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from source_tree import ROOT, python_files, syntax_tree, tracked_files, where

MOST_LINES_OF_A_FUNCTION = 80
MOST_LINES_OF_A_FILE = 600
USUAL_LINES_OF_A_FILE = 400
SHARE_OF_LONGER_FILES = 0.1
LONGEST_LINE = 100

HOME_MADE = {".py", ".c", ".h", ".toml", ".css", ".ld", ".S", ".cff"}


def _written_by_hand() -> list[Path]:
    """Sources of ours, scripts included; not what is vendored, generated or a golden file."""
    return [
        path
        for path in tracked_files()
        if (path.suffix in HOME_MADE or path.parent in (ROOT / "scripts", ROOT / ".ci"))
        and not {"vendor", "vendored", "golden"} & set(path.relative_to(ROOT).parts)
    ]


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def _python() -> list[Path]:
    return [path for path in _written_by_hand() if path.suffix == ".py"]


@pytest.mark.parametrize("path", _python(), ids=where)
def test_no_function_is_long(path: Path) -> None:
    long = [
        f"{node.name} (line {node.lineno}): {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(syntax_tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > MOST_LINES_OF_A_FUNCTION
    ]
    assert not long, f"{where(path)}: over {MOST_LINES_OF_A_FUNCTION} lines: {long}"


def test_no_file_is_long() -> None:
    lengths = {
        path: len(path.read_text(encoding="utf-8").splitlines()) for path in _written_by_hand()
    }
    huge = [where(path) for path, length in lengths.items() if length > MOST_LINES_OF_A_FILE]
    assert not huge, f"over {MOST_LINES_OF_A_FILE} lines: {huge}"
    longer = [where(path) for path, length in lengths.items() if length > USUAL_LINES_OF_A_FILE]
    assert len(longer) <= SHARE_OF_LONGER_FILES * len(lengths), f"too many long files: {longer}"


@pytest.mark.parametrize("path", _written_by_hand(), ids=where)
def test_no_line_is_long(path: Path) -> None:
    lines = _lines(path)
    long = [number for number, line in enumerate(lines, 1) if len(line) > LONGEST_LINE]
    assert not long, f"{where(path)}: lines over {LONGEST_LINE} characters: {long}"


def test_functions_are_mostly_short() -> None:
    """The 95th percentile of the product's functions stays within 40 lines."""
    sizes = sorted(
        node.end_lineno - node.lineno + 1
        for path in python_files()
        for node in ast.walk(syntax_tree(path))
        if isinstance(node, ast.FunctionDef) and node.end_lineno is not None
    )
    assert sizes[int(0.95 * len(sizes))] <= 40
