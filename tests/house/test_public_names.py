"""What a package offers is written down, once."""

from __future__ import annotations

import importlib

import pytest

from source_tree import PACKAGE

PUBLIC = {
    "CompileOptions",
    "Demand",
    "__version__",
    "compile_model",
    "import_recordings",
    "load_project",
    "new_project",
    "predict_files",
    "read_model",
    "run_project",
    "synthesize",
}
"""The Python API. A name that leaves it breaks somebody's script: say so in CHANGELOG.md."""

PACKAGES = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))


def test_the_python_api_is_pinned() -> None:
    import coincell

    assert set(coincell.__all__) == PUBLIC
    for name in coincell.__all__:
        assert getattr(coincell, name) is not None


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_lists_what_it_offers(name: str) -> None:
    package = importlib.import_module(f"coincell.{name}")
    listed = list(package.__all__)
    assert len(set(listed)) == len(listed)
    assert all(hasattr(package, offered) for offered in listed)
    private = [offered for offered in listed if offered.startswith("_")]
    assert not private


def test_every_folder_of_python_is_a_package() -> None:
    folders = {path.parent for path in PACKAGE.rglob("*.py")}
    bare = [
        str(folder.relative_to(PACKAGE))
        for folder in folders
        if not (folder / "__init__.py").is_file()
    ]
    assert not bare, f"no __init__.py in {bare}"
