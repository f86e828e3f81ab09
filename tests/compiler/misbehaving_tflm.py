"""A package tflite_micro that does what a damaged model makes the real one do."""

from __future__ import annotations

from pathlib import Path

import pytest

_RUNTIME = """
import os, signal, sys, time
import numpy as np

class Interpreter:
    @classmethod
    def from_bytes(cls, tflite, arena_size):
        {load}
        return cls()
    def set_input(self, array, index):
        pass
    def invoke(self):
        {invoke}
    def get_output(self, index):
        return np.zeros({shape}, np.int8)
"""

HANG = "time.sleep(600)"
CRASH = "os.kill(os.getpid(), signal.SIGSEGV)"


def put_before_the_real_one(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    load: str = "pass",
    invoke: str = "pass",
    shape: str = "(1, 4)",
) -> None:
    """Processes that start from now on import it from `folder`; this one does not.

    Args:
        folder: an empty one.
        monkeypatch: takes it away again.
        load, invoke: what the interpreter does then, as Python.
        shape: of the int8 zeros that it answers with.
    """
    package = folder / "tflite_micro" / "python" / "tflite_micro"
    package.mkdir(parents=True)
    for part in (package, package.parent, package.parent.parent):
        (part / "__init__.py").touch()
    (package / "runtime.py").write_text(_RUNTIME.format(load=load, invoke=invoke, shape=shape))
    monkeypatch.setenv("PYTHONPATH", str(folder))
