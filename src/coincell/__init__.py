"""Coincell: from recordings to a model that runs on a microcontroller."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

__all__ = [
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
]

if TYPE_CHECKING:
    from coincell.compiler import CompileOptions, compile_model, read_model
    from coincell.data import import_recordings, synthesize
    from coincell.pipeline import Demand, predict_files, run_project
    from coincell.project import load_project, new_project

_HOMES = {
    "CompileOptions": "compiler",
    "Demand": "pipeline",
    "compile_model": "compiler",
    "import_recordings": "data",
    "load_project": "project",
    "new_project": "project",
    "predict_files": "pipeline",
    "read_model": "compiler",
    "run_project": "pipeline",
    "synthesize": "data",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that `import coincell` is instant."""
    if name not in _HOMES:
        raise AttributeError(f"module 'coincell' has no attribute {name!r}")
    return getattr(importlib.import_module(f"coincell.{_HOMES[name]}"), name)
