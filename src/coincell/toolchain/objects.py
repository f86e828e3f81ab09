"""Units of C, each compiled by itself and kept by the content of all that it reads."""

from __future__ import annotations

import os
import posixpath
import re
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from coincell.toolchain.cache import build_cached
from coincell.toolchain.compilers import Compiler

_INCLUDE = re.compile(r"^[ \t]*#[ \t]*include\b[ \t]*(.*)$", re.MULTILINE)
_NAMED = re.compile(r'"([^"]+)"|<([^>]+)>')


def compile_units(
    units: Sequence[str],
    files: Mapping[str, str],
    compiler: Compiler,
    flags: Sequence[str],
    roots: Sequence[str] = (".",),
) -> list[Path]:
    """Compile each unit, several at once; those compiled before are taken from the cache.

    An object depends on nothing but its unit and the headers that this one includes, so that a
    library or an image with another model in it finds all of its kernels compiled.

    Args:
        units: paths in `files`.
        files: relative path -> text, headers included.
        compiler: for this computer or for a core.
        flags: all that the units are compiled with, beside "-c", "-I" and "-o".
        roots: folders of `files` that are on the include path, "." for the whole tree.

    Returns:
        The objects in the order of the units; treat them as read-only.

    Raises:
        ToolchainError: the compiler refused a unit, the first of them.
    """

    def compiled(unit: str) -> Path:
        return _object(unit, _read_by(unit, files, roots), compiler, flags, roots)

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return list(pool.map(compiled, units))


def _object(
    unit: str,
    files: Mapping[str, str],
    compiler: Compiler,
    flags: Sequence[str],
    roots: Sequence[str],
) -> Path:
    """The object of `unit`, which reads no others than `files`."""
    words = [*flags, *(word for root in roots for word in ("-I", root)), "-c", unit]
    parts: dict[str, str | bytes] = {f"file:{path}": text for path, text in files.items()}
    parts |= {"words": "\0".join(words), "compiler": compiler.identity}

    def build(folder: Path) -> None:
        tree = folder / "tree"
        for root in roots:
            (tree / root).mkdir(parents=True, exist_ok=True)
        write_files(tree, files)
        # Not one byte of the object may tell where it was compiled.
        compiler.run([*words, f"-ffile-prefix-map={tree}=.", "-o", "../unit.o"], directory=tree)
        shutil.rmtree(tree)

    return build_cached("object", parts, build) / "unit.o"


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write relative path -> text below `folder`."""
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def _read_by(unit: str, files: Mapping[str, str], roots: Sequence[str]) -> dict[str, str]:
    """`unit` and all of `files` that it may include, directly or through others.

    Conditions are passed over: what is included only sometimes counts as included. A file whose
    name a macro makes may be any.
    """
    found = {unit}
    waiting = [unit]
    while waiting:
        path = waiting.pop()
        for words in _INCLUDE.findall(files[path]):
            named = _NAMED.match(words)
            if named is None:
                return dict(files)
            name = named.group(1) or named.group(2)
            places = {posixpath.join(folder, name) for folder in (posixpath.dirname(path), *roots)}
            new = {posixpath.normpath(place) for place in places} & files.keys() - found
            found |= new
            waiting.extend(new)
    return {path: files[path] for path in found}
