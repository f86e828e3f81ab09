"""Files, functions and lines stay small enough to read."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from source_tree import ROOT, python_files, syntax_tree, tracked_files, where

MOST_LINES_OF_A_FUNCTION = 80
USUAL_LINES_OF_A_FUNCTION = 40
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


def test_no_function_is_long() -> None:
    long = [
        f"{where(path)}:{node.lineno}: {node.name} has {length} lines"
        for path in _python()
        for node, length in _functions(path)
        if length > MOST_LINES_OF_A_FUNCTION
    ]
    assert not long, f"over {MOST_LINES_OF_A_FUNCTION} lines:\n" + "\n".join(long)


def _functions(path: Path) -> Iterator[tuple[ast.FunctionDef | ast.AsyncFunctionDef, int]]:
    """Every function of a file, with its lines, docstring included."""
    for node in ast.walk(syntax_tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node, (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_file_is_long() -> None:
    lengths = {
        path: len(path.read_text(encoding="utf-8").splitlines()) for path in _written_by_hand()
    }
    huge = [where(path) for path, length in lengths.items() if length > MOST_LINES_OF_A_FILE]
    assert not huge, f"over {MOST_LINES_OF_A_FILE} lines: {huge}"
    longer = [where(path) for path, length in lengths.items() if length > USUAL_LINES_OF_A_FILE]
    assert len(longer) <= SHARE_OF_LONGER_FILES * len(lengths), f"too many long files: {longer}"


def test_no_line_is_long() -> None:
    long = [
        f"{where(path)}:{number}"
        for path in _written_by_hand()
        for number, line in enumerate(_lines(path), 1)
        if len(line) > LONGEST_LINE
    ]
    assert not long, f"over {LONGEST_LINE} characters:\n" + "\n".join(long)


def test_functions_are_mostly_short() -> None:
    """The 95th percentile of the product's functions stays within 40 lines."""
    sizes = sorted(length for path in python_files() for _, length in _functions(path))
    assert sizes[int(0.95 * len(sizes))] <= USUAL_LINES_OF_A_FUNCTION
