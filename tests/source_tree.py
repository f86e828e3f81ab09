"""The source tree as the house tests see it: files, imports, functions; nothing is imported."""

from __future__ import annotations

import ast
import functools
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "coincell"

LAYERS = (
    "errors",
    "files",
    "units",
    "project",
    "toolchain",
    "runtime",
    "data",
    "features",
    "compiler",
    "anomaly",
    "classical",
    "firmware",
    "board",
    "models",
    "evaluation",
    "tuning",
    "audit",
    "monitor",
    "report",
    "pipeline",
    "studio",
    "cli",
)
"""The packages of Coincell, each of which imports only those before it."""


@dataclass(frozen=True)
class Import:
    """One `import` in a source file.

    Attributes:
        module: the dotted module that is imported, such as "coincell.compiler" or "numpy".
        line: where, counted from 1.
    """

    module: str
    line: int


@functools.cache
def tracked_files() -> tuple[Path, ...]:
    """Files of the clone that git tracks or would (all but the ignored); all files without git."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    paths = (ROOT / name for name in listed.split("\0") if name)
    return tuple(sorted(path for path in paths if path.is_file()))


@functools.cache
def python_files() -> tuple[Path, ...]:
    """Every Python file of the product."""
    return tuple(sorted(PACKAGE.rglob("*.py")))


def where(path: Path) -> str:
    """A path as a message shows it."""
    return str(path.relative_to(ROOT))


def layer_of(path: Path) -> str:
    """The layer that a source file belongs to: the first name below coincell/."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@functools.cache
def syntax_tree(path: Path) -> ast.Module:
    """The parsed file."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imports(path: Path) -> Iterator[Import]:
    """Every import of a file, those inside functions and under TYPE_CHECKING included.

    `from coincell import errors` counts as an import of coincell.errors.
    """
    for node in ast.walk(syntax_tree(path)):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield Import(name.name, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            module = _absolute(path, node)
            if module == "coincell":
                for name in node.names:
                    yield Import(f"coincell.{name.name}", node.lineno)
            else:
                yield Import(module, node.lineno)
        elif isinstance(node, ast.Call) and (module := _imported_by_call(node)):
            yield Import(module, node.lineno)


def _imported_by_call(node: ast.Call) -> str:
    """The module of `importlib.import_module("module")`, or ""."""
    function = node.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if name != "import_module" or not node.args or not isinstance(node.args[0], ast.Constant):
        return ""
    return str(node.args[0].value)


def _absolute(path: Path, node: ast.ImportFrom) -> str:
    """The module of a `from ... import`, relative ones resolved."""
    if not node.level:
        return node.module or ""
    package = ("coincell", *path.relative_to(PACKAGE).parts[:-1])
    return ".".join([*package[: len(package) - node.level + 1], *filter(None, [node.module])])
