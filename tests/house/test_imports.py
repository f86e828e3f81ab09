"""What starting up costs, and what works without TensorFlow."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from coincell import pipeline
from source_tree import PACKAGE
from tiny_project import TOML

HEAVY = {"tensorflow", "keras", "scipy", "numpy", "pydantic", "rich"}
HELP_CPU_SECONDS = 0.3

WITHOUT_TENSORFLOW = ("compiler", "anomaly", "classical", "runtime", "firmware", "board", "report")

_HELP = """
import sys
from coincell.cli import main
sys.argv = ["coincell", "--help"]
try:
    main()
except SystemExit as leaving:
    assert not leaving.code
print(*(name for name in sys.modules if "." not in name), file=sys.stderr)
"""

_RUNS_LIST = """
import sys
from coincell.cli import main
sys.argv = ["coincell", "runs", "list", "--project", sys.argv[1]]
try:
    main()
except SystemExit as leaving:
    assert not leaving.code
print(*sys.modules, file=sys.stderr)
"""

_IMPORT_ALL = """
import importlib, pkgutil, sys
for blocked in ("tensorflow", "keras"):
    sys.modules[blocked] = None  # an import of it raises ImportError
for name in sys.argv[1:]:
    package = importlib.import_module("coincell." + name)
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if "worker" not in found.name:  # a program, not a module
            importlib.import_module(found.name)
"""


def _run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-c", script, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("package", WITHOUT_TENSORFLOW)
def test_these_packages_import_without_tensorflow(package: str) -> None:
    done = _run(_IMPORT_ALL, package)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("module", ["coincell", "coincell.cli"])
def test_python_runs_the_command_as_a_module(module: str) -> None:
    words = [sys.executable, "-W", "error", "-m", module, "--help"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"Usage: python -m {module} " in done.stdout


def _help_cpu_seconds() -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = _run(_HELP)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stderr
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def test_help_is_instant() -> None:
    """Processor time, not time on the wall: the one figure of speed that a test looks at."""
    assert min(_help_cpu_seconds() for _ in range(5)) < HELP_CPU_SECONDS


def test_help_imports_nothing_heavy() -> None:
    done = _run(_HELP)
    assert done.returncode == 0, done.stderr
    assert "doctor" in done.stdout
    assert not HEAVY & set(done.stderr.split())


def test_listing_runs_imports_nothing_that_makes_them(tmp_path: Path) -> None:
    (tmp_path / "coincell.toml").write_text(TOML)
    done = _run(_RUNS_LIST, str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "No run was kept yet" in done.stdout
    makers = ("coincell.board", "coincell.compiler", "coincell.data", "coincell.models", "scipy")
    assert not {*makers, "sklearn", "tensorflow"} & set(done.stderr.split())


def test_no_module_hides_a_name_that_the_pipeline_offers() -> None:
    """`import coincell.pipeline.x` sets the attribute x of the package to the module."""
    modules = {path.stem for path in (PACKAGE / "pipeline").iterdir()}
    assert not modules & set(pipeline.__all__)
