"""A package imports only those before it, and other packages only by their root."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from source_tree import LAYERS, PACKAGE, imports, layer_of, python_files, syntax_tree, where

FOREIGN_ONLY_IN = {
    "tflite_micro": {"compiler/oracle.py"},
    "tomllib": {"project", "firmware"},
}
"""Modules of others that have one door: file or package below coincell/."""

GPL_MODULES = {"unicorn", "espeakng_loader"}


def _top(module: str) -> str:
    return module.split(".")[0]


def test_every_package_has_its_layer() -> None:
    found = {layer_of(path) for path in python_files()} - {"__init__", "__main__"}
    assert found <= set(LAYERS), f"not in the list of layers: {sorted(found - set(LAYERS))}"


@pytest.mark.parametrize("path", python_files(), ids=where)
def test_imports_point_down_and_enter_by_the_root(path: Path) -> None:
    own = layer_of(path)
    if own in ("__init__", "__main__"):
        pytest.skip("the public names may come from any layer")
    faults = []
    for found in imports(path):
        parts = found.module.split(".")
        if parts[0] != "coincell" or len(parts) < 2 or parts[1] == own:
            continue
        if parts[1] not in LAYERS:
            continue  # a name of coincell itself, such as __version__
        if LAYERS.index(parts[1]) > LAYERS.index(own):
            faults.append(f"line {found.line}: {own} must not know {parts[1]}, a later layer")
        elif len(parts) > 2:
            faults.append(f"line {found.line}: import from coincell.{parts[1]}, not {found.module}")
    assert not faults, f"{where(path)}:\n" + "\n".join(faults)


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


def test_gpl_code_stays_in_two_worker_processes() -> None:
    """One file for the emulator, one for the voices; each by itself, under its own licence line."""
    workers = _workers()
    assert sorted(layer_of(path) for path in workers) == ["board", "data"]
    for path in workers:
        own = [found.module for found in imports(path) if _top(found.module) == "coincell"]
        assert not own, f"{where(path)} runs by itself but imports {own}"
        head = path.read_text(encoding="utf-8").splitlines()[:3]
        assert any("SPDX-License-Identifier: GPL-" in line for line in head), where(path)


def test_nothing_imports_a_worker() -> None:
    names = {path.stem for path in _workers()}
    for path in python_files():
        for node in ast.walk(syntax_tree(path)):
            if isinstance(node, ast.ImportFrom):
                words = {*(node.module or "").split("."), *(name.name for name in node.names)}
            elif isinstance(node, ast.Import):
                words = {word for name in node.names for word in name.name.split(".")}
            else:
                continue
            assert not words & names, f"{where(path)}:{node.lineno} imports a worker"
