"""What a stage depends on beside its settings: sources, package versions, the user's files."""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.metadata
import json
import platform
import stat
import sys
from collections.abc import Iterable
from pathlib import Path

import coincell
from coincell.errors import FileError
from coincell.files import sha256_file, write_atomic

_ROOT = Path(coincell.__file__).parent
_PRESENTATION = "coincell.report"
"""What only shows artefacts; stages borrow its `Gate`, and nothing in an artefact depends on it."""

_DATA_SUFFIXES = frozenset({".c", ".h", ".toml", ".ld", ".S", ".j2"})
_WORKER = "_worker"


@functools.cache
def _imports(path: Path) -> frozenset[str]:
    """Names of the coincell modules that the file at `path` imports anywhere in its text."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return frozenset(name for name in names if name.startswith("coincell."))


def _module_file(name: str) -> Path | None:
    """The file of module `name`, or None when the name is not a module (a function, say)."""
    base = _ROOT.joinpath(*name.split(".")[1:])
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            return path
    return None


def _reachable(modules: Iterable[str]) -> list[Path]:
    """Source files of `modules` and of all that they import, transitively."""
    seen: set[Path] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name.startswith(_PRESENTATION):
            continue
        path = _module_file(name)
        if path is not None and path not in seen:
            seen.add(path)
            waiting.extend(_imports(path))
    return sorted(seen)


def _of_worker(path: Path) -> bool:
    """Whether it is a worker's script, or one of the modules of a worker that is a package."""
    inside = any(part.endswith(_WORKER) for part in path.relative_to(_ROOT).parent.parts)
    return path.suffix == ".py" and (path.stem.endswith(_WORKER) or inside)


@functools.cache
def source_digest(*modules: str) -> str:
    """Hash over the Python sources reachable from `modules`, and the C, TOML, templates and
    worker scripts (which are run, never imported) that lie in those sources' packages."""
    digest = hashlib.sha256()
    python = _reachable(modules)
    folders = {path.parent for path in python if path.parent != _ROOT}
    data = {
        path
        for folder in folders
        for path in folder.rglob("*")
        if (path.suffix in _DATA_SUFFIXES or _of_worker(path)) and path.is_file()
    }
    for path in [*python, *sorted(data)]:
        digest.update(path.relative_to(_ROOT).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:32]


@functools.cache
def package_versions(names: tuple[str, ...]) -> dict[str, str]:
    """Installed version by distribution name ("" when absent), and Python's."""
    versions = {"python": platform.python_version()}
    for name in names:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = ""
    return versions


def machine() -> dict[str, str]:
    """What the manifest records of the computer: across processors training may differ."""
    return {"system": sys.platform, "processor": platform.machine(), "model": _processor_model()}


def _processor_model() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    for line in text.splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return ""


class FileHashes:
    """SHA-256 of the user's files, remembered by size and time of change.

    `trust_times=False` (--verify) hashes every file anew.
    """

    def __init__(self, memory: Path, trust_times: bool = True) -> None:
        self._memory = memory
        self._known: dict[str, list[str | int]] = {}
        if trust_times and memory.is_file():
            try:
                self._known = json.loads(memory.read_text(encoding="utf-8"))
            except (OSError, ValueError):
                self._known = {}
        self._changed = False

    def of(self, path: Path) -> str:
        """The file's hash.

        Raises:
            FileError: the file is not there, or is none (a folder; a device, which may never end).
        """
        try:
            status = path.stat()
        except OSError as error:
            raise FileError(
                f"{path} is missing ({error.strerror}).",
                hint="`coincell data check` lists what is missing; import the recordings again.",
            ) from error
        if not stat.S_ISREG(status.st_mode):
            raise FileError(f"{path} is not a file.", hint="`coincell data check` lists more.")
        stamp: list[str | int] = [status.st_size, status.st_mtime_ns]
        known = self._known.get(str(path))
        if known is not None and known[:2] == stamp:
            return str(known[2])
        digest = sha256_file(path)
        self._known[str(path)] = [*stamp, digest]
        self._changed = True
        return digest

    def save(self) -> None:
        """Write the memory back, when anything was added."""
        if self._changed:
            write_atomic(self._memory, json.dumps(self._known))
