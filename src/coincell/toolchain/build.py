"""Builds that are kept by the content of what they were built from."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from coincell.errors import ToolchainError
from coincell.files import cache_directory, disk_error, locked
from coincell.toolchain.compilers import C_FLAGS, Compiler, find_host_compiler


def build_cached(
    kind: str, parts: Mapping[str, str | bytes], build: Callable[[Path], None]
) -> Path:
    """A folder that `build` filled, made once for equal `parts`.

    Args:
        kind: a word for the folder's name.
        parts: everything that the result depends on, by name: sources, flags, compiler identity.
        build: called with an empty folder to fill; an exception leaves no trace in the cache.

    Returns:
        The folder; treat it as read-only.
    """
    digest = hashlib.sha256()
    for name in sorted(parts):
        value = parts[name]
        data = value.encode() if isinstance(value, str) else value
        digest.update(f"{len(name)}:{name}:{len(data)}:".encode())
        digest.update(data)
    place = cache_directory() / "builds" / f"{kind}-{digest.hexdigest()[:32]}"
    if place.is_dir():
        return place
    with locked(place.with_suffix(".lock")):
        if place.is_dir():
            return place
        try:
            work = Path(tempfile.mkdtemp(dir=place.parent, prefix=f".{kind}-"))
        except OSError as error:
            raise disk_error(place, error) from error
        try:
            build(work)
            work.replace(place)
        except OSError as error:
            raise disk_error(place, error) from error
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return place


def build_shared_library(
    name: str,
    sources: Mapping[str, str],
    flags: Sequence[str] = ("-O2",),
    compiler: Compiler | None = None,
) -> Path:
    """Compile C for this computer into a shared library, cached by content.

    Args:
        name: the library's name, without prefix and suffix.
        sources: relative file name -> text, headers included; every *.c is compiled, and the
            root of the tree is on the include path.
        flags: optimisation and other flags beside the house's `C_FLAGS`.
        compiler: the host's compiler unless given.

    Returns:
        Path of the .so file.
    """
    chosen = compiler or find_host_compiler()
    parts: dict[str, str | bytes] = {f"file:{path}": text for path, text in sources.items()}
    parts["flags"] = " ".join((*C_FLAGS, *flags))
    parts["compiler"] = chosen.identity

    def build(folder: Path) -> None:
        for path, text in sources.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        units = sorted(path for path in sources if path.endswith(".c"))
        if not units:
            raise ToolchainError(f"Nothing to compile for {name!r}: no .c file was given.")
        chosen.run(
            [*C_FLAGS, *flags, "-fPIC", "-shared", "-I", ".", *units, "-o", f"lib{name}.so"],
            directory=folder,
        )

    return build_cached(name, parts, build) / f"lib{name}.so"
