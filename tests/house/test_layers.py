"""A package imports only those before it, and other packages only by their root."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from source_tree import LAYERS, PACKAGE, imports, layer_of, python_files, syntax_tree, where

FOREIGN_ONLY_IN = {
    "tflite_micro": {"compiler/oracle_worker.py"},
    "tomllib": {"project", "firmware"},
}
"""Modules of others that have one door: file or package below coincell/."""

GPL_MODULES = {"unicorn", "espeakng_loader"}


def _top(module: str) -> str:
    return module.split(".")[0]


def test_every_package_has_its_layer() -> None:
    found = {layer_of(path) for path in python_files()} - {"__init__", "__main__"}
    assert found <= set(LAYERS), f"not in the list of layers: {sorted(found - set(LAYERS))}"


def _faults(path: Path) -> Iterator[str]:
    """Imports of a file that go up, or past the root of another package."""
    own = layer_of(path)
    for found in imports(path):
        root, *below = found.module.split(".")
        # A name of coincell itself, such as __version__, belongs to no layer.
        if root != "coincell" or not below or below[0] == own or below[0] not in LAYERS:
            continue
        if LAYERS.index(below[0]) > LAYERS.index(own):
            yield f"{where(path)}:{found.line}: {own} must not know {below[0]}, a later layer"
        elif len(below) > 1:
            yield f"{where(path)}:{found.line}: import from coincell.{below[0]}, not {found.module}"


def test_imports_point_down_and_enter_by_the_root() -> None:
    """The public names, in coincell/__init__.py, may come from any layer."""
    faults = [
        fault
        for path in python_files()
        if layer_of(path) not in ("__init__", "__main__")
        for fault in _faults(path)
    ]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("module", FOREIGN_ONLY_IN)
def test_some_modules_have_one_door(module: str) -> None:
    doors = FOREIGN_ONLY_IN[module]
    users = [
        path.relative_to(PACKAGE)
        for path in python_files()
        if any(_top(found.module) == module for found in imports(path))
    ]
    strangers = [str(user) for user in users if not {str(user), user.parts[0]} & doors]
    assert not strangers, f"{module} is imported by {sorted(strangers)}, not only {sorted(doors)}"


def _workers() -> list[Path]:
    return [
        path
        for path in python_files()
        if any(_top(found.module) in GPL_MODULES for found in imports(path))
    ]


def _worker_name(path: Path) -> str:
    """The worker's: a file NAME_worker.py, or a package NAME_worker."""
    parts = (*path.relative_to(PACKAGE).parts[:-1], path.stem)
    return next((part for part in parts if part.endswith("_worker")), "")


def test_gpl_code_stays_in_two_worker_processes() -> None:
    """One for the emulator, one for the voices; each by itself, under its own licence line."""
    workers = _workers()
    assert {_worker_name(path) for path in workers} == {"emulator_worker", "espeak_worker"}
    for path in workers:
        head = path.read_text(encoding="utf-8").splitlines()[:3]
        assert any("SPDX-License-Identifier: GPL-" in line for line in head), where(path)
    for path in python_files():
        if _worker_name(path):
            used = [found.module for found in imports(path) if _top(found.module) == "coincell"]
            own = [module for module in used if _worker_name(path) not in module.split(".")]
            assert not own, f"{where(path)} runs by itself but imports {own}"


def test_nothing_imports_a_worker() -> None:
    """But the cycle model, which is plain Apache code that worker and Coincell share."""
    names = {_worker_name(path) for path in _workers()}
    for path in python_files():
        if _worker_name(path):
            continue
        for node in ast.walk(syntax_tree(path)):
            if isinstance(node, ast.ImportFrom):
                words = {*(node.module or "").split("."), *(name.name for name in node.names)}
            elif isinstance(node, ast.Import):
                words = {word for name in node.names for word in name.name.split(".")}
            else:
                continue
            shared = "cortex_m4" in words
            assert shared or not words & names, f"{where(path)}:{node.lineno} imports a worker"
